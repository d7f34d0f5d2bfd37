"""The rows of KuaiRand (https://kuairand.com) in the order of time."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """An impression and what came of it; only the first four are known when it is shown."""

    user: str
    item: str
    time_s: float
    duration_s: float  # 0: not known
    long_view: bool
    clicked: bool
    liked: bool  # else hated: every row has the one or the other

    @property
    def positive(self) -> bool:
        """Whether a next item is asked for here."""
        return self.long_view or self.liked


def read(path: Path) -> list[Row]:
    """All rows by time, ties in the order of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [
            Row(
                row["user_id"],
                row["video_id"],
                int(row["time_ms"]) / 1000.0,
                int(row["duration_ms"]) / 1000.0,
                row["long_view"] == "1",
                row["is_click"] == "1",
                row["label"] == "1",
            )
            for row in csv.DictReader(lines, delimiter="\t")
        ]
    return sorted(rows, key=lambda row: row.time_s)
