"""Every setting of the product in one typed place: defaults, a TOML file, then the environment.

A section is a settings dataclass of the room that uses it. `LIVELOOM_SECTION_NAME` in the
environment overrides `name` in `[section]` of the file.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from decisions.push.settings import PushSettings
from decisions.settings import SlateSettings
from evaluation.settings import BoundSettings
from events.clock import ClockSettings
from events.decode import DecodeSettings
from events.logs import LogSettings
from events.setting import check, setting
from features.catalogue import CatalogueSettings
from features.content import ContentSettings
from features.identity import IdentitySettings
from features.join import JoinSettings
from features.more import MoreSettings
from features.neighbours import NeighbourSettings
from features.observed import ObserveSettings
from features.people import PeopleSettings
from features.recent import RecentSettings
from features.rooms import RoomSettings
from features.scene import SceneSettings
from features.segment_rows import SegmentSettings
from features.sides import SideSettings
from features.strengths import StrengthSettings
from features.vector import VectorSettings, names
from flows.kafka_settings import KafkaSettings
from models.factor_settings import FactorSettings
from models.factor_table import FACTOR_NAMES
from models.settings import LearnSettings, unmatched_priors
from sinks.settings import RedisSettings


class SettingsError(ValueError):
    """A setting is unknown or has a wrong value; the message says which and what is allowed."""


@dataclasses.dataclass(frozen=True)
class FlowSettings:
    """How the dataflow is cut and paced."""

    shards: int = setting(64, "shards", "Fixed for the life of a recovery folder.", least=1)
    lateness_ms: int = setting(10_000, "ms", "How late an event may come and still be in order.")
    table_slack_s: int = setting(
        2, "s", "A table is used this long after its last event could come; room for it to travel."
    )
    chunk_rows: int = setting(
        16_384, "rows", "A round of a replay: larger is little faster, and held at once.", least=1
    )
    chunk_s: int = setting(
        60,
        "s of event time",
        "A round of over a thousand rows ends after this: shards share what holds for a second.",
        least=1,
    )
    chunk_changes: int = setting(
        24,
        "changes",
        "A round ends where the catalogue has changed so often: shards share what is made of it.",
        least=1,
    )
    epoch_s: float = setting(10.0, "s", "How often state is made durable; a crash repeats this.")
    cache_mb: int = setting(
        64, "MB a process and step", "With recovery: what is read again soon of users on disk."
    )
    epoch_rows_max: int = setting(
        500_000,
        "rows",
        "Live: rows read in one epoch, so that no process runs far ahead of another.",
        least=1,
    )
    ahead_rows_max: int = setting(
        131_072,
        "rows",
        "In a replay: rows read that another process has still before it; a few rounds.",
        least=1,
    )
    deliver_parts: int = setting(
        2,
        "partitions",
        "Of delivery, each with its connection; fixed for a recovery folder.",
        least=1,
    )
    cards_every_s: int = setting(10, "s of event time", "How often model cards are rewritten.")
    seed: int = setting(1, "number", "Of sampled negatives.")
    tables_frozen: bool = setting(
        False,
        "yes/no",
        "To compare runs: decide by tables as they began, live by all partitions' rows in order.",
    )


@dataclasses.dataclass(frozen=True)
class Settings:
    """All sections."""

    flow: FlowSettings = dataclasses.field(default_factory=FlowSettings)
    kafka: KafkaSettings = dataclasses.field(default_factory=KafkaSettings)
    decode: DecodeSettings = dataclasses.field(default_factory=DecodeSettings)
    clock: ClockSettings = dataclasses.field(default_factory=ClockSettings)
    log: LogSettings = dataclasses.field(default_factory=LogSettings)
    strengths: StrengthSettings = dataclasses.field(default_factory=StrengthSettings)
    catalogue: CatalogueSettings = dataclasses.field(default_factory=CatalogueSettings)
    content: ContentSettings = dataclasses.field(default_factory=ContentSettings)
    rooms: RoomSettings = dataclasses.field(default_factory=RoomSettings)
    neighbours: NeighbourSettings = dataclasses.field(default_factory=NeighbourSettings)
    recent: RecentSettings = dataclasses.field(default_factory=RecentSettings)
    segments: SegmentSettings = dataclasses.field(default_factory=SegmentSettings)
    scene: SceneSettings = dataclasses.field(default_factory=SceneSettings)
    identity: IdentitySettings = dataclasses.field(default_factory=IdentitySettings)
    people: PeopleSettings = dataclasses.field(default_factory=PeopleSettings)
    observe: ObserveSettings = dataclasses.field(default_factory=ObserveSettings)
    join: JoinSettings = dataclasses.field(default_factory=JoinSettings)
    vector: VectorSettings = dataclasses.field(default_factory=VectorSettings)
    learn: LearnSettings = dataclasses.field(default_factory=LearnSettings)
    factors: FactorSettings = dataclasses.field(default_factory=FactorSettings)
    sides: SideSettings = dataclasses.field(default_factory=SideSettings)
    slate: SlateSettings = dataclasses.field(default_factory=SlateSettings)
    more: MoreSettings = dataclasses.field(default_factory=MoreSettings)
    push: PushSettings = dataclasses.field(default_factory=PushSettings)
    redis: RedisSettings = dataclasses.field(default_factory=RedisSettings)
    bounds: BoundSettings = dataclasses.field(default_factory=BoundSettings)

    @property
    def table_delay_s(self) -> int:
        """How old a table is at least when it is used."""
        return self.flow.lateness_ms // 1000 + self.flow.table_slack_s

    @property
    def audience_min(self) -> int | None:
        """Thousandths from which on a signal is an engagement; None where neighbours are off."""
        return round(self.neighbours.strength_min * 1000) if self.neighbours.on else None

    @property
    def segmented(self) -> SegmentSettings | None:
        """How users are sorted by their records; None where they are not."""
        return self.segments if self.segments.on else None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features of the vector, in its order."""
        return (*self.observed_names, *(FACTOR_NAMES if self.factors.on else ()))

    @property
    def observed_names(self) -> tuple[str, ...]:
        """Those whose values OBSERVE knows; LEARN and DECIDE add the others."""
        attending = self.attending
        near = attending.near_names if attending else ()
        return names(self.catalogue.attributes, near, self.segments.on)

    @property
    def attending(self) -> RecentSettings | None:
        """How a user's last rooms are attended to; None where neighbours are off."""
        if not self.neighbours.on:
            return None
        return dataclasses.replace(self.recent, users=self.neighbours.users)

    @property
    def recents(self) -> RecentSettings | None:
        """How rooms engaged with last are kept; None where nothing goes by them."""
        by_factors = self.factors.on and "rooms" in self.sides.user
        return self.attending or (self.recent if by_factors else None)

    @property
    def learning(self) -> LearnSettings:
        """The learners' settings, with the delays that other sections say."""
        return dataclasses.replace(
            self.learn,
            table_delay_s=self.table_delay_s,
            label_horizon_s=self.join.label_horizon_s,
            factor_prior=self.factors.prior,
        )


