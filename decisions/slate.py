"""A slate: every live room scored for one user, varied, a little explored, each with its reason.

The score is the learned utility over `features.vector`, taken apart: what is the room's alone
stands on the board, what joins user and room is added by look-ups, so a slate costs some passes
over the rooms. Judge: `decisions.column`, which builds the whole vector and multiplies it out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from decisions.best import best_places
from decisions.board import Board, LiveRooms
from decisions.diversified import diversified
from decisions.explore import chances, explore
from decisions.items import items_json
from decisions.kept_out import keep_out
from decisions.outputs import head
from decisions.reasons import whys_of
from decisions.settings import SlateSettings
from decisions.trusted import favour
from events.hashing import hash64
from features.rows import Wish
from features.vector import (
    LIFT_SCALE,
    TASTE_SCALE,
    VectorSettings,
    View,
    focus,
    lift,
)

_EXCLUDED = -np.inf
_BEHIND = 1e6
"""Logits: further than any two rooms lie apart."""


@dataclass(slots=True)
class Slate:
    """The items, best first, as JSON; the score of the last place; which slots were explored.

    Not frozen, which would make it three times as dear.
    """

    body: bytes
    places: list[int]
    live: LiveRooms
    last_score: float
    explored: tuple[int, ...] = ()
    own: dict[str, float] = field(default_factory=dict)
    """The user's `tag_values`, for whoever ranks more by them."""

    @property
    def rooms(self) -> list[str]:
        """The rooms' ids, looked up only where they are asked for: they lie scattered in memory."""
        return [self.live.ids[place] for place in self.places]


