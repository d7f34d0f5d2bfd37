"""What a backtest needs of a replay: lists and examples as they were judged, and the rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bytewax.outputs import StatefulSinkPartition

from decisions.outputs import Delivery, decode
from sinks.parts import PartedSink

_PARTS: Final = "evaluation-*.jsonl"


class EvaluationPartition(StatefulSinkPartition[Delivery | bytes, None]):
    """One partition, appended to a file of its own."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write_batch(self, values: list[Delivery | bytes]) -> None:
        """Keep the lines of these deliveries; what is for Redis is nobody's here."""
        for value in values:
            delivery = decode(value) if isinstance(value, bytes) else value
            for room in delivery.rooms:
                self._file.write(b'{"row":"room",' + room.body[1:] + b"\n")
            for line in delivery.evaluation:
                self._file.write(line + b"\n")

    def snapshot(self) -> None:
        """Nothing is kept: a backtest that was stopped starts over."""

    def close(self) -> None:
        """Write what is left."""
        self._file.close()


class EvaluationSink(PartedSink[Delivery | bytes, None]):
    """Deliveries of a backtest. Guarantee: each line once, in a run that comes to its end."""

    def __init__(self, folder: Path, parts: int) -> None:
        super().__init__(parts)
        self._folder = folder

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> EvaluationPartition:
        """A partition with an empty file."""
        return EvaluationPartition(self._folder / f"evaluation-{for_part}.jsonl")


def merge_evaluation(folder: Path, target: Path) -> None:
    """All partitions as one file, whose order depends on the lines alone; the parts go."""
    parts = sorted(folder.glob(_PARTS))
    lines = sorted(line for part in parts for line in part.read_bytes().splitlines())
    target.write_bytes(b"".join(line + b"\n" for line in lines))
    for part in parts:
        part.unlink()
