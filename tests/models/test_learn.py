"""The LEARN kernel: judged as served, learnt in one order, bounded, and restored to the bit."""

from __future__ import annotations

import dataclasses
import json
import random
import struct
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from events.errors import StateError
from features.example import Example
from models.learn import LearnState
from models.learner import Learner
from models.progressive import Progressive
from models.registry import POINTWISE
from models.scorer import Weights, combine, logits
from models.settings import LearnSettings
from models.table import WeightsTable, decode_table, encode_table

World = Callable[..., list[Example]]
Tables = list[tuple[int, WeightsTable]]

FAR_S = 2_000_000_000


def _run(state: LearnState, examples: list[Example], chunk: int = 40) -> Tables:
    """Feeds chunks in order of time, closing what each leaves behind."""
    tables: Tables = []
    for begin in range(0, len(examples), chunk):
        part = examples[begin : begin + chunk]
        tables += state.close(min(e.due_ms for e in examples[begin:]) // 1000 - 1)
        for example in part:
            state.add(example)
    return tables + state.close(FAR_S)


def _bytes(tables: Tables) -> list[bytes]:
    return [encode_table(table) for _, table in tables]


@pytest.mark.parametrize("rank_by", ["engagement", "preference"])
def test_any_cut_and_any_order_give_the_same_bytes(
    rank_by: str, settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    chosen = dataclasses.replace(settings, rank_by=rank_by)
    examples = world(60)
    one, other = LearnState(chosen, names), LearnState(chosen, names)
    first = _run(one, examples, 40)
    shuffled = examples[:]
    random.Random(1).shuffle(shuffled)
    for example in shuffled:
        other.add(example)
    second = other.close(FAR_S)
    assert _bytes(first) == _bytes(second)
    assert one.snapshot() == other.snapshot()
    assert one.metrics() == other.metrics()
    assert [s for s, _ in first] == sorted({s for s, _ in first})


def naive_learn(
    examples: list[Example], settings: LearnSettings, names: tuple[str, ...]
) -> tuple[dict[str, Weights], dict[str, Progressive]]:
    """The same run, one example after another, with every export kept for good."""
    learners = {spec.name: Learner(spec, settings, names) for spec in POINTWISE}
    figures = {
        spec.name: Progressive(settings.rolling_examples, settings.calibration_bins)
        for spec in POINTWISE
    }
    exports = [(-1, {name: lr.export() for name, lr in learners.items()})]
    ordered = sorted(examples, key=lambda e: (e.due_ms, e.user_id, e.event_id))
    for second in sorted({e.due_ms // 1000 for e in ordered}):
        batch = [e for e in ordered if e.due_ms // 1000 == second and e.sampled]
        for e in batch:
            known = e.shown_ms // 1000 - settings.table_delay_s
            served = [export for at, export in exports if at <= known][-1]
            row = np.frombuffer(e.x)[None, :]
            for spec in POINTWISE:
                label = spec.label(e) if spec.label else -1
                if label >= 0:
                    score = logits(row, served[spec.name])
                    figures[spec.name].update(score, np.array([label == 1]), np.array([e.weight]))
        for e in batch:
            for spec in POINTWISE:
                label = spec.label(e) if spec.label else -1
                if label >= 0:
                    row = np.frombuffer(e.x)
                    learners[spec.name].learn(names, row.tolist(), label == 1, e.weight)
        exports.append((second, {name: lr.export(second) for name, lr in learners.items()}))
    return exports[-1][1], figures


def test_kernel_equals_the_naive_run(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    examples = world(150)
    state = LearnState(settings, names)
    tables = _run(state, examples)
    expected, figures = naive_learn(examples, settings, names)
    last = tables[-1][1]
    for name, weights in expected.items():
        assert (last.weights[name].coef == weights.coef).all()
        assert last.weights[name].intercept == weights.intercept
        card = state.cards()[name]
        for field, value in figures[name].overall().items():
            assert card[field] == (value and pytest.approx(value, abs=1e-9))
    rank = combine(last.weights, settings)
    assert (rank.coef == last.rank.coef).all()


def test_learning_switched_off_is_visibly_worse(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    examples = world(400)
    on = LearnState(settings, names)
    off = LearnState(dataclasses.replace(settings, learn=False), names)
    assert _run(on, examples)
    assert _run(off, examples) == []
    learnt, rested = on.cards()["engagement"], off.cards()["engagement"]
    assert float(str(learnt["auc"])) > float(str(rested["auc"])) + 0.15
    assert float(str(learnt["log_loss"])) < float(str(rested["log_loss"])) - 0.05
    assert on._judge.ranking.tail("served").mean() > off._judge.ranking.tail("served").mean() + 0.1


@pytest.mark.parametrize("optimizer", ["adagrad", "bayes"])
def test_what_a_policy_does_without_is_neither_learnt_nor_ranked_by(
    optimizer: str, settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    chosen = dataclasses.replace(settings, optimizer=optimizer)
    without = dataclasses.replace(chosen, without=("room_", "match_1"))
    states = [LearnState(one, names) for one in (chosen, without)]
    for state in states:
        for example in world(40):
            state.add(example)
        state.close(FAR_S)
    left_out = [names.index(name) for name in ("room_rate", "match_1h")]
    whole, part = (state.table().rank.coef for state in states)
    assert (whole[left_out] != 0.0).all()
    assert (part[left_out] == 0.0).all()
    assert part[names.index("match_24h")] != 0.0


def test_lists_are_judged_by_what_was_served_then(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    """A delay longer than the log leaves only the prior to be judged."""
    examples = world(150)
    late = dataclasses.replace(settings, table_delay_s=10_000)
    stale, off = (
        LearnState(late, names),
        LearnState(dataclasses.replace(settings, learn=False), names),
    )
    assert _run(stale, examples)
    _run(off, examples)
    assert stale.metrics()["models"] == off.metrics()["models"]
    assert (stale._judge.ranking.tail("served") == off._judge.ranking.tail("served")).all()


def test_examples_not_sampled_are_judged_in_lists_only(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    examples = world(30)
    state = LearnState(settings, names)
    _run(state, examples)
    card = state.cards()["engagement"]
    assert card["examples"] == card["learnt"] == sum(e.sampled for e in examples)
    clicked = {e.request_id for e in examples if e.engaged}
    ranking = state.metrics()["ranking"]
    assert isinstance(ranking, dict)
    assert ranking["lists"] == len(clicked)


def test_table_crosses_a_process(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    tables = _run(LearnState(settings, names), world(10))
    for second, table in tables:
        again = decode_table(encode_table(table))
        assert again.second == second == table.second
        assert encode_table(again) == encode_table(table)
        assert not again.rank.coef.flags.writeable
        assert (again.weights["order"].coef == table.weights["order"].coef).all()
    with pytest.raises(StateError):
        decode_table(encode_table(tables[0][1])[:-1])


@pytest.mark.parametrize(
    "spoilt",
    [
        {"x": b""},
        {"x": struct.pack("<6d", 1, 2, 3, 4, 5, float("nan"))},
        {"x": struct.pack("<6d", 1, 2, 3, 4, 5, float("-inf"))},
        {"x": struct.pack("<6d", 1, 2, 3, 4, 5, 1e9)},
        {"weight": 0.0},
        {"weight": float("nan")},
        {"weight": 1e9},
    ],
)
def test_a_bad_example_is_counted_and_changes_nothing(
    spoilt: dict[str, object], settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    examples = world(6)
    clean, dirty = LearnState(settings, names), LearnState(settings, names)
    extra = Example(**{**{f: getattr(examples[0], f) for f in Example.__struct_fields__}, **spoilt})
    extra.event_id, extra.request_id = "extra", "extra"
    alone = Example(**{f: getattr(extra, f) for f in Example.__struct_fields__})
    alone.due_ms += 500_000
    assert _bytes(_run(clean, examples)) == _bytes(_run(dirty, [*examples, extra, alone]))
    assert dirty.metrics()["learning"] == {"late": 0, "refused": 2, "open": 0}
    assert clean.metrics()["models"] == dirty.metrics()["models"]


def test_late_and_too_many_are_counted(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    examples = world(4)
    state = LearnState(dataclasses.replace(settings, open_examples_max=10), names)
    for example in examples:
        state.add(example)
    assert state.refused == len(examples) - 10
    state.close(FAR_S)
    state.add(examples[0])
    assert state.late == 1
    assert state.close(FAR_S) == []


def test_history_is_bounded(settings: LearnSettings, names: tuple[str, ...], world: World) -> None:
    short = dataclasses.replace(settings, label_horizon_s=20, history_slack_s=5, table_delay_s=5)
    state = LearnState(short, names)
    _run(state, world(300))
    assert 0 < len(state._history) <= 30


def test_a_feature_can_be_a_baseline(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    chosen = dataclasses.replace(settings, baseline_features={"match": "match_1h"})
    state = LearnState(chosen, names)
    _run(state, world(300))
    ranking = state.metrics()["ranking"]
    assert isinstance(ranking, dict)
    baselines = ranking["baselines"]
    assert list(baselines) == ["random", "popularity", "item_click_rate", "as_shown", "match"]
    assert baselines["match"]["ndcg_at_10"] > baselines["random"]["ndcg_at_10"] + 0.1
    assert ranking["bootstrap"]["item_click_rate"]["low"] > 0.0
    with pytest.raises(ValueError, match="misspelt"):
        LearnState(dataclasses.replace(settings, baseline_features={"x": "misspelt"}), names)


def test_reports_are_json(settings: LearnSettings, names: tuple[str, ...], world: World) -> None:
    empty, full = LearnState(settings, names), LearnState(settings, names)
    _run(full, world(50))
    for state in (empty, full):
        for report in (state.cards(), state.metrics()):
            assert json.loads(json.dumps(report, allow_nan=False)) == report


@hypothesis_settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    cut=st.integers(0, 240),
    rank_by=st.sampled_from(["engagement", "preference"]),
    optimizer=st.sampled_from(["adagrad", "sgd"]),
)
def test_restored_state_continues_bit_by_bit(
    seed: int,
    cut: int,
    rank_by: str,
    optimizer: str,
    settings: LearnSettings,
    names: tuple[str, ...],
    world: World,
) -> None:
    chosen = dataclasses.replace(settings, rank_by=rank_by, optimizer=optimizer)
    examples = world(30, seed)
    state = LearnState(chosen, names)
    for example in examples[:cut]:
        state.add(example)
    if cut:
        state.close(examples[cut - 1].due_ms // 1000 - 1)
    stored = state.snapshot()
    assert state.snapshot() == stored
    restored = LearnState.restore(stored, chosen, names)
    assert restored.snapshot() == stored
    outcomes = []
    for one in (state, restored):
        for example in examples[cut:]:
            one.add(example)
        outcomes.append((_bytes(one.close(FAR_S)), one.snapshot(), one.metrics(), one.cards()))
    assert outcomes[0] == outcomes[1]


def test_damaged_state_is_refused_with_a_reason(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    state = LearnState(settings, names)
    _run(state, world(20))
    stored = state.snapshot()
    for size in {0, 1, 17, 18, 100, len(stored) // 2, len(stored) - 1}:
        with pytest.raises(StateError, match="damaged"):
            LearnState.restore(stored[:size], settings, names)
    draws = random.Random(1)
    for _ in range(50):
        place = draws.randrange(len(stored))
        spoilt = bytearray(stored)
        spoilt[place] ^= 1 << draws.randrange(8)
        with pytest.raises(StateError):
            LearnState.restore(bytes(spoilt), settings, names)
    old = stored[:4] + struct.pack("<H", 0) + stored[6:]
    with pytest.raises(StateError, match="layout 0, this version reads layout 4"):
        LearnState.restore(old, settings, names)
    with pytest.raises(StateError, match="other features"):
        LearnState.restore(stored, settings, (*names[:-1], "renamed"))
    with pytest.raises(StateError, match="preference"):
        LearnState.restore(stored, dataclasses.replace(settings, rank_by="preference"), names)
    changed = dataclasses.replace(settings, baseline_features={"match": "match_1h"})
    with pytest.raises(StateError, match="match"):
        LearnState.restore(stored, changed, names)


@pytest.mark.parametrize("helping", [1, 7, 1_000])
def test_helpings_learn_what_whole_seconds_do(
    helping: int, settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    examples = world(60)
    whole, some = LearnState(settings, names), LearnState(settings, names)
    for example in examples:
        whole.add(example)
        some.add(example)
    wanted, tables, is_all, calls = whole.close(FAR_S), [], False, 0
    while not is_all:
        made, is_all = some.close_some(FAR_S, helping)
        tables += made
        calls += 1
    assert [second for second, _ in tables] == [second for second, _ in wanted]
    assert calls > len(tables)
    for model in POINTWISE:
        for (_, one), (_, other) in zip(tables, wanted, strict=True):
            assert np.array_equal(one.weights[model.name].coef, other.weights[model.name].coef)
    counts = [{n: lr.examples for n, lr in state.learners.items()} for state in (whole, some)]
    assert counts[0] == counts[1]
    some.add(examples[0])
    assert some.late == 1


def test_examples_that_come_between_helpings_take_their_place_in_the_order(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    examples = world(60)
    second = max({e.due_ms // 1000 for e in examples}, key=lambda s: _count(examples, s))
    mine = [example for example in examples if example.due_ms // 1000 == second]
    state = LearnState(settings, names)
    for example in mine[: len(mine) // 2]:
        state.add(example)
    learnt: list[str] = []
    state._close_one = lambda second, batch, exports=True: learnt.extend(  # type: ignore[assignment,method-assign]
        example.event_id for example in batch
    )
    state.close_some(FAR_S, 2)
    first = len(learnt)
    for example in mine[len(mine) // 2 :]:
        state.add(example)
    while not state.close_some(FAR_S, 2)[1]:
        pass
    rest = [example for example in mine if example.event_id not in learnt[:first]]
    rest.sort(key=lambda e: (e.due_ms, e.user_id, e.event_id))
    assert learnt[first:] == [example.event_id for example in rest]
    assert sorted(learnt) == sorted(example.event_id for example in mine)


def _count(examples: list[Example], second: int) -> int:
    return sum(example.due_ms // 1000 == second for example in examples)


def test_long_stays_are_learnt_and_ranked_by_where_they_have_a_share(
    settings: LearnSettings, names: tuple[str, ...], world: World
) -> None:
    examples = [msgspec.structs.replace(one, watched=1 - one.engaged) for one in world(60)]
    plain = LearnState(settings, names)
    assert "watch" not in plain.learners
    chosen = dataclasses.replace(settings, watch_share=2.0, support_min=1)
    asked = LearnState(chosen, names)
    _run(plain, examples)
    _run(asked, examples)
    learnt = asked.table().weights["watch"]
    assert 0 < learnt.positives < learnt.examples
    both = asked.table().weights
    assert both["engagement"].coef.tolist() == plain.table().weights["engagement"].coef.tolist()
    apart = combine({**both}, dataclasses.replace(chosen, watch_share=0.0)).coef
    assert asked.table().rank.coef == pytest.approx(
        apart + 2.0 * np.where(apart == 0.0, 0.0, learnt.coef)
    )
    assert asked.metrics()["models"]["watch"]["examples"] == learnt.examples  # type: ignore[index]
