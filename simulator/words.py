"""The words of the simulated world: tags that do not contain one another, people, places, hours."""

from __future__ import annotations

# Groups of neighbouring interests; a tag is a Chinese or an English word, as on a real platform.
# No tag contains another: a search for one must not count for two.
NAMED_GROUPS: tuple[tuple[str, ...], ...] = (
    ("零食", "坚果", "水果", "coffee", "茶叶", "海鲜"),
    ("数码", "耳机", "手机", "keyboards", "gaming", "cameras"),
    ("护肤", "口红", "perfume", "汉服", "sneakers", "珠宝"),
    ("母婴", "玩具", "绘本", "pets", "kitchen", "home decor"),
    ("outdoor", "yoga", "露营", "fishing", "单车", "running"),
)

# What a host can be saying about the product on air; a point is a tag of its own.
NAMED_POINTS: tuple[str, ...] = ("折扣", "新品", "free shipping", "产地", "gift box", "材质")

NUMBERED_GROUP = 8  # tags a group where tags are only numbered

HOST_NAMES_ZH: tuple[str, ...] = (
    "小鹿", "阿宁", "老周", "晓雯", "大壮", "南风", "七七", "石头", "木子", "云朵",
)  # fmt: skip
HOST_NAMES_EN: tuple[str, ...] = (
    "Mia", "Leo", "Nora", "Sam", "Ivy", "Owen", "Ruby", "Max", "Ella", "Finn",
)  # fmt: skip
BRANDS: tuple[str, ...] = (
    "松果", "Maple", "青禾", "Northway", "山月", "Bluebell", "海盐", "Lumen",
)  # fmt: skip
MODELS: tuple[str, ...] = ("礼盒", "Lite", "经典款", "Pro", "家庭装", "mini", "限量版", "Plus")

PLATFORMS: tuple[str, ...] = ("app", "mini_program", "web")

# IANA zone, its offset from UTC in hours as people live by it (for waking hours only), share.
ZONES: tuple[tuple[str, int, float], ...] = (
    ("Asia/Shanghai", 8, 0.82),
    ("Asia/Singapore", 8, 0.08),
    ("Asia/Tokyo", 9, 0.04),
    ("Europe/London", 1, 0.03),
    ("America/New_York", -4, 0.03),
)


def tag_groups(count: int, named: bool) -> list[list[str]]:
    """`count` tag names in groups of neighbours; named tags run out at 30 and then ValueError."""
    if named:
        flat = [(tag, g) for g, group in enumerate(NAMED_GROUPS) for tag in group]
        if count > len(flat):
            raise ValueError(
                f"tags: {count} asked for, {len(flat)} have names; number them instead"
            )
        # Each group gives its first words first, so that a small count still has every group.
        depth = -(-count // len(NAMED_GROUPS))
        groups = [list(group[:depth]) for group in NAMED_GROUPS]
        for group in reversed(groups):
            if sum(map(len, groups)) > count:
                group.pop()
        return groups
    width = max(3, len(str(count - 1)))
    names = [f"tag{i:0{width}d}" for i in range(count)]
    return [names[i : i + NUMBERED_GROUP] for i in range(0, count, NUMBERED_GROUP)]
