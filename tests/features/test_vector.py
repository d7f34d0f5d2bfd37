"""The user's part of the vector equals its definition, and each number has one name."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.vector import (
    POSITION,
    ROOM_NAMES,
    USER_NAMES,
    VectorSettings,
    View,
    names,
    price_fit,
    tells_rooms_apart,
    user_part,
)

SETTINGS = VectorSettings()
HALVES = (2.0, 4.0, 8.0, 16.0)

_tags = st.sampled_from(["tea", "silk", "jade", "茶"])
_weights = st.tuples(*[st.integers(-(10**8), 10**8)] * 4)
_views = st.builds(
    View,
    weights=st.dictionaries(_tags, _weights),
    exposure=st.dictionaries(_tags, st.floats(0.001, 1e4)),
    appetite=st.floats(0.001, 1e4),
    hosts=st.dictionaries(st.sampled_from(["h1", "h2"]), st.floats(-0.99, 0.99)),
    follows=st.dictionaries(st.sampled_from(["h1", "h2"]), st.integers(0, 10)),
    log_price=st.none() | st.floats(-20.0, 20.0),
    hour_activity=st.floats(0.0, 1.0),
    activity=st.floats(0.0, 1.0),
    taste=st.lists(st.floats(-1.0, 1.0), max_size=3),
    most=st.integers(0, 10**8),
)
_room_tags = st.lists(_tags, max_size=4, unique=True)
_attributes = st.lists(st.floats(-0.5, 0.5), max_size=3)
_prices = st.just(math.nan) | st.floats(-20.0, 20.0)


def naive_part(
    view: View,
    tags: list[str],
    air_tags: list[str],
    host: str,
    log_price: float,
    attributes: list[float],
    shown: int,
) -> list[float]:
    """The values of USER_NAMES, each from its own sentence."""

    def mean(values: list[float]) -> float:
        return sum(values) / len(values) if values else 0.0

    def bent(tag: str, window: int) -> float:
        units = view.weights.get(tag, (0, 0, 0, 0))[window] / 1000
        return units / (abs(units) + HALVES[window])

    def lift(tag: str) -> float:
        units = max(view.weights.get(tag, (0, 0, 0, 0))[3], 0) / 1000
        expected = view.appetite * view.exposure.get(tag, 0.0)
        return 10.0 * min((units - expected) / (expected + 2.0), 3.0)

    def focus(tag: str) -> float:
        units = max(view.weights.get(tag, (0, 0, 0, 0))[3], 0) / 1000
        return min(float((units / (view.most / 1000 + 4.0)) ** 2), 1.0)

    apart = abs(log_price - view.log_price) if view.log_price is not None else math.nan
    return [
        *(mean([bent(tag, window) for tag in tags]) for window in range(4)),
        mean([lift(tag) for tag in tags]),
        mean([focus(tag) for tag in tags]),
        mean([focus(tag) for tag in air_tags]),
        12.0 * sum(a * b for a, b in zip(view.taste, attributes, strict=False)),
        view.hosts.get(host, 0.0),
        float(host in view.follows),
        0.0 if math.isnan(apart) else 0.7 / (0.7 + apart),
        shown / (shown + 2.0),
        view.hour_activity,
        view.activity,
        math.log(view.appetite),
    ]


@settings(max_examples=100, deadline=None)
@given(
    _views,
    _room_tags,
    _room_tags,
    st.sampled_from(["h1", "h2", "h3"]),
    _prices,
    _attributes,
    st.integers(0, 50),
)
def test_the_user_s_part_is_that_of_the_definition(
    view: View,
    tags: list[str],
    air_tags: list[str],
    host: str,
    log_price: float,
    attributes: list[float],
    shown: int,
):
    part = user_part(view, tags, air_tags, host, log_price, attributes, shown, SETTINGS)
    assert len(part) == len(USER_NAMES)
    expected = naive_part(view, tags, air_tags, host, log_price, attributes, shown)
    assert part == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert all(-1.0 < value < 1.0 for value in part[:4]), "a burst cannot outweigh a long stay"
    assert all(math.isfinite(value) for value in part)


@settings(max_examples=100, deadline=None)
@given(_views, _room_tags, st.sampled_from(["h1", "h2", "h3"]), _prices)
def test_who_does_not_tell_rooms_apart_has_one_part_for_all(
    view: View, tags: list[str], host: str, log_price: float
):
    stranger = msgspec.structs.replace(
        view, weights={}, exposure={}, hosts={}, follows={}, log_price=None, taste=[]
    )
    part = user_part(stranger, tags, tags, host, log_price, [0.4, -0.1], 0, SETTINGS)
    assert part == user_part(stranger, (), (), "", math.nan, (), 0, SETTINGS)


def test_a_stranger_does_not_tell_rooms_apart():
    stranger = View({}, {}, 1.0, {}, {}, None, 0.2, 0.0)
    assert not tells_rooms_apart(stranger)
    for told in (
        {"weights": {"tea": (0, 0, 0, 1)}},
        {"exposure": {"tea": 0.1}},
        {"hosts": {"h1": 0.2}},
        {"follows": {"h1": 1}},
        {"log_price": 0.0},
        {"taste": [0.1]},
    ):
        assert tells_rooms_apart(msgspec.structs.replace(stranger, **told))


def test_every_number_has_one_name():
    assert names(2) == (
        *ROOM_NAMES,
        "room_attribute_0",
        "room_attribute_1",
        *USER_NAMES,
        POSITION,
    )
    assert len(set(names(8))) == len(names(8)) == 31


@pytest.mark.parametrize(
    ("usual", "price", "fit"),
    [(40.0, 40.0, 1.0), (40.0, 80.0, 0.5024), (80.0, 40.0, 0.5024), (None, 40.0, 0.0)],
)
def test_prices_fit_the_better_the_nearer(usual: float | None, price: float, fit: float):
    log_usual = None if usual is None else math.log(usual)
    assert price_fit(log_usual, math.log(price), 0.7) == pytest.approx(fit, abs=1e-4)
    assert price_fit(log_usual, math.nan, 0.7) == 0.0
