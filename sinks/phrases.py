"""What reasons and refusals say to a person, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from decisions.push.wording import WHY, WHY_NOT

LANGUAGES: Final = ("zh", "en")

# A code to its sentence in each language; {0} is the code's first argument.
PHRASES: Final[dict[str, tuple[str, str]]] = {
    # why a room, product or host is shown
    "tag_match": ("符合你对「{0}」的兴趣", "matches your interest in {0}"),
    "on_air": ("正在讲解你感兴趣的「{0}」", "presents {0} now, which interests you"),
    "followed_host": ("你关注的主播 {0}", "you follow {0}"),
    "trusted_host": ("你信赖的主播 {0}", "{0} is a host you trust"),
    "popular_room": ("正在热播", "popular right now"),
    "rising_room": ("热度快速上升", "rising fast"),
    "price_fit": ("价位适合你", "in your price range"),
    "fresh_room": ("刚刚开播", "just went live"),
    "similar_audience": ("看过「{0}」的人也喜欢", "liked by viewers of {0}"),
    "popular_in_segment": ("和你相近的人正在看", "liked by people like you"),
    "alike_users": ("与你兴趣相似的人也喜欢", "liked by people who like what you do"),
    "learnt_taste": ("与你近来喜欢的内容很合拍", "goes well with what you have liked of late"),
    "exploration": ("为你探索新的内容", "something new for you to try"),
    "reserved": ("你预约过这场直播", "you reserved this live"),
    "click_rate": ("很多人点击进入", "many who see it go in"),
    "on_air_now": ("正在讲解", "being presented now"),
    "live_now": ("正在直播", "live now"),
    "goes_with": ("与你购买的「{0}」搭配", "goes with {0}, which you bought"),
    "newcomer": ("新人推荐", "a good start for newcomers"),
    # why a push is sent, and why not
    **WHY,
    **WHY_NOT,
}

# Stands where a sentence asks for an argument that did not come: a reason is never an error.
_MISSING: Final = ("…",) * 8


def render(code: str, args: Sequence[Any], language: str) -> str:
    """A code with its arguments as a sentence in `zh` or `en`; an unknown code as itself.

    >>> render("tag_match", ["tea"], "en"), render("tag_match", ["茶"], "zh")
    ('matches your interest in tea', '符合你对「茶」的兴趣')
    >>> render("price_fit", [], "en"), render("phase_of_moon", ["full"], "en")
    ('in your price range', 'phase_of_moon')
    >>> render("trusted_host", [], "en")
    '… is a host you trust'
    """
    phrases = PHRASES.get(code)
    if phrases is None:
        return code
    return phrases[LANGUAGES.index(language)].format(*args, *_MISSING)
