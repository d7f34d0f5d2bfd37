from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from flows import cli
from flows.described import describe
from flows.settings import Settings
from sinks.embedded import EmbeddedRedis
from tests.started import Started

ROOT = Path(__file__).parents[2]


class Ran:
    """A command's exit code and what it wrote."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*argv: object) -> Ran:
        capsys.readouterr()
        code = cli.main([str(one) for one in argv])
        return Ran(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    assert cli.main(["simulate", "--out", str(path), "--events", "3000", "--seed", "1"]) == 0
    return path


@pytest.fixture(scope="module")
def replayed(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A Redis into which the log was replayed, and what the replay left."""
    out = tmp_path_factory.mktemp("replayed")
    with EmbeddedRedis(out / "redis") as url:
        assert cli.main(["replay", str(log), "--out", str(out), "--redis", url]) == 0
        yield url, out


def figures(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = orjson.loads((folder / "metrics.json").read_bytes())
    return made


def without_speed(folder: Path) -> dict[str, Any]:
    made = figures(folder)
    by_run = ("events_per_second", "seconds", "processes", "writes", "delivery")
    return {name: value for name, value in made.items() if name not in by_run}


# The command line itself.


def test_help_names_every_command_and_loads_nothing_heavy():
    code = "import sys, flows.cli\ncode = flows.cli.main(['--help'])\n"
    code += "print([m for m in ('numpy', 'bytewax', 'redis', 'rich') if m in sys.modules], code)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.endswith("[] 0\n")
    for name in ("demo", "simulate", "convert", "validate", "replay", "settings", "status", "show"):
        assert f"\n    {name} " in done.stdout


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("nothing",),
        ("replay", "log.jsonl"),
        ("replay", "log.jsonl", "--out", "o", "--processes", "0"),
        ("simulate", "--out", "x.jsonl", "--events", "-3", "--seed", "1"),
        ("simulate", "--out", "x.jsonl", "--events", "3", "--seed", "1", "--preset", "none"),
        ("convert", "nothing", "x.jsonl", "--out", "y.jsonl"),
        ("show", "user", "--redis", "redis://localhost"),
        ("show", "user", "u1"),
        ("backtest", "log.jsonl", "--policy", "p.toml", "--out", "o", "--seed", "-1"),
        ("ab", "--policy", "p.toml", "--out", "o", "--seed", "-1"),
    ],
)
def test_usage_is_2(run: Run, argv: tuple[str, ...]):
    ran = run(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("replay", "gone.jsonl", "--out", "o"), "gone.jsonl: No such file or directory"),
        (("validate", "gone.jsonl"), "gone.jsonl: No such file or directory"),
        (("convert", "ranklens", "gone.jsonl", "--out", "o/x.jsonl"), "gone.jsonl: No such file"),
        (("settings", "--file", "gone.toml"), "gone.toml cannot be read"),
        (("status", "--redis", "http://x"), "opens with redis://"),
        (("status", "--redis", "unix:///nowhere/redis.sock"), "unix:///nowhere/redis.sock: "),
        (("show", "push", "--redis", "redis://u:secret@127.0.0.1:1"), "redis://***@127.0.0.1:1"),
        (("simulate", "--out", "/proc/x.jsonl", "--events", "3", "--seed", "1"), "/proc/x.jsonl"),
    ],
)
def test_bad_input_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], line: str
):
    monkeypatch.chdir(tmp_path)
    ran = run(*argv)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("liveloom: ")
    assert ran.err.count("\n") == 1
    assert line in ran.err
    assert "secret" not in ran.err


def test_a_failure_of_the_program_is_logged_with_its_trace(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*args: object) -> None:
        raise LookupError("no such thing")

    monkeypatch.setattr("flows.described.describe", broken)
    ran = run("settings")
    assert ran.code == 1
    assert ran.err.endswith("failed: LookupError: no such thing (the trace stands above)\n")
    assert caplog.records[0].exc_info is not None


# simulate, convert, validate, settings.


