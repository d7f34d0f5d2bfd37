"""The catalogue: hosts, their products and their rooms, made from a seed."""

from __future__ import annotations

import math

from simulator.cast import Host, Product, Room
from simulator.dice import Dice
from simulator.settings import SimulatorSettings
from simulator.words import BRANDS, HOST_NAMES_EN, HOST_NAMES_ZH, MODELS, NAMED_POINTS, tag_groups


class Catalog:
    """All hosts and their present rooms, made from a seed."""

    def __init__(self, settings: SimulatorSettings, dice: Dice) -> None:
        self._settings = settings
        self._dice = dice
        names = tag_groups(settings.tags, settings.named_tags)
        self.tags: list[str] = [tag for group in names for tag in group]
        self.number_of: dict[str, int] = {tag: i for i, tag in enumerate(self.tags)}
        self.groups: list[list[int]] = [[self.number_of[t] for t in group] for group in names]
        self.points: tuple[str, ...] = NAMED_POINTS if settings.named_tags else tuple(self.tags)
        self._rooms_made = 0
        self._group_of = {tag: g for g, group in enumerate(self.groups) for tag in group}
        self.hosts = [self._host(i) for i in range(settings.hosts)]

    def names(self, tags: tuple[int, ...]) -> list[str]:
        """The names of tags, in their order."""
        return [self.tags[tag] for tag in tags]

    def _host(self, number: int) -> Host:
        dice = self._dice
        # The first hosts cover every tag once; the others flock to the common groups.
        if number < len(self.tags):
            main = number * 7 % len(self.tags) if len(self.tags) % 7 else number
        else:
            main = dice.pick(self.groups[int(dice.random() ** 1.5 * len(self.groups))])
        near = [tag for tag in self.groups[self._group_of[main]] if tag != main]
        tags = (main, *dice.distinct(near, self._settings.room_tags - 1))
        others = [tag for tag in range(len(self.tags)) if tag not in tags]
        tags += tuple(dice.distinct(others, self._settings.room_tags - len(tags)))
        english = dice.chance(0.3)
        followers = int(300 * math.exp(1.4 * dice.normal() + 1.5))
        first = dice.pick(HOST_NAMES_EN if english else HOST_NAMES_ZH)
        host = Host(
            number=number,
            host_id=f"h{number + 1:04d}",
            name=f"{first} {number + 1}" if english else f"{first}{number + 1}号",
            tags=tags,
            followers=followers,
            trust=round(min(1.0, dice.between(0.55, 1.05)), 3),
            price_level=round(dice.random(), 3),
            english=english,
        )
        host.products = tuple(self._product(host, i) for i in range(self._settings.host_products))
        return host

    def _product(self, host: Host, i: int) -> Product:
        dice = self._dice
        main = host.tags[0] if i == 0 else dice.pick(host.tags)
        rest = [tag for tag in host.tags if tag != main]
        tags = (main, *dice.distinct(rest, 1)) if dice.chance(0.5) else (main,)
        price = round(8.0 * math.exp(3.2 * host.price_level + 0.4 * dice.normal()), 2)
        title = f"{dice.pick(BRANDS)} {self.tags[main]} {dice.pick(MODELS)}"
        return Product(f"p{host.number + 1:04d}-{i + 1}", title, tags, price, self.tags[main])

    def open_room(self, host: Host, start_ms: int, end_ms: int) -> Room:
        """The host's next room, scheduled; it replaces the host's last one."""
        dice = self._dice
        self._rooms_made += 1
        tag = self.tags[host.tags[0]]
        title = f"{host.name}: {tag} night" if host.english else f"{host.name}的{tag}专场"
        shown = dice.distinct(host.products, max(1, len(host.products) - dice.whole(0, 2)))
        if host.products[0] not in shown:
            shown[0] = host.products[0]
        host.room = Room(
            room_id=f"r{self._rooms_made:05d}",
            host=host,
            title=title,
            tags=host.tags,
            products=tuple(shown),
            start_ms=start_ms,
            end_ms=end_ms,
            pull=(host.followers**0.5) * dice.between(0.5, 1.5),
            hook=dice.between(0.4, 1.6),
            appeal=host.tags,
        )
        return host.room
