"""The words, Chinese and English, for every code that a push decision carries."""

from __future__ import annotations

from collections.abc import Sequence

WHY: dict[str, tuple[str, str]] = {
    "followed_host_live": ("你关注的 {0} 开播了", "{0}, whom you follow, is live"),
    "cart_product_soon": ("购物车里的 {0} 即将讲解", "{0}, in your cart, will be shown soon"),
    "cart_product_on_air": ("购物车里的 {0} 正在讲解", "{0}, in your cart, is being shown now"),
    "reserved_room_starts": (
        "你预约了这场直播（开播前 {0} 分钟提醒）",
        "You reserved a place here (reminder {0} min before the start)",
    ),
}
"""Why something is offered: code to (Chinese, English), with places for its arguments."""

WHY_NOT: dict[str, tuple[str, str]] = {
    "no_consent": ("用户未同意接收推送", "The user did not agree to pushes"),
    "no_profiling_consent": ("用户未同意个性化", "The user did not agree to personalisation"),
    "opted_out": ("用户已关闭推送", "The user switched pushes off"),
    "muted": ("用户屏蔽了主播或标签", "The user muted the host or a tag"),
    "ended": ("直播已取消", "The room was called off"),
    "expired": ("已过时效", "It is no longer news"),
    "duplicate": ("同一件事已推送过", "The user was told of this already"),
    "already_watching": ("用户已在直播间", "The user is in the room"),
    "quiet_hours": ("免打扰时段", "It is quiet hours for the user until after it expires"),
    "cap_hour": ("一小时内已达上限", "Enough pushes within the hour"),
    "cap_day": ("24 小时内已达上限", "Enough pushes within 24 hours"),
    "min_gap": ("距另一条推送太近", "Too close to another push"),
    "fatigue": ("用户连续划掉推送，暂缓打扰", "The user dismissed the last ones: a longer pause"),
    "cap_trigger": ("此类推送 24 小时内已达上限", "Enough pushes of this kind within 24 hours"),
}
"""Why something is refused: code to (Chinese, English), in the order of the checks."""


def words(code: str, args: Sequence[str | int], language: str) -> str:
    """A code in words; `language` is "zh" or "en". An unknown code stands for itself."""
    pair = WHY.get(code) or WHY_NOT.get(code)
    if pair is None:
        return code
    return pair[0 if language == "zh" else 1].format(*args)
