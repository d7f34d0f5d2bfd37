from __future__ import annotations

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from decisions.judged_more import Acted, Offered, acted_lines, offered_line
from decisions.outputs import head
from evaluation.journal import read
from evaluation.offers import HORIZON_MS, SORTS, offer_sums
from events import kinds
from tests.line import Teller

USERS = ("u1", "u2")
times = st.integers(0, 6).map(lambda part: part * HORIZON_MS // 3)
names = st.sampled_from(["a", "b", "c"])
listed = st.lists(names, unique=True, max_size=2)
offered = st.lists(st.builds(Offered, times, st.sampled_from(USERS), listed, listed, listed))
acted = st.lists(st.builds(Acted, times, st.sampled_from(USERS), st.sampled_from(SORTS), names))


@given(offered, acted)
def test_hits_and_finds_are_those_of_the_definitions(offers: list[Offered], acts: list[Acted]):
    found = offer_sums(USERS, offers, acts)
    for place, user in enumerate(USERS):
        own = [offer for offer in offers if offer.user_id == user]
        for sort in SORTS:
            did = [act for act in acts if act.user_id == user and act.sort == sort]
            lists = [offer for offer in own if getattr(offer, sort)]
            hits = [
                offer
                for offer in lists
                if any(
                    offer.at_ms < act.at_ms <= offer.at_ms + HORIZON_MS
                    and act.name in getattr(offer, sort)
                    for act in did
                )
            ]
            above, below = found[f"more.{sort}.hr"]
            assert (above[place], below[place]) == (len(hits), len(lists))
            asked = listed_last = 0
            for act in did:
                before = [offer for offer in own if offer.at_ms < act.at_ms]
                newest = max(before, key=lambda offer: offer.at_ms, default=None)
                # Of several at one clock the last one counts, as Redis has it.
                if newest is not None:
                    newest = [offer for offer in before if offer.at_ms == newest.at_ms][-1]
                    if act.at_ms - newest.at_ms <= HORIZON_MS:
                        asked += 1
                        listed_last += act.name in getattr(newest, sort)
            above, below = found[f"more.{sort}.recall"]
            assert (above[place], below[place]) == (listed_last, asked)


def test_what_is_delivered_is_what_is_judged():
    body = (
        head(7, 9)
        + msgspec.json.encode(
            {
                "reasons": [["reserved"]],
                "previews": [{"room_id": "r1", "start_time_ms": 5, "score": 0.5, "reasons": [0]}],
                "products": [{"product_id": "p1", "score": 0.5, "room_id": "r9"}],
                "hosts": [{"host_id": "h1", "score": 0.5, "room_id": "r9"}, {"host_id": "h2"}],
            }
        )[1:]
    )
    made = json.loads(offered_line("u", 12, body))
    assert made == {
        "row": "more", "at_ms": 12, "user_id": "u",
        "previews": ["r1"], "products": ["p1"], "hosts": ["h1", "h2"],
    }  # fmt: skip


def test_each_act_is_about_one_kind_of_list():
    say = Teller()
    acts = [
        say(kinds.Follow, 1, "u", host_id="h", room_id="r"),
        say(kinds.Order, 2, "u", order_id="o", product_id="p", amount=1.0, room_id="r"),
        say(kinds.View, 3, "u", product_id="p2"),
        say(kinds.Click, 4, "u", product_id="p3"),
        say(kinds.Click, 5, "u", room_id="r"),
        say(kinds.Reserve, 6, "u", room_id="r2"),
        say(kinds.Enter, 7, "u", room_id="r3"),
    ]
    rows = [line for place, act in enumerate(acts) for line in acted_lines("u", place, act)]
    assert [(act.at_ms, act.sort, act.name) for act in read(rows).acts] == [
        (0, "hosts", "h"),
        (1, "products", "p"),
        (2, "products", "p2"),
        (3, "products", "p3"),
        (5, "previews", "r2"),
    ]
