"""What crosses to another process is the same there, and is made bytes once for both askings."""

import pickle
from typing import Any

import msgspec
import numpy as np
import pytest

from events import kinds
from events.parcel import Parcel
from features.audience import ENGAGED
from features.catalogue import Entry
from features.neighbour_table import table_of
from features.panel import panel_of
from features.rooms import CLICK, RoomSettings, RoomStats
from features.rows import Rows
from flows.live_messages import Arrival, CarriedRound, CatalogueArrival, RoomArrival
from flows.messages import (
    CatalogueUpdate,
    Identified,
    Learnable,
    NeighbourRows,
    NeighbourTables,
    RoomRows,
    RoomTables,
    Weights,
)
from models.factor_table import FactorTable
from models.prior import prior_table
from models.settings import LearnSettings

T0_MS = 1_700_000_000_000
ROOM_ROWS = [(1 << 63, 1_000, 900, "a room", CLICK, 0), (7, 2_000, 1_900, "another", CLICK, 0)]


def rows() -> Rows:
    click = kinds.Click(event_id="e", event_time_ms=T0_MS, user_id="u", room_id="a room")
    made = Rows(3, 1, 2_000, 4, True, False)
    made.rows.append((click, "u", 9, 1 << 63, 1_000, 4))
    return made


def bare(made: Rows) -> Rows:
    """The rows alone: all that a live round says of itself its arrivals say."""
    alone = Rows(made.shard, 0, made.clock_ms, 0)
    alone.rows = made.rows
    return alone


def host() -> kinds.Host:
    return kinds.Host(event_id="h", event_time_ms=T0_MS, host_id="a host", name="Ann")


def parcels() -> list[Parcel]:
    tables = RoomStats(RoomSettings(), 0).apply(ROOM_ROWS, 5_000)
    weights = prior_table(LearnSettings(baseline_features={}), ("room_ctr", "match_cosine"))
    factors = FactorTable(3, ["tag a"], np.ones((1, 2)), np.zeros((1, 2)))
    return [
        rows(),
        CatalogueUpdate([Entry(1, 1_000, host())], True),
        RoomRows(ROOM_ROWS, 2_000, True),
        RoomTables(tables, 4),
        NeighbourRows([(ENGAGED, 2_000, 1_900, "u", "a room")], 2_000, True),
        NeighbourTables([table_of(4, {"a": [("b", 0.5)], "b": []})], 4),
        NeighbourTables([table_of(4, {}, panel_of(4, [("u", ["a", "b"])]))], 4),
        Weights([(3, weights)], 5),
        Weights([(3, weights)], 5, [factors]),
        Learnable(2, [], 7),
        Arrival("views/0", 5, 2_000, rows()),
        RoomArrival("views/0", 5, 2_000, ROOM_ROWS),
        CarriedRound(
            [Arrival("views/0", 5, 2_000, one) for one in (bare(rows()), Rows(9, 0, 2_000, 0))]
        ),
        CatalogueArrival("catalog/0", 6, 2_000, [host()], False),
    ]


def plain(value: Any) -> Any:
    """An item by what it holds."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, msgspec.Struct):
        return type(value).__name__, [plain(getattr(value, f)) for f in value.__struct_fields__]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if hasattr(value, "tobytes"):
        return value.tobytes()
    kinds_of = type(value).__mro__
    slots = [name for one in kinds_of for name in getattr(one, "__slots__", ())]
    slots = [name for name in slots if name != "_wrapped"]
    if slots and type(value).__module__.split(".")[0] in {"features", "flows", "models"}:
        return type(value).__name__, [plain(getattr(value, name)) for name in slots]
    return value


@pytest.mark.parametrize("place", range(len(parcels())))
def test_it_arrives_as_it_was_and_both_askings_are_answered_alike(place):
    parcel = parcels()[place]
    first, second = pickle.dumps(parcel), pickle.dumps(parcel)
    assert first == second
    assert plain(pickle.loads(first)) == plain(parcels()[place])


def test_it_is_wrapped_once_for_both_askings():
    class Counted(Rows):
        __slots__ = ("times",)

        def wrap(self):
            self.times += 1
            return super().wrap()

    counted = Counted(0, 1, 2, 3)
    counted.times = 0
    assert pickle.dumps(counted) == pickle.dumps(counted)
    assert counted.times == 1
    counted.round = 9
    assert pickle.loads(pickle.dumps(counted)).round == 9


def test_what_holds_a_parcel_asks_it():
    identified = pickle.loads(pickle.dumps(Identified(rows())))
    assert (identified.shard, plain(identified.rows)) == (3, plain(rows()))
