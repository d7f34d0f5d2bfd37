"""What events leave behind at the door: words that nothing reads, ids where a key hides them.

Every row of a log or a topic passes here before any step has it, so nothing behind holds more.
"""

from __future__ import annotations

from events import kinds
from events.kinds import Event
from events.pseudonyms import Pseudonyms

_WRITTEN = (kinds.Comment, kinds.Review)


class Door:
    """What viewers wrote of rooms and goods goes no further; with `pseudonyms`, nor do their ids.

    A search's words go on: they point at tags.
    """

    def __init__(self, pseudonyms: Pseudonyms | None = None) -> None:
        self._pseudonyms = pseudonyms

    def enter(self, events: list[Event]) -> None:
        """Strip events that have just been decoded."""
        for event in events:
            if type(event) in _WRITTEN:
                event.text = ""  # type: ignore[union-attr]
        pseudonyms = self._pseudonyms
        if pseudonyms is not None:
            for event in events:
                pseudonyms.hide(event)
