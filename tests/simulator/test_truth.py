"""The truth agrees with the log, and the log with the truth: defects, tastes, people."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from events.kinds import FAMILIES
from simulator.breakage import BREAKAGES
from simulator.dice import Dice
from simulator.generate import Simulation
from simulator.settings import SimulatorSettings, preset
from simulator.tastes import TasteHistory, Tastes

STRENGTH = {"click": 1.0, "like": 0.5, "comment": 2.0, "share": 3.0, "gift": 4.0}


def test_defects_are_counted_as_an_independent_reader_counts_them(log):
    defects = log.truth.defects
    seen, duplicates, late, disordered, kinds = set(), [], [], 0, Counter()
    newest_ms = 0
    for event in log.events:
        if event["event_id"] in seen:
            duplicates.append(event["event_id"])
            continue
        seen.add(event["event_id"])
        kinds[event["kind"]] += 1
        behind_ms = newest_ms - event["event_time_ms"]
        if behind_ms > log.settings.allowed_lateness_ms:
            late.append(event["event_id"])
        elif behind_ms > 0:
            disordered += 1
        if event["kind"] not in FAMILIES["catalog"]:
            newest_ms = max(newest_ms, event["event_time_ms"])
    assert (defects.duplicates, defects.duplicate_ids) == (len(duplicates), duplicates)
    assert (defects.late, defects.late_ids) == (len(late), late)
    assert defects.disordered == disordered
    assert kinds == log.truth.kinds
    assert log.truth.lines == len(log.lines)
    assert log.truth.newest_ms == newest_ms
    assert len(defects.broken_ids) == len(log.letters)


def test_defects_come_in_the_shares_of_the_settings(log):
    settings, defects, lines = log.settings, log.truth.defects, len(log.lines)
    assert defects.duplicates / lines == pytest.approx(settings.duplicate_share, rel=0.4)
    assert defects.disordered / lines == pytest.approx(settings.disorder_share, rel=0.3)
    assert defects.late / lines == pytest.approx(settings.late_share, rel=0.5)
    assert defects.broken_total / lines == pytest.approx(settings.broken_share, rel=0.5)
    assert set(defects.broken) <= set(BREAKAGES)


def test_what_people_do_shows_their_latent_taste(log):
    """The plainest profile, tags summed over signals, finds most viewers' first interest."""
    tags_of = {e["room_id"]: e["tags"] for e in log.events if e["kind"] == "room"}
    profile, signals = defaultdict(Counter), Counter()
    for event in log.events:
        strength = STRENGTH.get(event["kind"], 0.0)
        if event["kind"] == "dwell" and "visit_ms" in event and event["visit_ms"] >= 5_000:
            strength = min(4.0, event["visit_ms"] / 30_000)
        if strength and "user_id" in event and "room_id" in event:
            signals[event["user_id"]] += 1
            for tag in tags_of[event["room_id"]]:
                profile[event["user_id"]][tag] += strength
    bots = set(log.truth.bots)
    at_ms = log.truth.newest_ms
    active = [user for user, count in signals.items() if count >= 20 and user not in bots]
    found = 0
    for user in active:
        wanted = log.truth.top_tags(user, at_ms, 1)[0][0]
        found += wanted in [tag for tag, _ in profile[user].most_common(3)]
    assert len(active) > 30
    assert found / len(active) > 0.75  # by chance: 3 of 24


def test_tastes_sum_to_one_and_are_asked_for_by_either_name(log):
    for person, user_id in log.truth.links.items():
        at_ms = log.truth.newest_ms
        assert log.truth.taste(person, at_ms) == log.truth.taste(user_id, at_ms)
        assert sum(log.truth.taste(person, at_ms).values()) == pytest.approx(1.0)
    with pytest.raises(KeyError):
        log.truth.taste("nobody", 0)


def test_the_erased_say_nothing_more():
    settings = SimulatorSettings(erase_share=0.2, viewers=60, hosts=24, late_share=0.0)
    simulation = Simulation(settings, 2)
    lines = list(simulation.lines(8_000))
    assert len(simulation.truth.erased) > 10
    for user_id in simulation.truth.erased[:10]:
        mine = [line for line in lines if f'"{user_id}"'.encode() in line]
        erased_at = next(i for i, line in enumerate(mine) if b'"kind":"erase"' in line)
        assert len(mine) - erased_at < 5  # only what was still on its way


def test_a_taste_history_answers_for_each_time_and_forgets_the_oldest():
    history = TasteHistory(0, {1: 1.0})
    for at_ms in range(10, 300, 10):
        history.add(at_ms, {at_ms: 1.0})
    assert history.at(205) == {200: 1.0}
    assert history.at(10**9) == history.now == {290: 1.0}
    assert history.at(0) == {140: 1.0}


def test_a_jump_puts_another_tag_first_and_drift_keeps_the_sum():
    tastes = Tastes(preset("demo"), [[0, 1, 2, 3], [4, 5, 6]], Dice(1, "t"))
    history = tastes.born(0)
    tastes.jump(history, 1_000, 6)
    assert max(history.now, key=lambda tag: history.now[tag]) == 6
    assert history.now[6] > 0.55
    tastes.move(history, 30_000)
    assert history.changed_ms == 1_000  # too soon to have changed
    tastes.move(history, 3 * 86_400_000)
    assert history.changed_ms == 3 * 86_400_000
    assert sum(history.now.values()) == pytest.approx(1.0)