def load(path: str | None, environment: Mapping[str, str], overlay: str | None = None) -> Settings:
    """The settings of a TOML file (none: the defaults), overridden by the environment.

    An `overlay` is a second file, whose settings stand before the first one's.
    """
    values: dict[str, dict[str, Any]] = {}
    for file in filter(None, (path, overlay)):
        for section, entries in _read(file).items():
            if not isinstance(entries, Mapping):
                raise SettingsError(
                    f"{section} is no section: write [section] and its settings below"
                )
            values.setdefault(section, {}).update(entries)
    for name, text in environment.items():
        place = _place(name)
        if place is not None:
            values.setdefault(place[0], {})[place[1]] = text
    settings = _build(values)
    unknown = unmatched_priors(settings.learn, settings.feature_names)
    if unknown:
        raise SettingsError(
            f"learn: priors or baselines name {', '.join(unknown)}, and no feature's name begins "
            "so; features/vector.py has them all"
        )
    return settings


def _read(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(f"{path} cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8, as TOML must be") from None
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"{path} is not TOML: {problem}") from None


def _place(variable: str) -> tuple[str, str] | None:
    """Section and name of an environment variable that overrides a setting."""
    if not variable.startswith("LIVELOOM_"):
        return None
    rest = variable.removeprefix("LIVELOOM_").lower()
    for section in dataclasses.fields(Settings):
        if rest.startswith(section.name + "_"):
            return section.name, rest.removeprefix(section.name + "_")
    return None


def _build(values: Mapping[str, Mapping[str, Any]]) -> Settings:
    kinds = typing.get_type_hints(Settings)
    sections = {}
    for section, entries in values.items():
        if section not in kinds:
            raise SettingsError(f"no section [{section}]; there are {', '.join(sorted(kinds))}")
        if not isinstance(entries, Mapping):
            raise SettingsError(f"{section} is a section: write [{section}] and its settings below")
        sections[section] = _section(section, kinds[section], entries)
    return Settings(**sections)


def _section(section: str, kind: Any, entries: Mapping[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    for entry in dataclasses.fields(kind):
        if "derived" in entry.metadata:
            del hints[entry.name]
    known = {}
    for name, value in entries.items():
        if name not in hints:
            raise SettingsError(
                f"no setting {section}.{name}; there are {', '.join(sorted(hints))}"
            )
        try:
            known[name] = _convert(value, hints[name])
        except (msgspec.MsgspecError, ValueError) as problem:
            raise SettingsError(f"{section}.{name}: {problem}") from None
    try:
        made = kind(**known)
        check(made)
        return made
    except ValueError as problem:
        raise SettingsError(f"[{section}]: {problem}") from None


def _convert(value: Any, hint: Any) -> Any:
    """A TOML value, or a text from the environment, as the setting's type."""
    origin = typing.get_origin(hint)
    if isinstance(value, str) and hint is not str and origin is not types.UnionType:
        if hint is bool:
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if value.lower() not in words:
                raise ValueError(f"{value!r} is neither true nor false")
            return words[value.lower()]
        value = msgspec.json.decode(value) if origin else value
    return msgspec.convert(value, hint, strict=False)
