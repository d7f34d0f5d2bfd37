"""The door: what nothing reads does not come in."""

from __future__ import annotations

from events import kinds
from events.pseudonyms import Pseudonyms
from features.door import Door
from tests.line import Teller


def test_what_viewers_wrote_stays_outside(say: Teller):
    comment = say(kinds.Comment, 1, "u1", room_id="r1", text="I live at 5 Elm Road")
    review = say(kinds.Review, 2, "u1", product_id="p1", rating=5, text="call me: 555")
    search = say(kinds.Search, 3, "u1", query="tea")
    Door().enter([comment, review, search])
    assert (comment.text, review.text, search.query) == ("", "", "tea")
    assert comment.user_id == "u1"


def test_with_a_key_ids_stay_outside_too(say: Teller):
    names = Pseudonyms(b"sixteen bytes or more")
    click = say(kinds.Click, 1, "u1", room_id="r1")
    erase = say(kinds.Erase, 2, "u1")
    room = say.room("r1", "tea")
    Door(names).enter([click, erase, room])
    assert click.user_id == erase.user_id == names.user("u1")
    assert room.room_id == "r1"
