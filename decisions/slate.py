"""A slate: every live room scored for one user, varied, a little explored, each with its reason.

The score is the learned utility over `features.vector`, taken apart: what is the room's alone
stands on the board, what joins user and room is added by look-ups, so a slate costs some passes
over the rooms. Judge: `score_room`, which builds the whole vector and multiplies it out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisions.board import Board, LiveRooms
from decisions.outputs import head
from decisions.settings import SlateSettings
from events.hashing import hash64, uniform
from features.rows import Wish
from features.scene import Scene
from features.vector import VectorSettings, price_fit, user_part
from models.scorer import sigmoid
from models.table import WeightsTable

_EXCLUDED = -np.inf


@dataclass(frozen=True, slots=True)
class Slate:
    """The items, best first, as JSON, and the score of the last place."""

    body: bytes
    rooms: list[str]
    last_score: float


class Ranker:
    """Scores, varies and explains; holds no state of any user."""

    def __init__(self, settings: SlateSettings, vector: VectorSettings) -> None:
        self.settings = settings
        self.vector = vector

    def scores(self, wish: Wish, board: Board, live: LiveRooms) -> NDArray[np.float64]:
        """The utility of each live room for the user, in logits; -inf where it is kept out."""
        m10, m1h, m24, m7d, lift, affinity, followed, fit, shown_before, hour, activity, appetite = (
            board.user_coefficients
        )
        view, content = wish.view, board.content
        score = np.zeros(live.count)
        number_of = content.tag_number
        pairs = [
            (number, a * m10 + b * m1h + c * m24 + d * m7d + e * lift)
            for tag, (a, b, c, d, e) in view.tags.items()
            if (number := number_of.get(tag)) is not None
        ]
        if pairs:
            by_tag = np.zeros(len(number_of) + 1)
            places, values = zip(*pairs, strict=True)
            by_tag[list(places)] = values
            for row in live.tags:
                score += by_tag.take(row)
            score *= live.tag_share
        if view.hosts or view.follows:
            by_host = np.zeros(len(content.host_number))
            for host, value in view.hosts.items():
                if host in content.host_number:
                    by_host[content.host_number[host]] += value * affinity
            for host in view.follows:
                if host in content.host_number:
                    by_host[content.host_number[host]] += followed
            score += by_host.take(live.hosts)
        if view.log_price is not None and fit:
            half = self.vector.price_half
            score += fit * half / (half + np.abs(live.log_price - view.log_price))
        score += view.hour_activity * hour + view.activity * activity + view.appetite * appetite
        score += board.base
        for room_id, times in wish.shown.items():
            place = live.place.get(room_id)
            if place is not None:
                score[place] += shown_before * times / (times + self.vector.shown_half)
        self._keep_out(score, wish, board, live)
        return score

    @staticmethod
    def _keep_out(score: NDArray[np.float64], wish: Wish, board: Board, live: LiveRooms) -> None:
        """Rooms just left, and what the user has muted."""
        for room_id in wish.left_rooms:
            place = live.place.get(room_id)
            if place is not None:
                score[place] = _EXCLUDED
        for host in wish.muted_hosts:
            number = board.content.host_number.get(host)
            if number is not None:
                score[live.hosts == number] = _EXCLUDED
        for tag in wish.muted_tags:
            number = board.content.tag_number.get(tag)
            if number is not None:
                for row in live.tags:
                    score[row == number] = _EXCLUDED

    def score_room(self, wish: Wish, scene: Scene, table: WeightsTable, number: int) -> float:
        """The utility of one room, by the whole vector; mutes and rooms left aside."""
        content = scene.content
        room_id = content.ids[number]
        vector = [
            *scene.matrix[number].tolist(),
            *user_part(
                wish.view,
                content.room_tags[number],
                content.host_ids[number],
                content.log_prices[number],
                wish.shown.get(room_id, 0),
                self.vector,
            ),
        ]
        total = table.rank.intercept
        for value, coefficient in zip(vector, table.rank.coef.tolist(), strict=False):
            total += value * coefficient
        return total

    def slate(self, wish: Wish, board: Board, live: LiveRooms, version: int, at_ms: int) -> Slate:
        """The user's list as of now."""
        score = self.scores(wish, board, live)
        best = _best(score, self.settings.pool)
        request_id = f"{hash64(wish.user_id):016x}-{version}"
        chosen, propensities = self._choose(best, live, request_id)
        picked = score[chosen].tolist()
        own = self._tag_values(wish, board)
        items = ",".join(
            self._item(wish, board, live, own, place, value, propensity)
            for place, value, propensity in zip(chosen, picked, propensities, strict=True)
        )
        tail = f'"request_id":"{request_id}","model":"utility@{board.second}","items":[{items}]}}'
        last = min(picked) if len(picked) >= self.settings.items_max else _EXCLUDED
        return Slate(
            head(version, at_ms) + tail.encode(), [live.ids[place] for place in chosen], last
        )

    def _choose(
        self, best: list[int], live: LiveRooms, request_id: str
    ) -> tuple[list[int], list[float]]:
        """At most so many rooms a host and a tag, some slots drawn from the rest of the pool.

        The propensity of an item is the probability that its slot held it, given those before.
        """
        settings = self.settings
        hosts: Counter[int] = Counter()
        tags: Counter[str] = Counter()
        varied: list[int] = []
        crowded: list[int] = []
        host_of, tags_of = live.hosts.take(best).tolist() if best else [], live.room_tags
        for place, host in zip(best, host_of, strict=True):
            room_tags = tags_of[place]
            if (
                hosts[host] >= settings.host_max
                or len(varied) >= settings.items_max
                or any(tags[tag] >= settings.tag_max for tag in room_tags)
            ):
                crowded.append(place)
                continue
            hosts[host] += 1
            for tag in room_tags:
                tags[tag] += 1
            varied.append(place)
        missing = settings.items_max - len(varied)
        if missing > 0:
            varied += crowded[:missing]
            crowded = crowded[missing:]
        share = settings.explore_share
        propensities = [1.0] * len(varied)
        if share <= 0.0 or not crowded:
            return varied, propensities
        for slot in range(len(varied)):
            draw = uniform(f"{request_id}/{slot}", settings.seed)
            if not crowded:
                continue
            if draw < share:
                drawn = crowded.pop(int(draw / share * len(crowded)))
                propensities[slot] = share / (len(crowded) + 1)
                varied[slot] = drawn
            else:
                propensities[slot] = 1.0 - share
        return varied, propensities

    @staticmethod
    def _tag_values(wish: Wish, board: Board) -> dict[str, float]:
        m10, m1h, m24, m7d, lift = board.user_coefficients[:5]
        return {
            tag: value
            for tag, (a, b, c, d, e) in wish.view.tags.items()
            if (value := a * m10 + b * m1h + c * m24 + d * m7d + e * lift) > 0.0
        }

    def _item(
        self,
        wish: Wish,
        board: Board,
        live: LiveRooms,
        own: dict[str, float],
        place: int,
        score: float,
        propensity: float,
    ) -> str:
        """One item as JSON: its source, and at most two reasons, the user's own first."""
        reason, worth, source = "", self.settings.reason_min, "popular"
        for tag in live.room_tags[place]:
            value = own.get(tag, 0.0)
            if value > worth:
                reason, worth, source = live.tag_texts[tag], value, "match"
        view, host = wish.view, live.host_ids[place]
        affinity, followed = board.user_coefficients[5], board.user_coefficients[6]
        value = view.hosts.get(host, 0.0) * affinity
        if host in view.follows:
            value += followed
        if value > worth or host in view.follows:
            code = "followed_host" if host in view.follows else "trusted_host"
            reason, worth, source = f'["{code}",{live.host_texts[host]}]', value, "host"
        if view.log_price is not None:
            price = float(live.log_price[place])
            fit = board.user_coefficients[7] * price_fit(
                view.log_price, price, self.vector.price_half
            )
            if fit > worth:
                reason, source = '["price_fit"]', "match"
        explored = propensity < self.settings.explore_share
        if explored:
            source, reason = "explore", '["exploration"]'
        also = board.base_reasons[place]
        reasons = f"{reason},{also}" if reason and also else reason or also or '["newcomer"]'
        return (
            f'{{"room_id":{live.id_texts[place]},"score":{sigmoid(score):.4f},'
            f'"source":"{source}","reasons":[{reasons}],"propensity":{propensity:.6g}}}'
        )


def _best(score: NDArray[np.float64], count: int) -> list[int]:
    """The places of the highest finite scores, best first, ties by place."""
    if len(score) > count:
        threshold = np.partition(score, len(score) - count)[len(score) - count]
        places = np.flatnonzero(score >= threshold)
    else:
        places = np.arange(len(score))
    values = score[places]
    order = np.lexsort((places, -values))
    ranked: list[int] = places[order][:count].tolist()
    finite = np.isfinite(values[order][:count])
    return ranked if finite.all() else [p for p, ok in zip(ranked, finite, strict=True) if ok]
