"""A content made of an earlier one's parts equals one built anew, whatever has happened between."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from features.catalogue import Catalogue, CatalogueSettings, Entry
from features.content import NO_TAG, Content, ContentSettings
from features.content_later import FEW, content_later
from features.rooms import COLUMNS, RoomTable
from features.scene import Scene, Scenes, SceneSettings
from tests.line import START_MS, Teller

CONTENT = ContentSettings(tags_max=3)
SCENE = SceneSettings()
ROOMS = [f"r{number}" for number in range(9)]
TAGS = ["tea", "silk", "jade", "ink", "oak", "fan"]


def attributes(dice: random.Random) -> dict[str, Any] | None:
    told: dict[str, Any] = {"language": "zh"}
    for name in ("size", "age", "cost", "trust"):
        if dice.random() < 0.4:
            told[name] = dice.choice([1, 2, 2.5, -3, "much"])
    return dice.choice([None, told, told])


def random_event(dice: random.Random, say: Teller) -> Any:
    at_s = dice.randrange(60)
    kind = dice.random()
    if kind < 0.2:
        return say.product(dice.choice(["p0", "p1"]), "", dice.choice([0.0, 5.0, 80.0]), at_s)
    if kind < 0.35:
        fields = {"name": dice.choice(["", "Ann", "Bo"]), "attributes": attributes(dice)}
        return say(kinds.Host, at_s, host_id=dice.choice(["h0", "h1", "h2"]), **fields)
    return say.room(
        *(dice.choice(ROOMS), " ".join(dice.sample(TAGS, dice.randrange(5))), at_s),
        host_id=dice.choice(["h0", "h1", "h2"]),
        status=dice.choice(["live", "live", "scheduled", "ended"]),
        start_time_ms=START_MS + dice.randrange(9) * 1000,
        products=dice.sample(["p0", "p1", "p-unknown"], dice.randrange(3)),
        attributes=attributes(dice),
    )


def told_catalogue(seed: int, events: int, of_hosts: bool = False) -> Catalogue:
    dice, say = random.Random(seed), Teller()
    limits = {"attributes": 3, "ended_rooms_max": 3, "versions_max": 2}
    catalogue = Catalogue(CatalogueSettings(**limits, host_attributes=of_hosts))
    for seq in range(1, events + 1):
        catalogue.apply(Entry(seq, START_MS + seq * 1000, random_event(dice, say)))
    return catalogue


def told(content: Content) -> dict[str, Any]:
    """All that a content says, but for its numbers of hosts and tags."""
    names = {number: tag for tag, number in content.tag_number.items()}
    hosts = {number: host for host, number in content.host_number.items()}
    assert len(names) == len(content.tag_number)
    assert NO_TAG not in names
    return {
        "seq": content.seq,
        "rooms": content.rooms,
        "ids": content.ids,
        "number": content.number,
        "live": content.live.tolist(),
        "is_live": content.is_live.tolist(),
        "start_s": content.start_s.tolist(),
        "log_price": content.log_price.tobytes(),
        "log_prices": np.array(content.log_prices).tobytes(),
        "host_ids": content.host_ids,
        "host": [hosts[number] for number in content.host.tolist()],
        "host_names": {host: content.host_names[host] for host in content.host_ids},
        "rooms_of_host": {host: sorted(names) for host, names in content.rooms_of_host.items()},
        "room_tags": content.room_tags,
        "tags": [[names[n] for n in row if n != NO_TAG] for row in content.tags.T.tolist()],
        "tag_share": content.tag_share.tolist(),
        "unscored_tags": content.unscored_tags,
        "attribute_names": content.attribute_names,
        "attributes": content.attributes.tobytes(),
        "attribute_rows": [content.attribute_row(number) for number in range(len(content.ids))],
    }


@settings(max_examples=200, deadline=None)
@given(
    *(st.integers(0, 10**6), st.lists(st.integers(1, 6), min_size=1, max_size=12), st.booleans())
)
def test_a_later_content_equals_one_built_anew(seed: int, steps: list[int], of_hosts: bool):
    catalogue = told_catalogue(seed, 4 + sum(steps), of_hosts)
    seq = 4
    content = Content(catalogue, seq, CONTENT)
    for step in steps:
        before = told(content)
        seq += step
        later = content_later(content, catalogue, seq)
        anew = Content(catalogue, seq, CONTENT)
        assert told(content) == before, "the earlier one has changed"
        if later is None:
            assert not content.rooms
            later = anew
        assert told(later) == told(anew)
        content = later


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 4), min_size=1, max_size=8))
def test_scenes_of_later_contents_equal_those_built_anew(seed: int, steps: list[int]):
    """Also where the publisher has told of more rooms meanwhile, or tells of them anew."""
    dice = random.Random(seed)
    catalogue = told_catalogue(seed, 4 + sum(steps))
    scenes = Scenes(catalogue, 0, SCENE, CONTENT)
    ids = dice.sample([*ROOMS, "elsewhere"], 10)
    draws = np.random.default_rng(seed)
    count, seq = 2, 4
    for second, step in enumerate([0, *steps], START_MS // 1000):
        seq, count = seq + step, min(count + dice.randrange(3), len(ids))
        if dice.random() < 0.2:
            ids = list(ids)
        values = draws.integers(0, 60, (count, len(COLUMNS))).astype(float)
        table = RoomTable(second, ids, values)
        scenes.tables.publish(second, table)
        scenes.tables.advance(second)
        made = scenes.at(second, seq)
        anew = Scene(Content(catalogue, catalogue.content_seq(seq), CONTENT), table, SCENE)
        assert made.content.ids == anew.content.ids
        assert made.matrix.tobytes() == anew.matrix.tobytes()
        assert made.looks.tobytes() == anew.looks.tobytes()


def test_after_as_many_changes_as_there_are_rooms_all_is_built_anew():
    """So the numbers of tags and hosts that are gone go as well."""
    say = Teller()
    catalogue = Catalogue(CatalogueSettings())
    catalogue.apply(Entry(1, 1, say.room("r0", "tag0")))
    content, made = Content(catalogue, 1, CONTENT), 0
    for seq in range(2, 200):
        catalogue.apply(Entry(seq, seq, say.room("r0", f"tag{seq}", at_s=seq, host_id=f"h{seq}")))
        later = content_later(content, catalogue, seq)
        made += later is not None
        content = later or Content(catalogue, seq, CONTENT)
        assert len(content.tag_number) <= FEW + 2
        assert len(content.host_names) <= FEW + 2
    assert 150 < made < 198


def test_what_has_changed_must_still_be_known():
    catalogue = told_catalogue(7, 30)
    early = Content(catalogue, 10, CONTENT)
    assert content_later(early, catalogue, 20) is not None
    catalogue.forget_before(START_MS + 9_000)
    assert content_later(early, catalogue, 20) is not None
    catalogue.forget_before(START_MS + 15_000)
    assert content_later(early, catalogue, 20) is None
