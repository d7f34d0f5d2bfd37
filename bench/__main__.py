"""All measurements in one go: `python -m bench` writes docs/benchmarks.md and .json.

With `--only` it measures what is named and prints it, and leaves the report alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.environment import environment
from bench.epoch_stall import stall_rows
from bench.latency import live_rows
from bench.liveloom import simulate_command
from bench.measure import RunError, run, shown
from bench.per_user import growth_rows, left_rows, tags_rows
from bench.pictures import draw
from bench.processes import processes_rows
from bench.reader_latency import latency_rows
from bench.real_log import kuairand_rows, ranklens_rows
from bench.redis_server import redis_server
from bench.report import Row, added, markdown, write_report
from bench.responses import response_rows
from bench.resume import resume_rows
from bench.side_by_side import TASKS, Logs, SideBySide
from bench.soak import soak_rows
from bench.windows import windows_rows

SEED = 1
LIVE = ("latency", "stall", "soak")
"""Needs a broker, takes minutes, and is measured only when it is named."""

BESIDES = ("responses", "reader", "memory", "windows", "processes", "resume")
"""What is measured beside the tasks; the last three need a broker too."""


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="of the simulated logs")
    parser.add_argument("--stock-events", type=int, default=20_000, help="for the stock way")
    parser.add_argument(
        "--stock-skip",
        type=int,
        default=50_000,
        help="users' events before them: a simulated world takes a minute to fill",
    )
    parser.add_argument("--users", type=int, default=60_000, help="for memory a user")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reader-seconds", type=float, default=15.0, help="of reading, at most")
    parser.add_argument("--quick", action="store_true", help="one round of a tenth of the events")
    parser.add_argument("--log", type=Path, help="use this log, do not simulate one")
    parser.add_argument("--dense-log", type=Path, help="the same for the dense one")
    parser.add_argument("--ranklens", type=Path, help="RankLens events.jsonl.gz, to rank it too")
    parser.add_argument("--kuairand", type=Path, help="KuaiRand's interactions.tsv.gz, likewise")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=(*TASKS, *BESIDES, *LIVE),
        default=(),
    )
    parser.add_argument(
        "--live-users",
        type=int,
        nargs="+",
        default=[50_000, 200_000, 1_000_000],
        help="in the state of a live run: the first for latency, all for stalls",
    )
    parser.add_argument("--live-active", type=int, default=50_000, help="of them act")
    parser.add_argument("--live-rate", type=int, default=2_000, help="events/s, for stalls")
    parser.add_argument("--live-seconds", type=int, default=60, help="for each live figure")
    parser.add_argument("--window-events", type=int, default=150_000, help="of each engine")
    parser.add_argument("--window-users", type=int, default=20_000, help="whose they are")
    parser.add_argument("--process-events", type=int, default=300_000, help="for 1 and 2")
    parser.add_argument(
        "--resume-users", type=int, nargs="+", default=[50_000, 200_000], help="in the state"
    )
    parser.add_argument("--soak", action="store_true", help="soak too: ten minutes more")
    parser.add_argument(
        "--soaking",
        type=int,
        nargs=3,
        metavar=("USERS", "RATE", "SECONDS"),
        default=[300, 300, 600],
        help="how: users who act, events/s, and for how long",
    )
    parser.add_argument(
        "--add", action="store_true", help="to the page in --out, in place of the same sections"
    )
    parser.add_argument("--out", type=Path, default=Path("docs"))
    args = parser.parse_args(argv)
    if args.quick:
        args.events //= 10
        args.stock_events //= 4
        args.stock_skip = min(args.stock_skip, args.events // 2)
        args.users //= 4
        args.process_events //= 4
        args.window_events, args.window_users = args.window_events // 5, args.window_users // 5
        args.rounds = 1
    return args


def _log(given: Path | None, folder: Path, name: str, preset: str, events: int) -> Path:
    if given is not None:
        return given
    log = folder / name
    run(simulate_command(log, events, preset, SEED))
    return log


def measure(args: argparse.Namespace, console: Console) -> tuple[list[Row], dict[str, str]]:
    """Every row that was asked for, and what it was measured on."""
    chosen = args.only or (*TASKS, *BESIDES, *(["soak"] if args.soak else []))
    tasks = [name for name in TASKS if name in chosen]
    columns = (
        *(TextColumn("{task.description}"), BarColumn()),
        *(MofNCompleteColumn(), TimeElapsedColumn()),
    )
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="liveloom-bench-") as folder,
        redis_server() as server,
        Progress(*columns, console=console) as progress,
    ):
        steps = (2 if tasks else 0) + len(tasks) * args.rounds
        steps += (args.ranklens is not None) + (args.kuairand is not None)
        steps += sum(name in chosen for name in BESIDES)
        bar = progress.add_task("logs", total=steps)

        def advance(what: str) -> None:
            progress.update(bar, advance=1, description=what)

        scratch = Path(folder)
        if tasks or {"reader", "responses", "processes"} & set(chosen):
            normal = _log(args.log, scratch, "bench.jsonl", "bench", args.events)
        if tasks:
            advance("normal log")
            dense = normal
            if "dense" in tasks:
                dense = _log(args.dense_log, scratch, "dense.jsonl", "bench_dense", args.events)
            advance("dense log")
            beside = SideBySide(Logs(normal, dense), server.url, args.stock_skip, args.stock_events)
            rows += beside.rows(beside.measure(args.rounds, tasks, advance))
            rows += left_rows(server.url, shown(beside.commands[tasks[-1]]))
        if args.ranklens is not None:
            rows += ranklens_rows(args.ranklens, server.url, scratch)
            advance("real log")
        if args.kuairand is not None:
            rows += kuairand_rows(args.kuairand)
            advance("real log, row by row")
        if "responses" in chosen:
            rows += response_rows(normal, server.url)
            advance("responses")
        if "reader" in chosen:
            rows += latency_rows(normal, server.url, args.rounds, args.reader_seconds)
            advance("reader")
        if "memory" in chosen:
            rows += growth_rows(args.users, args.rounds)
            rows += tags_rows(server.url)
            advance("memory")
        if "windows" in chosen:
            rows += windows_rows(server.url, args.window_events, args.window_users, 1)
            advance("windows")
        if "processes" in chosen:
            rows += processes_rows(normal, server.url, args.process_events, min(args.rounds, 2))
            advance("processes")
        live = scratch / "live"
        live.mkdir()
        seconds, active = args.live_seconds, args.live_active
        if "resume" in chosen:
            rows += resume_rows(server.url, live, args.resume_users)
            advance("resume")
        if "soak" in chosen:
            rows += soak_rows(server.url, live, args.out, *args.soaking)
        if "latency" in chosen:
            users = args.live_users[0]
            rows += live_rows(server.url, live, users, min(users, active), seconds)
        if "stall" in chosen:
            rows += stall_rows(server.url, live, args.live_users, active, args.live_rate, seconds)
        return rows, environment(server.version)


def main(argv: list[str] | None = None) -> int:
    """Measure, report, and say where; exit code 1 when a run failed."""
    args = _arguments(argv)
    console = Console(stderr=True)
    try:
        rows, conditions = measure(args, console)
    except RunError as error:
        console.print(f"bench: {error}", style="red", markup=False)
        return 1
    normal = simulate_command(Path("bench.jsonl"), args.events, "bench", SEED)
    dense = simulate_command(Path("dense.jsonl"), args.events, "bench_dense", SEED)
    acts = f"{args.stock_events:,} acts of users after the first {args.stock_skip:,} of the log"
    settings = {
        "log": args.log.name if args.log else f"`{shown(normal)}`",
        "dense log": args.dense_log.name if args.dense_log else f"`{shown(dense)}`",
        "stock way": acts,
        "this page": f"`{shown(['python', '-m', 'bench', *(argv or sys.argv[1:])])}`",
    }
    if args.add:
        try:
            rows, settings = added(args.out, rows, settings["this page"], conditions)
        except RunError as error:
            console.print(f"bench: {error}", style="red", markup=False)
            print(markdown(rows, settings, conditions, {}))
            return 1
    elif args.only:
        print(markdown(rows, settings, conditions, {}))
        return 0
    args.out.mkdir(parents=True, exist_ok=True)
    write_report(args.out, rows, settings, conditions, draw(args.out, rows))
    console.print(f"written: {args.out}/benchmarks.md and benchmarks.json", markup=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
