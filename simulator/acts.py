"""What viewers do inside a room besides watching and buying."""

from __future__ import annotations

from simulator.cast import Product, Room, Viewer
from simulator.comments import comment
from simulator.stage import Stage

Step = tuple[int, str, Product | None]  # ms after entering, what, with which product

DWELL = "dwell"
_KEPT = 50  # hosts that a viewer follows

# Chance of each other act in a visit to a room that pleases (1), and how a segment changes it.
_OTHERS: tuple[tuple[str, float], ...] = (
    ("follow", 0.014),
    ("favourite", 0.01),
    ("share", 0.008),
    ("join", 0.012),
    ("speed", 0.006),
    ("feedback", 0.01),
)
_OTHERS_SHARE = sum(share for _, share in _OTHERS)


def plan(stage: Stage, viewer: Viewer, room: Room, pleased: float, stay_ms: int) -> list[Step]:
    """The acts of one visit with their times, in no order."""
    random = stage.dice.random
    segment = viewer.segment
    steps: list[Step] = []
    if random() < stage.comments.turn(segment.comment * pleased):
        steps.append((int(random() * stay_ms), "comment", None))
    if random() < stage.likes.turn(segment.like * pleased):
        steps.append((int(random() * stay_ms), "like", None))
    if random() < stage.gifts.turn(segment.gift * pleased):
        steps.append((int(random() * stay_ms), "gift", None))
    chance = random()
    if chance < _OTHERS_SHARE * pleased:
        for name, share in _OTHERS:
            chance -= share * pleased
            if chance < 0.0:
                steps.append((int(random() * stay_ms), name, None))
                break
    return steps


def do(stage: Stage, viewer: Viewer, room: Room, act: str) -> None:
    """Do one act now."""
    dice = stage.dice
    here = {"room_id": room.room_id}
    if act == "comment":
        product = room.on_air or room.products[0]
        tag = stage.catalog.tags[dice.pick(product.tags)]
        text, intent = comment(dice, viewer.lang, tag, product.title, product.price)
        event_id = stage.say(viewer, "comment", here | {"text": text})
        if len(stage.truth.intents) < stage.settings.truth_ids:
            stage.truth.intents[event_id] = intent
    elif act == "like":
        count = dice.geometric(3.0)
        stage.say(viewer, "like", here if count == 1 else {**here, "count": min(count, 50)})
    elif act == "gift":
        amount = round(dice.exponential(8.0 + 40.0 * viewer.price_level) + 0.1, 2)
        stage.say(viewer, "gift", {**here, "amount": amount})
    elif act == "follow":
        if room.host not in viewer.followed:
            viewer.followed = (*viewer.followed[1 - _KEPT :], room.host)
            room.host.add_fan(viewer)
            stage.say(viewer, "follow", {"host_id": room.host.host_id, **here})
    elif act == "favourite":
        product_id = (room.on_air or room.products[0]).product_id
        stage.say(viewer, act, {"product_id": product_id} if dice.chance(0.4) else here)
    elif act == "join":
        what = dice.pick(("lottery", "lottery", "vote", "red_packet", "mic"))
        stage.say(viewer, "join", {**here, "what": what})
    elif act == "speed":
        stage.say(viewer, "speed", {**here, "rate": dice.pick((0.75, 1.25, 1.5, 2.0))})
    elif act == "feedback":
        subject = dice.pick(("prompt", "card", "coupon"))
        action = dice.pick(("shown", "shown", "shown", "taken", "dismissed"))
        fields = {"subject": subject, "subject_id": f"{subject}-{dice.whole(1, 40)}"}
        stage.say(viewer, "feedback", {**fields, "action": action})
    else:
        stage.say(viewer, act, here)
