"""What viewers type: comments by intent, and search queries, in Chinese and in English."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from simulator.dice import Dice


@dataclass(frozen=True)
class Intent:
    """What lies behind a comment: its name, its share among comments, its wordings by language."""

    name: str
    share: float
    zh: tuple[str, ...]
    en: tuple[str, ...]


INTENTS: tuple[Intent, ...] = (
    Intent(
        "praise",
        0.24,
        ("这款{tag}太好用了", "主播讲得真清楚", "回购第三次了,{product}真香", "爱了爱了"),
        ("love this {tag}", "best host ever", "bought {product} twice, so good", "this is great!"),
    ),
    Intent(
        "complaint",
        0.10,
        ("上次买的{product}质量一般", "太贵了吧", "发货好慢,等了一周", "一直在聊天,不讲产品"),
        ("the {product} broke in a week", "way too expensive", "shipping is slow", "boring..."),
    ),
    Intent(
        "question",
        0.22,
        ("{product}有优惠吗?", "这个{tag}保质期多久?", "适合新手吗?", "什么时候讲{tag}?"),
        (
            "is there a discount on {product}?",
            "how long does it last?",
            "does it fit beginners?",
            "when will you show {tag}?",
        ),
    ),
    Intent(
        "hesitation",
        0.12,
        ("有点心动,再看看", "{price}元有点犹豫", "不知道适不适合我", "怕买回来不用"),
        ("tempted, but not sure", "hmm {price} is a lot for me", "not sure it suits me", "maybe"),
    ),
    Intent(
        "demand",
        0.14,
        (
            "想要{tag},两百以内有推荐吗",
            "求上{product}的链接",
            "要大号的,有货吗",
            "我要下单{product}",
        ),
        (
            "looking for {tag} under 200",
            "link for {product} please",
            "need a large one, in stock?",
            "i want to order {product} now",
        ),
    ),
    Intent(
        "chat",
        0.18,
        ("晚上好", "第一次来", "哈哈哈", "打卡"),
        ("hi everyone", "first time here", "lol", "hello from the train"),
    ),
)

_BY_SHARE = list(accumulate(intent.share for intent in INTENTS))

_QUERIES_ZH = ("{tag}", "想买{tag}", "便宜的{tag}", "{tag}推荐", "送人{tag}")
_QUERIES_EN = ("{tag}", "best {tag}", "{tag} under 100", "cheap {tag} deals", "{tag} for a gift")


def comment(dice: Dice, lang: str, tag: str, product: str, price: float) -> tuple[str, str]:
    """A comment's text and the name of its intent."""
    intent = INTENTS[dice.pick_by(_BY_SHARE)]
    wording = dice.pick(intent.zh if lang == "zh" else intent.en)
    return wording.format(tag=tag, product=product, price=f"{price:.0f}"), intent.name


def query(dice: Dice, lang: str, tag: str) -> str:
    """A search query that contains the tag as it stands in the catalogue."""
    return dice.pick(_QUERIES_ZH if lang == "zh" else _QUERIES_EN).format(tag=tag)
