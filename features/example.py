"""An example is what was known when an item was shown, with the label that feedback gave it."""

from __future__ import annotations

import msgspec


class Example(msgspec.Struct, array_like=True, gc=False):
    """One labelled impression, learnt from once.

    Examples of one clicked list share `due_ms` and `request_id` and come together, in position
    order. A label of -1 does not apply: `left` and `watched` need an entry, `ordered` a click or
    an entry.
    """

    due_ms: int  # when the label became known, event time
    user_id: str
    event_id: str  # of the impression
    shown_ms: int  # impression time
    request_id: str
    room_id: str
    position: int
    engaged: int  # 1 yes, 0 no
    left: int  # quick leave: 1, 0, or -1 not applicable (never entered)
    ordered: int  # 1, 0, or -1 not applicable (no click or entry)
    weight: float  # importance weight, one over the sampling share of unclicked impressions
    sampled: bool  # learnt from; False is there only so that its whole list can be evaluated
    x: bytes  # feature vector, little-endian float64, one number a feature name
    user_side: list[tuple[str, float]] = []  # of `features.sides`, as shown; where factors are on
    room_side: list[tuple[str, float]] = []  # the same, as of when its list closed
    watched: int = -1  # a long stay: 1, 0, or -1 not applicable (never entered)
