"""How large the simulated world is, how its people behave, and what goes wrong on the wire."""

from __future__ import annotations

from dataclasses import dataclass, replace

from events.setting import setting


@dataclass(frozen=True)
class SimulatorSettings:
    """Every number of the simulated world; the presets below are the ones that are used."""

    start_ms: int = setting(1_750_246_200_000, "ms", "First event time: an evening in Shanghai.")
    events_per_second: float = setting(25.0, "1/s", "Events of persons a second of event time.")
    daily_rhythm: bool = setting(True, "yes/no", "Whether viewers come in their own waking hours.")
    in_turn_share: float = setting(
        0.0, "share", "Sessions of whoever was away longest, not by chance."
    )

    viewers: int = setting(300, "people", "People in the world, bots included.")
    hosts: int = setting(40, "hosts", "Hosts; each has one room at a time.")
    live_share: float = setting(0.65, "share", "Share of rooms that are live at the first event.")
    live_s: float = setting(5_400.0, "s", "Mean length of a broadcast; 0: without end.")
    ahead_s: float = setting(9_000.0, "s", "Scheduled rooms start within this time.")
    next_day_share: float = setting(
        0.2, "share", "Share of scheduled rooms that start a day later."
    )
    tags: int = setting(24, "tags", "Tags of the catalogue.")
    named_tags: bool = setting(True, "yes/no", "Readable tags and points instead of numbered ones.")
    room_tags: int = setting(3, "tags a room", "Tags a room.")
    host_products: int = setting(
        6, "products a host", "Products a host; a room shows some of them."
    )
    on_air_s: float = setting(150.0, "s", "Mean time that a product stays on air.")

    taste_tags: int = setting(4, "tags a viewer", "Tags that a viewer has a taste for.")
    alike_share: float = setting(
        0.0, "share", "Viewers whose main interests are those of their kind and language."
    )
    drift_per_day: float = setting(
        0.25, "log units", "Standard deviation of a day's drift of log taste."
    )
    jumps_per_day: float = setting(0.15, "1/day", "How often a viewer's main taste is replaced.")
    activity_sigma: float = setting(0.7, "log units", "Spread of log activity between viewers.")
    bot_share: float = setting(0.01, "share", "Share of viewers that are bots.")
    anonymous_share: float = setting(0.12, "share", "Share of viewers who begin as a device.")
    nickname_share: float = setting(0.03, "share", "Share who begin as a nickname on a platform.")
    login_share: float = setting(
        0.4, "share", "Share of an unknown viewer's sessions with a log-in."
    )
    user_event_share: float = setting(0.95, "share", "Share of viewers with a `user` event.")
    push_consent_share: float = setting(0.6, "share", "Share of those who allow pushes.")
    no_profiling_share: float = setting(0.03, "share", "Share of those who forbid profiling.")
    quiet_hours_share: float = setting(0.3, "share", "Share of those who set quiet hours.")
    silence_share: float = setting(0.01, "share", "Share of sessions that are somebody's last.")
    erase_share: float = setting(0.0005, "share", "Share of sessions that end with an erasure.")

    list_size: int = setting(10, "rooms", "Rooms an impression list.")
    lists_per_session: float = setting(3.0, "lists", "Mean impression lists a session.")
    explore_share: float = setting(0.1, "share", "Share of the logging policy that is uniform.")
    popular_share: float = setting(0.35, "share", "Share of the logging policy that is popularity.")
    click_share: float = setting(0.08, "share", "Clicks an impression.")
    quick_leave_share: float = setting(0.25, "share", "Visits that end within 5 s.")
    visit_s: float = setting(60.0, "s", "Mean stay of those who do not leave at once.")
    dwell_every_s: float = setting(30.0, "s", "Time between the dwell events of a visit.")
    comments_per_click: float = setting(
        0.04, "events a click", "Comments a click, as in real live logs."
    )
    likes_per_click: float = setting(
        0.037, "events a click", "Like events a click, as in real live logs."
    )
    gifts_per_click: float = setting(
        0.015, "events a click", "Gifts a click, as in real live logs."
    )
    view_share: float = setting(0.08, "share", "Visits in which a product page is opened.")
    card_share: float = setting(0.02, "share", "Visits in which a product card is shown.")
    search_share: float = setting(0.06, "share", "Lists that follow a search.")
    aside_share: float = setting(0.03, "share", "Lists after which a viewer mutes, dismisses, … .")
    preview_share: float = setting(0.05, "share", "Lists after which a scheduled room is seen.")
    refund_after_s: float = setting(1_200.0, "s", "Mean time from an order to its refund.")
    pushes_a_start: int = setting(20, "pushes", "Pushes sent when a room starts, without a flow.")

    duplicate_share: float = setting(0.002, "share", "Lines that come a second time.")
    duplicate_after_ms: int = setting(8_000, "ms", "Longest wait of a second copy.")
    disorder_share: float = setting(0.01, "share", "Lines that are overtaken, but not late.")
    disorder_ms: int = setting(5_000, "ms", "Longest delay of a line that is not late.")
    late_share: float = setting(0.001, "share", "Lines that come after the allowed lateness.")
    late_ms: int = setting(120_000, "ms", "Longest delay of a late line.")
    allowed_lateness_ms: int = setting(10_000, "ms", "From this delay on a line is late.")
    broken_share: float = setting(0.001, "share", "Events of which a broken copy comes as well.")
    truth_ids: int = setting(200_000, "ids", "Event ids kept for each defect; counts go on.")

    def __post_init__(self) -> None:
        """Refuse a world in which nothing could happen; ValueError names the setting."""
        for name in ("events_per_second", "viewers", "hosts", "host_products", "list_size"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: must be above 0, not {getattr(self, name)}")
        if self.tags < max(self.room_tags, self.taste_tags):
            raise ValueError(f"tags: {self.tags} are fewer than a room or a taste needs")
        if self.explore_share + self.popular_share > 1.0:
            raise ValueError("explore_share and popular_share: more than 1 together")


_BENCH = SimulatorSettings(
    events_per_second=1_000.0,
    daily_rhythm=False,
    in_turn_share=0.85,
    viewers=50_000,
    hosts=2_000,
    live_share=1.0,
    live_s=0.0,
    tags=200,
    named_tags=False,
    host_products=3,
    on_air_s=300.0,
    activity_sigma=0.25,
    bot_share=0.002,
    user_event_share=0.3,
    lists_per_session=1.3,
    click_share=0.05,
    visit_s=16.0,
    card_share=0.0,
    search_share=0.02,
    aside_share=0.01,
    duplicate_share=0.001,
    disorder_share=0.005,
    late_share=0.0002,
    broken_share=0.0001,
)

PRESETS: dict[str, SimulatorSettings] = {
    "demo": SimulatorSettings(),
    "strangers": SimulatorSettings(viewers=3_000, alike_share=0.7, anonymous_share=0.0),
    "bench": _BENCH,
    "bench_dense": replace(_BENCH, click_share=0.085, visit_s=210.0, quick_leave_share=0.15),
}


def preset(name: str) -> SimulatorSettings:
    """The preset of that name; an unknown name raises ValueError with the known ones."""
    if name not in PRESETS:
        raise ValueError(f"preset: {name!r} is not one of {', '.join(PRESETS)}")
    return PRESETS[name]
