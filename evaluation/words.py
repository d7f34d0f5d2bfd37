"""What the report says of each figure: its name, its meaning, which way is better, its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A figure of `metrics.json` in words; `better` is 1 for higher, -1 for lower, 0 for neither.

    `kind` says how it is written: a plain number, a share in per cent, or bits.
    """

    key: str
    name: str
    meaning: str
    better: int
    kind: str = "number"


EXPOSURE: tuple[str, tuple[Figure, ...]] = (
    "exposure by host size, beside the share of live rooms",
    (
        Figure("exposure.small", "small hosts", "1 is as much as their rooms are many", 0),
        Figure("exposure.middle", "middle hosts", "those between", 0),
        Figure("exposure.large", "large hosts", "the tenth with the most users", 0),
        Figure("exposure_share.small", "small hosts' part", "of all exposure", 0, "share"),
    ),
)

COLD: tuple[str, tuple[Figure, ...]] = (
    "cold start: engaged with, and in the first ten served",
    (
        Figure("cold.users.recall@10", "by new users", "who had engaged with nothing", 1, "share"),
        Figure("known.users.recall@10", "by known users", "", 1, "share"),
        Figure("cold.rooms.recall@10", "new rooms", "which nobody had engaged with", 1, "share"),
        Figure("known.rooms.recall@10", "known rooms", "", 1, "share"),
        Figure("cold.hosts.recall@10", "new hosts", "whom nobody had engaged with", 1, "share"),
        Figure("known.hosts.recall@10", "known hosts", "", 1, "share"),
        Figure("cold.products.recall", "new products", "in the list beside the slate", 1, "share"),
        Figure("known.products.recall", "known products", "", 1, "share"),
    ),
)

SUMMARY: tuple[tuple[str, tuple[Figure, ...]], ...] = (
    (
        "predictions, before learning",
        (
            Figure("engagement.auc", "AUC", "an engaged impression scores above another", 1),
            Figure("engagement.log_loss", "log-loss", "nats an impression", -1),
            Figure(
                "engagement.calibration_error",
                "calibration error",
                "distance of stated from true probability",
                -1,
            ),
        ),
    ),
    (
        "lists as they were shown, ranked anew",
        (
            Figure("shown.ndcg@10", "NDCG@10", "engaged items near the top", 1),
            Figure("shown.mrr", "MRR", "one over the rank of the first engaged item", 1),
        ),
    ),
    (
        "engaged rooms, among all live then",
        (
            Figure("live.ndcg@10", "NDCG@10", "engaged items near the top of all rooms", 1),
            Figure("live.hr@10", "HR@10", "lists with an engaged item in the top 10", 1, "share"),
            Figure("live.recall@20", "Recall@20", "engaged items in the top 20", 1, "share"),
            Figure("live.mrr", "MRR", "one over the rank of the first engaged item", 1),
        ),
    ),
    COLD,
    (
        "what it would have earned",
        (
            Figure("off_policy.dr", "doubly robust", "engagements a list, off-policy", 1),
            Figure("off_policy.snips", "SNIPS", "the same, self-normalised weights", 1),
            Figure("off_policy.ips", "IPS", "the same, plain weights", 1),
        ),
    ),
    (
        "reach, and the filter bubble",
        (
            Figure("slate.bubble", "bubble", "0 as mixed as the platform, 1 one tag alone", -1),
            Figure("slate.diversity", "diversity", "how little two rooms of a list share", 1),
            Figure("slate.novelty_bits", "novelty", "surprise of a room, in bits", 0),
            Figure("slate.new_hosts", "new hosts", "slots with a host never engaged", 0, "share"),
            Figure("slate.new_rooms", "new rooms", "slots with a room never shown", 0, "share"),
            Figure("slate.known_tags", "known tags", "slots with a tag engaged before", 0, "share"),
            Figure("slate.exploration", "exploration", "slots drawn by chance", 0, "share"),
        ),
    ),
    EXPOSURE,
    (
        "lists beside the slate, within half an hour",
        (
            Figure(
                "more.products.hr", "products, HR", "lists with one clicked or bought", 1, "share"
            ),
            Figure("more.products.recall", "products, recall", "acts that were listed", 1, "share"),
            Figure("more.hosts.hr", "hosts, HR", "lists with one followed", 1, "share"),
            Figure("more.hosts.recall", "hosts, recall", "follows that were listed", 1, "share"),
            Figure("more.previews.hr", "rooms to come, HR", "lists with one reserved", 1, "share"),
            Figure(
                "more.previews.recall", "rooms to come, recall", "reserved and listed", 1, "share"
            ),
        ),
    ),
)

