"""What reasons and refusals say to a person, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

LANGUAGES: Final = ("zh", "en")

# A code to its sentence in each language; {0} is the code's first argument.
PHRASES: Final[dict[str, tuple[str, str]]] = {
    # why a room, product or host is shown
    "tag_match": ("符合你对「{0}」的兴趣", "matches your interest in {0}"),
    "followed_host": ("你关注的主播 {0}", "you follow {0}"),
    "trusted_host": ("你信赖的主播 {0}", "{0} is a host you trust"),
    "popular_room": ("正在热播", "popular right now"),
    "rising_room": ("热度快速上升", "rising fast"),
    "price_fit": ("价位适合你", "in your price range"),
    "fresh_room": ("刚刚开播", "just went live"),
    "similar_audience": ("看过「{0}」的人也喜欢", "liked by viewers of {0}"),
    "exploration": ("为你探索新的内容", "something new for you to try"),
    "reserved": ("你预约过这场直播", "you reserved this live"),
    "cart_product": ("你购物车里的「{0}」在这里", "{0} from your cart is here"),
    "click_rate": ("很多人点击进入", "many who see it go in"),
    "newcomer": ("新人推荐", "a good start for newcomers"),
    # why a push is sent
    "followed_host_live": ("你关注的主播 {0} 开播了", "{0}, whom you follow, is live"),
    "cart_on_air": ("你购物车里的「{0}」正在讲解", "{0} from your cart is on air"),
    "cart_soon": ("你购物车里的「{0}」即将讲解", "{0} from your cart is coming up"),
    "reservation_day": ("你预约的「{0}」明天开播", "{0}, which you reserved, is tomorrow"),
    "reservation_2h": (
        "你预约的「{0}」两小时后开播",
        "{0}, which you reserved, starts in two hours",
    ),
    "reservation_15m": (
        "你预约的「{0}」十五分钟后开播",
        "{0}, which you reserved, starts in fifteen minutes",
    ),
    # why a push is not sent
    "cap_day": ("今天的推送已达上限", "the day's limit of pushes is reached"),
    "cap_hour": ("这一小时的推送已达上限", "the hour's limit of pushes is reached"),
    "min_gap": ("距上一次推送太近", "too soon after the last push"),
    "quiet_hours": ("处于免打扰时段", "quiet hours"),
    "no_consent": ("用户未同意接收推送", "no consent to pushes"),
    "opted_out": ("用户已关闭推送", "pushes were switched off"),
    "muted": ("用户已屏蔽该主播或标签", "the host or tag is muted"),
    "ended": ("直播已结束", "the live has ended"),
    "expired": ("已过时效", "no longer in time"),
    "duplicate": ("已经推送过", "was sent before"),
    "already_watching": ("用户正在观看", "already watching"),
    "below_threshold": ("匹配度不足", "not a good enough match"),
}

# Stands where a sentence asks for an argument that did not come: a reason is never an error.
_MISSING: Final = ("…",) * 8


def render(code: str, args: Sequence[Any], language: str) -> str:
    """A code with its arguments as a sentence in `zh` or `en`; an unknown code as itself.

    >>> render("tag_match", ["tea"], "en"), render("tag_match", ["茶"], "zh")
    ('matches your interest in tea', '符合你对「茶」的兴趣')
    >>> render("cart_soon", [], "en"), render("phase_of_moon", ["full"], "en")
    ('… from your cart is coming up', 'phase_of_moon')
    """
    phrases = PHRASES.get(code)
    if phrases is None:
        return code
    return phrases[LANGUAGES.index(language)].format(*args, *_MISSING)
