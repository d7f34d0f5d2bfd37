"""What the page of benchmarks shows as pictures, drawn from its rows.

The soak draws its own: it has more to show than its rows say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import latency, soak, windows
from bench.plot import Bar, write_bars
from bench.report import Row

OURS, OTHERS = 0, 1


@dataclass(frozen=True)
class Picture:
    """A file for one section: bars of those rows that are told by the beginning of their name."""

    section: str
    file: str
    label: str
    unit: str
    ours: tuple[str, ...]
    others: tuple[str, ...]

    def bars(self, rows: Sequence[Row]) -> Iterator[Bar]:
        """A bar for each row that was measured, in the rows' order."""
        for row in rows:
            if (row.section, row.unit) != (self.section, self.unit) or row.value is None:
                continue
            if row.what.startswith((*self.ours, *self.others)):
                tone = OURS if row.what.startswith(self.ours) else OTHERS
                yield Bar(row.what.replace("`", ""), row.value.median, tone)


PICTURES = (
    Picture(
        windows.SECTION,
        "windows.svg",
        "Windowed tag weights from Kafka into Redis, events a CPU second",
        "events a CPU second",
        ("liveloom",),
        ("Bytewax", "Quix Streams", "Pathway"),
    ),
    Picture(
        latency.SECTION,
        "latency.svg",
        "From an event to what Redis shows, and to a bare consumer, ms",
        "ms",
        ("tags",),
        ("bare",),
    ),
)


def draw(folder: Path, rows: Sequence[Row]) -> dict[str, str]:
    """Draw into the folder; for each section with a picture what stands for it on the page."""
    made = {}
    for one in PICTURES:
        bars = list(one.bars(rows))
        if bars:
            write_bars(folder / one.file, bars, one.label)
            made[one.section] = f"![{one.label}]({one.file})"
    if (folder / soak.PLOT).exists():
        made[soak.SECTION] = f"![Resident memory over the minutes of a soak, MB]({soak.PLOT})"
    return made