BOUNDS: dict[str, str] = {
    "small_exposure_min": "exposure of small hosts, beside their share of live rooms",
    "segment_gap_max": "quality for {who} users, beside that for all",
    "segment_loss_max": "quality for {who} users, beside that of {first}",
}


def bound_text(bound: Mapping[str, Any], first: str) -> str:
    """What a bound is about; `first` is the policy that others are compared with."""
    return BOUNDS[bound["bound"]].format(who=bound["of"].split(".")[0], first=first)


COVERAGE: tuple[Figure, ...] = (
    Figure("rooms", "room coverage", "rooms that stood in anyone's list", 1, "share"),
    Figure("hosts", "host coverage", "hosts that did", 1, "share"),
    Figure("gini_hosts", "Gini of hosts", "0 equal exposure, 1 all for one host", -1),
)

SEGMENTED: tuple[Figure, ...] = (
    Figure("shown.ndcg@10", "NDCG@10, as shown", "", 1),
    Figure("live.ndcg@10", "NDCG@10, all live", "", 1),
    Figure("live.hr@10", "HR@10, all live", "", 1, "share"),
    Figure("slate.new_hosts", "new hosts", "", 0, "share"),
    Figure("slate.bubble", "bubble", "", -1),
)

FOREST: tuple[tuple[str, str], ...] = (
    ("shown.ndcg@10", "NDCG@10, as shown"),
    ("live.ndcg@10", "NDCG@10, all live"),
    ("live.hr@10", "HR@10, all live"),
    ("live.mrr", "MRR, all live"),
    ("engagement.auc", "AUC"),
    ("slate.diversity", "diversity"),
    ("slate.bubble", "bubble"),
)

SEGMENTS: dict[str, str] = {
    "new": "new: a user's first three lists",
    "old": "old: all later ones",
    "light": "light: four fifths of the users",
    "heavy": "heavy: the fifth with the most lists",
}

SOURCES: tuple[tuple[str, str], ...] = (
    (
        "NDCG, MRR",
        "Binary gain, discount log2(rank + 1), the ideal has the list's own engaged items. "
        "Järvelin and Kekäläinen, ACM TOIS 20(4), 2002.",
    ),
    ("HR, Recall", "Deshpande and Karypis, ACM TOIS 22(1), 2004."),
    (
        "off-policy value",
        "Each slot is a decision, given the slots above as logged; the value is the mean number of "
        "engagements a list if every slot held the policy's choice. IPS: Horvitz and Thompson, "
        "JASA 47, 1952. SNIPS: Swaminathan and Joachims, NeurIPS 2015. Doubly robust: Dudík, "
        "Langford and Li, ICML 2011. Clipping: Ionides, JCGS 17(2), 2008. Effective sample size: "
        "Kong, 1992.",
    ),
    (
        "exposure by host size",
        "A host is as large as the audience so far: different users who engaged with their rooms. "
        "Small are the half of the live hosts with the smallest. A place is looked at by "
        "1 / log2(place + 1): Singh and Joachims, Fairness of Exposure in Rankings, KDD 2018.",
    ),
    (
        "intervals",
        "95 %, by a Poisson bootstrap over users, the same draws for all policies (Hanley and "
        "MacGibbon, 2006; Chamandy et al., 2012); percentile intervals, and for off-policy values "
        "studentised ones (Hall, Annals of Statistics 16(3), 1988). A difference is real when its "
        "interval excludes 0. With many figures some exclude it by chance: one in twenty would.",
    ),
    (
        "bubble",
        "1 - H(tags of a list's first ten) / H(tags of the live rooms), Shannon entropy, read as "
        "diversity after Jost, Oikos 113(2), 2006.",
    ),
    (
        "diversity, novelty, Gini",
        "Mean of 1 - Jaccard of two rooms' tags (Smyth and McClave, ICCBR 2001; Ziegler et al., "
        "WWW 2005). Mean of -log2 of a room's share of impressions so far (Zhou et al., PNAS "
        "107(10), 2010; Vargas and Castells, RecSys 2011). Fleder and Hosanagar, Management "
        "Science 55(5), 2009.",
    ),
)
