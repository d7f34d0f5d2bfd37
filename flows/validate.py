"""Whether logs can be replayed: what they hold, and every row that would be a dead letter."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from events.collect import Batch, Collector
from events.hashing import hashes64
from events.kinds import KINDS, Host, OnAir, Product, Room, User
from events.letters import REASONS, DeadLetter
from events.setting import setting
from events.stream import CollectSettings
from features.dedupe import Dedupe

_CATALOGUE = (Host, Room, Product, OnAir)
_CARRIERS = (Host, Room, Product, User)


@dataclasses.dataclass(frozen=True)
class ValidateSettings:
    """How much of what is wrong with a log is told one by one."""

    lines_max: int = setting(
        10_000, "lines", "So many faulty lines are named; those beyond are counted by reason."
    )
    examples_max: int = setting(
        3, "lines", "So many faulty lines of one sort are shown with detail and excerpt."
    )
    batch_rows: int = setting(5_000, "rows", "Rows looked at between two signs of progress.")


@dataclasses.dataclass
class Problem:
    """Faults of one sort: the same reason, kind and field. `places` are (log, line)."""

    reason: str
    kind: str | None
    field: str | None
    places: list[tuple[str, int]] = dataclasses.field(default_factory=list)
    examples: list[DeadLetter] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Report:
    """What was found. `counts` is by kind, `faults` by reason, `span_ms` first to last time.

    `repeated` are events of people whose id came before, which a replay counts once.
    """

    logs: list[str]
    counts: dict[str, int]
    faults: dict[str, int]
    problems: list[Problem]
    span_ms: tuple[int, int] | None
    fields_missing: list[str]
    repeated: int = 0

    @property
    def exit_code(self) -> int:
        """1 if any row would be a dead letter, else 0."""
        return 1 if self.faults else 0

    def render(self) -> str:
        """The report as lines of plain text."""
        events = sum(self.counts.values())
        faulty = sum(self.faults.values())
        lines = [f"{' '.join(self.logs)}: {events:,} events, {faulty:,} dead letters"]
        if self.span_ms is not None:
            first, last = map(_utc, self.span_ms)
            lines.append(f"from {first} to {last}")
        lines += [f"  {kind:<16}{count:>14,}" for kind, count in self.counts.items()]
        if self.repeated:
            lines.append(f"repeated: {self.repeated:,} events bear an id that came shortly before")
        for problem in self.problems:
            lines += _problem(problem, several=len(self.logs) > 1)
        named: Counter[str] = Counter()
        for problem in self.problems:
            named[problem.reason] += len(problem.places)
        for reason, count in self.faults.items():
            if count > named[reason]:
                lines.append(f"{reason}: {count - named[reason]:,} more, not named line by line")
        for name in self.fields_missing:
            lines.append(f"settings name the attribute `{name}`, and no event carries it")
        lines.append("bad: some rows would be dead letters" if faulty else "good")
        return "\n".join(lines) + "\n"


def validate_log(
    paths: Sequence[str],
    named_fields: Sequence[str] = (),
    settings: ValidateSettings | None = None,
    collect: CollectSettings | None = None,
    told: Callable[[float, int], None] = lambda share, events: None,
    dedupe_s: int = 0,
) -> Report:
    """Read the logs whole, merged as a replay would merge them, and report what is in them.

    `named_fields` are the names of attributes that settings make use of. An id that comes again
    within `dedupe_s` of the log's clock is repeated, as a replay has it. `told` hears the share
    that is read, 0 to 1, and the events so far. Raises `LogError` if a log cannot be opened; one
    that is damaged further on is reported as a dead letter.
    """
    limits = settings or ValidateSettings()
    collector = Collector(paths, collect)
    kinds: Counter[type] = Counter()
    faults: Counter[str] = Counter()
    problems: dict[tuple[str, str | None, str | None], Problem] = {}
    missing = set(named_fields)
    times: list[int] = []
    seen = Dedupe(dedupe_s)
    named = repeated = 0
    done = False
    while not done:
        batch = collector.next(limits.batch_rows)
        done = batch.done
        kinds.update(map(type, batch.events))
        repeated += _repeated(seen, batch)
        told(batch.progress, kinds.total())
        if batch.events:
            of_batch = [event.event_time_ms for event in batch.events]
            times = [min(times + of_batch), max(times + of_batch)]
        if missing:
            for event in batch.events:
                if isinstance(event, _CARRIERS) and event.attributes:
                    missing.difference_update(event.attributes)
        for letter in batch.letters:
            faults[letter.reason] += 1
            if named < limits.lines_max:
                named += 1
                sort = (letter.reason, letter.kind, letter.field)
                _add(problems.setdefault(sort, Problem(*sort)), letter, limits.examples_max)
    collector.close()
    return Report(
        logs=list(paths),
        counts={kind: kinds[cls] for kind, cls in KINDS.items() if kinds[cls]},
        faults={reason: faults[reason] for reason in REASONS if faults[reason]},
        problems=list(problems.values()),
        span_ms=(times[0], times[1]) if times else None,
        fields_missing=[name for name in dict.fromkeys(named_fields) if name in missing],
        repeated=repeated,
    )


def _repeated(seen: Dedupe, batch: Batch) -> int:
    """How many events of people bear an id that was seen; the catalogue may say a thing twice."""
    keys = hashes64([event.event_id for event in batch.events])
    count = 0
    for event, clock_ms, key in zip(batch.events, batch.clocks, keys, strict=True):
        if not isinstance(event, _CATALOGUE):
            count += not seen.is_new(key, clock_ms // 1000)
    if batch.clocks:
        seen.sweep(batch.clocks[-1] // 1000)
    return count


def _add(problem: Problem, letter: DeadLetter, examples_max: int) -> None:
    assert letter.line is not None
    problem.places.append((letter.source, letter.line))
    if len(problem.examples) < examples_max:
        problem.examples.append(letter)


def _problem(problem: Problem, several: bool) -> list[str]:
    where = ".".join(name for name in (problem.kind, problem.field) if name)
    title = f"{problem.reason} {where}".rstrip()
    lines = [f"{title}: {len(problem.places):,} ({REASONS[problem.reason]})"]
    for letter in problem.examples:
        shown = f"  [{letter.excerpt}]" if letter.excerpt else ""
        lines.append(f"  {letter.source}:{letter.line}: {letter.detail}{shown}")
    rest = problem.places[len(problem.examples) :]
    if rest:
        names = [f"{log}:{line}" if several else str(line) for log, line in rest]
        lines.append(f"  also line{'s' if len(rest) > 1 else ''} {', '.join(names)}")
    return lines


def _utc(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