def test_simulate_gives_the_same_bytes_for_the_same_seed(run: Run, tmp_path: Path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        path = tmp_path / f"{name}.jsonl.gz"
        ran = run("simulate", "--out", path, "--events", 500, "--seed", seed)
        assert ran.code == 0
        assert "500 lines" in ran.out
    a, b, c = ((tmp_path / f"{name}.jsonl.gz").read_bytes() for name in "abc")
    assert a == b != c
    assert len(gzip.decompress(a).splitlines()) == 500


def test_convert_writes_a_log_that_validates(run: Run, tmp_path: Path):
    source, log = tmp_path / "source.jsonl", tmp_path / "new" / "log.jsonl"
    film = {"event": "item", "id": "e1", "item": "3", "timestamp": "1636993834000"}
    source.write_bytes(orjson.dumps({**film, "fields": []}) + b"\n")
    ran = run("convert", "ranklens", source, "--out", log)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{log}: read 1 rows")
    assert run("validate", log).code == 0
    source.write_bytes(b"nothing\n")
    ran = run("convert", "ranklens", source, "--out", log)
    assert (ran.code, ran.out) == (1, "")
    assert f"{source}:1: " in ran.err
    assert run("validate", log).code == 0, "the older log stays"


def test_validate_is_1_where_a_row_would_be_a_dead_letter(run: Run, log: Path, tmp_path: Path):
    good = tmp_path / "good.jsonl"
    room = {"event_id": "e1", "kind": "search", "event_time_ms": 1_750_000_000_000}
    good.write_bytes(orjson.dumps({**room, "user_id": "u1", "query": "tea"}) + b"\n")
    ran = run("validate", good)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "good")
    good.write_bytes(good.read_bytes() + b'{"event_id": "e2", "kind"')
    ran = run("validate", good)
    assert ran.code == 1
    assert f"{good}:2: " in ran.out
    assert run("validate", log).code == 1, "the simulated one has broken lines on purpose"


def test_validate_counts_the_repeated_as_a_replay_does(
    run: Run, log: Path, replayed: tuple[str, Path], tmp_path: Path
):
    repeated = figures(replayed[1])["duplicates"]
    assert repeated > 0
    assert f"repeated: {repeated:,} events bear an id" in run("validate", log).out


def test_validate_names_attributes_that_settings_ask_for_and_nobody_has(
    run: Run, log: Path, tmp_path: Path
):
    chosen = tmp_path / "own.toml"
    chosen.write_text("[segments.attributes]\nlanguage = 0\nshoe_size = 1\n")
    told = run("validate", log, "--settings", chosen).out
    assert "settings name the attribute `shoe_size`, and no event carries it" in told
    assert "`language`" not in told


def test_a_prior_that_fits_no_feature_is_refused(run: Run, tmp_path: Path):
    (tmp_path / "own.toml").write_text("[learn]\norder_prior = { rom_heat = 1.0 }\n")
    ran = run("settings", "--file", tmp_path / "own.toml")
    assert (ran.code, ran.out) == (1, "")
    assert "rom_heat" in ran.err


def test_settings_shows_each_with_unit_and_marks_the_changed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plain, markdown = run("settings").out, run("settings", "--markdown").out
    for entry in describe(Settings()):
        assert f"  {entry.name} = " in plain
        assert f"| `{entry.name}` | " in markdown
        assert entry.why in plain
    assert "\n* " not in plain
    (tmp_path / "own.toml").write_text("[flow]\nshards = 6\n")
    monkeypatch.setenv("LIVELOOM_PUSH_DAY_MAX", "3")
    changed = run("settings", "--file", tmp_path / "own.toml").out
    marked = [line.split(" = ")[0] for line in changed.splitlines() if line.startswith("*")]
    assert marked == ["* shards", "* day_max"]
    (tmp_path / "own.toml").write_text("[flow]\nshard = 6\n")
    ran = run("settings", "--settings", tmp_path / "own.toml")
    assert ran.code == 1
    assert "no setting flow.shard; there are " in ran.err


# replay.


def test_replay_leaves_figures_and_says_them(run: Run, log: Path, tmp_path: Path):
    ran = run("replay", log, "--out", tmp_path, "--last", 20)
    assert ran.code == 0
    made = figures(tmp_path)
    assert made["events"] + made["dead_letters"] == 3000
    assert made["ranking"]["last"]["lists"] == 20
    assert made["events_per_second"] > 0
    *_, last = ran.out.splitlines()
    assert last.startswith(f"{made['dead_letters']} event")
    for reason, count in made["dead_letters_by_reason"].items():
        assert f"{count} {reason} (" in last
    letters = (tmp_path / "dead_letters.jsonl").read_bytes().splitlines()
    assert len(letters) == made["dead_letters"]
    assert (tmp_path / "decisions.jsonl").stat().st_size
    assert not list(tmp_path.glob("*.log"))