class Ranker:
    """Scores, varies and explains; holds no state of any user."""

    def __init__(self, settings: SlateSettings, vector: VectorSettings) -> None:
        self.settings = settings
        self.vector = vector

    def tag_values(self, view: View, board: Board) -> dict[str, float]:
        """What each tag that the user gave signals for adds to a room that has only this tag."""
        m10, m1h, m24, m7d, lifted, focused = board.user_coefficients[:6]
        h10, h1h, h24, h7d = self.vector.tag_halves
        shown_for, appetite, prior = view.exposure.get, view.appetite, self.vector.lift_prior
        most, half = view.most, self.vector.focus_half * 1000.0
        own: dict[str, float] = {}
        for tag, (a, b, c, d) in view.weights.items():
            own[tag] = (
                m10 * (a / (abs(a) + h10))
                + m1h * (b / (abs(b) + h1h))
                + m24 * (c / (abs(c) + h24))
                + m7d * (d / (abs(d) + h7d))
                + lifted * lift(d, shown_for(tag, 0.0), appetite, prior)
                + focused * focus(d, most, half)
            )
        return own

    def _by_tag(self, view: View, board: Board, own: dict[str, float]) -> NDArray[np.float64]:
        """What each tag adds, by number; tags that were shown in vain have a lift as well."""
        number_of, prior = board.content.tag_number, self.vector.lift_prior
        scale, appetite = -LIFT_SCALE * board.user_coefficients[4], view.appetite
        by_tag: NDArray[np.float64] = np.zeros(len(number_of) + 1)
        put = cast("memoryview[float]", by_tag.data)
        for tag, exposure in view.exposure.items():
            number = number_of.get(tag)
            if number is not None:
                expected = exposure * appetite
                put[number] = expected / (expected + prior) * scale
        for tag, value in own.items():
            number = number_of.get(tag)
            if number is not None:
                put[number] = value
        return by_tag

    def scores(
        self, wish: Wish, board: Board, live: LiveRooms, own: dict[str, float]
    ) -> NDArray[np.float64]:
        """The utility of each live room for the user, in logits; -inf where it is kept out.

        `own` are the user's `tag_values`.
        """
        return self.ranked(wish, board, live, own)[0]

    def ranked(
        self, wish: Wish, board: Board, live: LiveRooms, own: dict[str, float]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`scores`, and what rooms are ranked by: tags that speak for a newcomer count for more."""
        aired, taste, affinity, followed, fit, shown_before, hour, activity, appetite = (
            board.user_coefficients[6:]
        )
        view = wish.view
        constant = (
            view.hour_activity * hour
            + view.activity * activity
            + math.log(view.appetite) * appetite
        )
        score: NDArray[np.float64] = board.base + constant
        boost: NDArray[np.float64] | None = None
        if live.tags and (own or view.exposure):
            by_tag = self._by_tag(view, board, own)
            # All numbers are within: wrapping is the mode that costs least.
            matched = by_tag.take(live.tags[0], mode="wrap")
            for row in live.tags[1:]:
                matched += by_tag.take(row, mode="wrap")
            matched *= live.tag_share
            score += matched
            if board.boosts is not None:
                # What speaks against a newcomer counts as it is. (One 0.0 costs more than many.)
                boost = np.maximum(matched, live.zeros, out=matched)
                boost *= board.boosts
        if aired and board.air is not None:
            board.air.add(score, view, aired, self.vector.focus_half * 1000.0)
        if taste:
            for wanted, column in zip(view.taste, live.attributes, strict=False):
                score += column * (TASTE_SCALE * taste * wanted)
        if view.log_price is not None and fit:
            half = self.vector.price_half
            score += fit * half / (half + np.abs(live.log_price - view.log_price))
        each = cast("memoryview[float]", score.data)
        self._add_to_few(each, wish, live, affinity, followed, shown_before)
        near = board.near_values(view, wish.user_id)
        if near is not None:
            score += near[0]
        liked = board.segment_values(view)
        if liked is not None:
            score += liked
        fit = board.fit_values(view)
        if fit is not None:
            score += fit
        keep_out(score, wish, board, live)
        if boost is None:
            return score, score
        boost += score
        return score, boost

    def _with_seen(
        self, wish: Wish, board: Board, live: LiveRooms, own: dict[str, float],
        fresh: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
        """`ranked`, where too few rooms are left: those just seen stand behind all the others."""
        score, by = self.ranked(msgspec.structs.replace(wish, seen_rooms=[]), board, live, own)
        seen = np.isfinite(score) & ~np.isfinite(fresh)
        by = by.copy()
        by[seen] -= _BEHIND
        return score, by

    def _add_to_few(
        self, score: memoryview[float], wish: Wish, live: LiveRooms,
        affinity: float, followed: float, shown_before: float,
    ) -> None:  # fmt: skip
        """What is added to some rooms alone: of hosts known to the user, and shown before.

        Reached through a memory view, where one number costs half of what it does in an array.
        """
        hosts, follows, half = wish.view.hosts, wish.view.follows, self.vector.shown_half
        for host in {**hosts, **follows} if follows else hosts:
            trust = hosts.get(host, 0.0) * affinity + (followed if host in follows else 0.0)
            for place in live.places_of(host):
                score[place] += trust
        places = live.place
        for room_id, times in wish.shown.items():
            if room_id in places:
                score[places[room_id]] += shown_before * times / (times + half)

    def slate(self, wish: Wish, board: Board, live: LiveRooms, version: int, at_ms: int) -> Slate:
        """The user's list as of now."""
        own = self.tag_values(wish.view, board)
        score, by = self.ranked(wish, board, live, own)
        best = best_places(by, self.settings.pool)
        if len(best) < self.settings.fresh_min and wish.seen_rooms:
            score, by = self._with_seen(wish, board, live, own, score)
            best = best_places(by, self.settings.pool)
        least = self.settings.trusted_min
        favoured, won = favour(by, wish.view, board, live, least, -_BEHIND / 2.0)
        if favoured is not by:
            by = favoured
            best = best_places(by, self.settings.pool)
        request_id = f"{hash64(f'{version}/{wish.user_id}'):016x}"
        if self.settings.diversity > 0.0:
            diversity, count = self.settings.diversity, self.settings.items_max
            best = diversified(best, by.take(best), live.tag_numbers, diversity, count)
        chosen, rest = self._choose(best, live)
        # With less left than there are slots it could run out, and propensities would not be exact.
        explores = self.settings.explore_share > 0.0 and len(rest) >= len(chosen)
        share, seed = self.settings.explore_share, self.settings.seed

        def weigh(rooms: list[int]) -> list[float]:
            numbers = np.array(rooms, np.intp)
            return chances(score.take(numbers), board.optimism.take(numbers), self.settings)

        explored = explore(chosen, rest, request_id, share, seed, weigh) if explores else {}
        places = np.array(chosen, np.intp)
        half, person = self.vector.price_half, wish.user_id
        whys = whys_of(wish.view, person, board, live, chosen, own, half, won)
        propensity = 1.0 - share if explores else 1.0
        items = items_json(live, chosen, score.take(places), whys, explored, propensity)
        body = f'"request_id":"{request_id}","model":"utility@{board.second}",{items}}}'
        is_full = len(chosen) >= self.settings.items_max
        # Of so few, numbers of Python are compared sooner than those of an array.
        last: float = min(by.take(places).tolist()) if is_full else _EXCLUDED
        whole = head(version, at_ms) + body.encode()
        return Slate(whole, chosen, live, last, tuple(explored), own)

    def _choose(self, best: list[int], live: LiveRooms) -> tuple[list[int], list[int]]:
        """The best places with at most so many a host and a tag, and the rest of the pool."""
        settings, host_of, tags_of = self.settings, live.host_numbers, live.tag_numbers
        missing, host_max, tag_max = settings.items_max, settings.host_max, settings.tag_max
        hosts: dict[int, int] = {}
        beside = [0] * live.tag_count
        full: set[int] = set() if tag_max > 0 else set(range(1, live.tag_count))
        varied: list[int] = []
        rest: list[int] = []
        # Most often no host has more rooms than that.
        is_crowded = live.rooms_a_host > host_max
        for place in best:
            if is_crowded and hosts.get(host_of[place], 0) >= host_max:
                rest.append(place)
                continue
            numbers = tags_of[place]
            if full and not full.isdisjoint(numbers):
                rest.append(place)
                continue
            for number in numbers:
                beside[number] = count = beside[number] + 1
                if count == tag_max:
                    full.add(number)
            if is_crowded:
                hosts[host_of[place]] = hosts.get(host_of[place], 0) + 1
            varied.append(place)
            missing -= 1
            if not missing:
                rest += best[len(varied) + len(rest) :]
                break
        if missing > 0:
            varied += rest[:missing]
            rest = rest[missing:]
        return varied, rest
