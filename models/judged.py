"""Served predictions beside the labels that came, one line each, for a backtest to evaluate."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from features.example import Example
from models.scorer import Vector


class Judged(msgspec.Struct, tag_field="row", tag="example"):
    """A labelled impression and the logits served for it: one a model, the utility last.

    Labels, weight and `sampled` are those of `features.example.Example`.
    """

    due_ms: int
    user_id: str
    event_id: str
    shown_ms: int
    request_id: str
    engaged: int
    left: int
    ordered: int
    weight: float
    sampled: bool
    logits: list[float]
    watched: int = -1


_encode = msgspec.json.Encoder().encode


def judged_lines(batch: Sequence[Example], scores: Vector) -> list[bytes]:
    """Examples with their scores, shape (models + 1, examples), as lines."""
    return [
        _encode(
            Judged(
                example.due_ms,
                example.user_id,
                example.event_id,
                example.shown_ms,
                example.request_id,
                example.engaged,
                example.left,
                example.ordered,
                example.weight,
                example.sampled,
                logits,
                example.watched,
            )
        )
        for example, logits in zip(batch, scores.T.tolist(), strict=True)
    ]
