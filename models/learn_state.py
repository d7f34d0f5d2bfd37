"""The stored layout of LEARN."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from events.envelope import seal, unseal
from events.errors import StateError
from features.example import Example
from models.factor_learner import FactorLearnerState
from models.history import HistoryState
from models.judge import JudgeState
from models.learner import LearnerState


class StoredLearn(msgspec.Struct, array_like=True):
    """All that is learnt, and what it is judged by."""

    names: list[str]
    models: list[str]
    closed_s: int | None
    late: int
    refused: int
    open: list[Example]
    learners: list[LearnerState]
    versions: list[int]
    history: HistoryState
    judge: JudgeState
    factors: FactorLearnerState | None = None


_KIND = b"LLLN"
_VERSION = 4
_OLDEST = 2
"""There were no factors; examples of 3 knew nothing of long stays."""


def pack_state(state: StoredLearn) -> bytes:
    """The state as versioned bytes."""
    return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))


def unpack_state(packed: bytes) -> StoredLearn:
    """The state of `pack_state`; StateError if it is unreadable."""
    return msgspec.msgpack.decode(unseal(_KIND, _VERSION, packed, oldest=_OLDEST), type=StoredLearn)


def must_agree(what: str, stored: Sequence[str], wanted: Sequence[str]) -> None:
    """Raises `StateError` where the stored names of something are not those of the settings."""
    if list(stored) != list(wanted):
        differing = sorted(set(stored) ^ set(wanted))
        raise StateError(
            f"the stored state of learning has other {what} than the settings "
            f"({', '.join(differing) or 'another order'}): set them back, "
            "or start from an empty recovery folder"
        )