def test_two_processes_decide_as_one(
    run: Run, log: Path, replayed: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _, one = replayed
    monkeypatch.setenv("LIVELOOM_FLOW_CHUNK_ROWS", "200")
    monkeypatch.setenv("LIVELOOM_FLOW_AHEAD_ROWS_MAX", "500")
    ran = run("replay", log, "--out", tmp_path, "--processes", 2)
    assert ran.code == 0, ran.err
    assert without_speed(tmp_path) == without_speed(one)
    decisions = (tmp_path / "decisions.jsonl").read_bytes()
    assert decisions == (one / "decisions.jsonl").read_bytes()
    assert not (tmp_path / "replay.json").exists(), "it may hold a password"


def test_two_processes_decide_as_one_with_neighbours_segments_and_attributes_of_hosts(
    run: Run, log: Path, tmp_path: Path
):
    chosen = tmp_path / "chosen.toml"
    chosen.write_text(
        "[neighbours]\non = true\nusers = true\npublish_s = 5\nstrength_min = 0.2\n"
        "[learn]\nengagement_prior = { neighbour_match = 3.0, neighbour_users = 3.0 }\n"
        "[segments]\nattributes = { language = 0, price_level = 0.5 }\npublish_s = 5\n"
        "[catalogue]\nhost_attributes = true\n"
    )
    for processes in (1, 2):
        out = tmp_path / f"{processes}"
        ran = run("replay", log, "--settings", chosen, "--out", out, "--processes", processes)
        assert ran.code == 0, ran.err
    one, two = tmp_path / "1", tmp_path / "2"
    assert without_speed(two) == without_speed(one)
    assert figures(one)["neighbours"]["engagements"] > 100
    assert (two / "decisions.jsonl").read_bytes() == (one / "decisions.jsonl").read_bytes()
    assert figures(one)["segments"]["segments"] == 4
    for reason in (b"similar_audience", b"alike_users", b"popular_in_segment"):
        assert reason in (one / "decisions.jsonl").read_bytes()


def test_two_processes_decide_as_one_with_factors(
    run: Run, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, value in (("ON", "yes"), ("PUBLISH_S", "5"), ("PRIOR", "5.0")):
        monkeypatch.setenv(f"LIVELOOM_FACTORS_{name}", value)
    for processes in (1, 2):
        out = tmp_path / f"{processes}"
        ran = run("replay", log, "--out", out, "--processes", processes)
        assert ran.code == 0, ran.err
    one, two = tmp_path / "1", tmp_path / "2"
    assert without_speed(two) == without_speed(one)
    assert figures(one)["learning"]["factor_examples"] > 100
    assert (two / "decisions.jsonl").read_bytes() == (one / "decisions.jsonl").read_bytes()
    assert b"learnt_taste" in (one / "decisions.jsonl").read_bytes()


@pytest.mark.parametrize("processes", [1, 2])
def test_what_raises_in_the_flow_ends_the_run_with_its_trace(
    run: Run,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    processes: int,
):
    """A folder where a file should be written: neither bad input nor to be waited for."""
    (tmp_path / "out" / "metrics-parts.json").mkdir(parents=True)
    monkeypatch.setattr("flows.replay.PARTS", "other")
    ran = run("replay", log, "--out", tmp_path / "out", "--processes", processes)
    assert ran.code == 1
    assert "metrics-parts.json" in ran.err
    assert ran.err.splitlines()[-1].startswith("liveloom: ")
    assert not (tmp_path / "out" / "metrics.json").exists()


def test_a_recovery_folder_is_for_one_sort_of_run(run: Run, log: Path, tmp_path: Path):
    options = ("--out", tmp_path / "out", "--recovery", tmp_path / "state")
    assert run("replay", log, *options).code == 0
    before = without_speed(tmp_path / "out")
    again = run("replay", log, *options)
    assert again.code == 0
    assert without_speed(tmp_path / "out") == before, "there was nothing left to do"
    other = tmp_path / "other.jsonl"
    other.write_bytes(log.read_bytes())
    ran = run("replay", other, *options)
    assert ran.code == 1
    assert "was made with logs ['log.jsonl'], not ['other.jsonl']" in ran.err
    assert without_speed(tmp_path / "out") == before, "a refused run touches nothing"


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_stopped_replay_goes_on_where_it_was(
    run: Run,
    replayed: tuple[str, Path],
    log: Path,
    tmp_path: Path,
    processes: int,
    number: signal.Signals,
):
    out, state = tmp_path / "out", tmp_path / "state"
    argv = ["replay", log, "--out", out, "--recovery", state, "--processes", processes]
    # A round a row takes long enough to be stopped in the middle.
    slowly = {"LIVELOOM_FLOW_CHUNK_ROWS": "1", "LIVELOOM_FLOW_EPOCH_S": "0.2"}
    with Started(tmp_path / "words", *argv, environment=slowly) as process:
        process.until(lambda: list(out.glob("runs/*.run")))
        code, err = process.end(number)
    if number is not signal.SIGKILL:
        assert code == 0, err
        assert err.endswith(
            f"liveloom: stopped; the same command with --recovery {state} goes on\n"
        )
    assert not (out / "metrics.json").exists()
    ran = run(*argv)
    assert ran.code == 0, ran.err
    assert without_speed(out) == without_speed(replayed[1])
    assert (out / "decisions.jsonl").read_bytes() == (replayed[1] / "decisions.jsonl").read_bytes()


def test_a_stop_without_recovery_says_so(log: Path, tmp_path: Path):
    argv = ["replay", log, "--out", tmp_path]
    slowly = {"LIVELOOM_FLOW_CHUNK_ROWS": "1"}
    with Started(tmp_path / "words", *argv, environment=slowly) as process:
        process.until((tmp_path / "process-0.log").exists)
        code, err = process.end()
    assert code == 0, err
    assert "without --recovery the next run starts over" in err


def test_a_process_that_is_killed_ends_all_and_is_named(log: Path, tmp_path: Path):
    argv = ["replay", log, "--out", tmp_path, "--processes", 2]
    slowly = {"LIVELOOM_FLOW_CHUNK_ROWS": "1"}
    with Started(tmp_path / "words", *argv, environment=slowly) as process:
        killed = process.workers(2)[1]
        family = psutil.Process(process.process.pid).children(recursive=True)
        killed.kill()
        code, err = process.wait()
    assert code == 1
    assert "liveloom: process 1 was ended by SIGKILL" in err.splitlines()[-1]
    assert not any(one.is_running() for one in family)


# status, show.


def test_status_and_show_say_what_redis_holds(run: Run, replayed: tuple[str, Path]):
    url, out = replayed
    status = run("status", "--redis", url)
    assert status.code == 0
    for part in ("replay", f"{figures(out)['events']:,}", "engagement", "2025-06-18"):
        assert part in status.out
    check = run("status", "--redis", url, "--check")
    assert (check.code, check.out) == (0, "ok\n")
    slates = [orjson.loads(line) for line in (out / "decisions.jsonl").read_bytes().splitlines()]
    slate = next(line for line in reversed(slates) if line["type"] == "slate")
    user, first = slate["user_id"], slate["value"]["items"][0]["room_id"]
    english = run("show", "user", user, "--redis", url)
    chinese = run("show", "user", user, "--redis", url, "--lang", "zh")
    assert english.code == chinese.code == 0
    assert first in english.out
    assert english.out != chinese.out
    for part in ("Tag weights", "10m", "List", "Last push decisions"):
        assert part in english.out
    room = run("show", "room", first, "--redis", url)
    assert room.code == 0
    assert "title" in room.out
    assert run("show", "push", "--redis", url).code == 0
    model = run("show", "model", "engagement", "--redis", url)
    assert model.code == 0
    assert "calibration error" in model.out


@pytest.mark.parametrize("what", ["user", "room", "model"])
def test_show_says_what_is_not_there(run: Run, replayed: tuple[str, Path], what: str):
    ran = run("show", what, "nobody", "--redis", replayed[0])
    assert (ran.code, ran.out) == (1, "")
    assert f"no {what} 'nobody' in Redis" in ran.err


def test_status_of_an_empty_redis_is_1(run: Run, tmp_path: Path):
    with EmbeddedRedis(tmp_path) as url:
        ran = run("status", "--redis", url)
    assert (ran.code, ran.out) == (1, "")
    assert "ll:health" in ran.err


def test_show_push_lists_the_streams(run: Run, tmp_path: Path):
    from decisions.outputs import Push
    from sinks.connect import connect
    from sinks.redis_sink import RedisWriter

    push = {"push_id": "p1", "user_id": "u1", "room_id": "r1", "channel": "push", "score": 0.5}
    push |= {"not_before_ms": 1_750_000_000_000, "reasons": [["followed_host_live", ["小美"]]]}
    with EmbeddedRedis(tmp_path) as url:
        assert "no pushes" in run("show", "push", "--redis", url).out
        writer = RedisWriter(connect(url, Settings().redis), Settings().redis)
        writer.push([Push("p1", "u1", 1_750_000_000_000, orjson.dumps(push))])
        writer.close()
        shown = run("show", "push", "--redis", url).out
    assert "小美, whom you follow, is live" in shown
    assert "u1" in shown
