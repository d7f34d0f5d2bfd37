"""From a look at a product to an order, and sometimes to its refund or review."""

from __future__ import annotations

from simulator.acts import Step
from simulator.cast import Product, Room, Viewer
from simulator.liking import wanting
from simulator.stage import Life, Stage
from simulator.wire import Fields

_CART = 10
_COUPONS = 5
_REFUNDS = 0.25  # of orders from a host whom nobody trusts
_REVIEWS = 0.15

_REVIEW_TEXTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "zh": (("质量差,和直播里不一样", "有色差,失望"), ("很满意,还会再来", "物超所值", "包装很好")),
    "en": (("not as shown, poor quality", "disappointed"), ("exactly as shown", "great value")),
}


def plan(stage: Stage, viewer: Viewer, room: Room, stay_ms: int) -> list[Step]:
    """The shopping of one visit: mostly none, else a chain that may stop at each step."""
    settings, dice, segment = stage.settings, stage.dice, viewer.segment
    steps: list[Step] = []
    product = room.on_air or room.products[0]
    if dice.chance(settings.card_share):
        steps.append((int(dice.random() * stay_ms), "card", product))
    wanted = wanting(viewer, product, room.host.price_level) * segment.shop
    if not dice.chance(settings.view_share * min(wanted * 2.0, 4.0)):
        return steps
    at_ms = int(dice.random() * 0.7 * stay_ms)
    steps.append((at_ms, "view", product))
    if dice.chance(0.12 * segment.coupon):
        steps.append((at_ms + 1_500, "coupon_claim", product))
    if dice.chance(min(0.7, 0.25 + 0.3 * wanted)):
        at_ms += dice.whole(2_000, 20_000)
        steps.append((at_ms, "cart_add", product))
        if dice.chance(min(0.7, 0.2 + 0.3 * wanted)):
            steps.append((at_ms + dice.whole(3_000, 40_000), "order", product))
        elif dice.chance(0.2):
            steps.append((at_ms + dice.whole(5_000, 60_000), "cart_remove", product))
    return [step for step in steps if step[0] < stay_ms]


def do(stage: Stage, viewer: Viewer, room: Room, act: str, product: Product) -> None:
    """Do one step now."""
    dice = stage.dice
    this: Fields = {"product_id": product.product_id}
    here: Fields = {**this, "room_id": room.room_id}
    if act == "card":
        _card(stage, viewer, product)
    elif act == "coupon_claim":
        coupon_id = f"c-{room.host.host_id}-{dice.pick((5, 10, 20))}"
        viewer.coupons = (*viewer.coupons[1 - _COUPONS :], coupon_id)
        stage.say(viewer, act, {"coupon_id": coupon_id, **this})
    elif act == "order":
        _order(stage, viewer, product, here)
    else:
        if act == "cart_add":
            viewer.cart = (*viewer.cart[1 - _CART :], product)
        elif act == "cart_remove":
            viewer.cart = tuple(held for held in viewer.cart if held is not product)
        stage.say(viewer, act, here)


def _card(stage: Stage, viewer: Viewer, product: Product) -> None:
    """A product card in the room: a list of one, taken or not."""
    request_id = stage.request_id()
    shown: Fields = {"request_id": request_id, "product_id": product.product_id}
    slot: Fields = {"position": 0, "surface": "room_card", "propensity": 1.0}
    stage.say(viewer, "impression", shown | slot)
    if stage.dice.chance(0.2):
        stage.say(viewer, "click", shown)


def _order(stage: Stage, viewer: Viewer, product: Product, here: Fields) -> None:
    dice = stage.dice
    order_id = f"o{stage.seed}-{stage.events}"
    amount = product.price * dice.pick((1, 1, 1, 2, 3))
    if viewer.coupons and dice.chance(0.7):
        coupon_id = viewer.coupons[-1]
        viewer.coupons = viewer.coupons[:-1]
        off = min(amount * 0.5, float(coupon_id.rsplit("-", 1)[1]))
        amount -= off
        redeemed: Fields = {"coupon_id": coupon_id, "product_id": product.product_id}
        stage.say(viewer, "coupon_redeem", redeemed | {"amount": round(off, 2)})
    viewer.cart = tuple(held for held in viewer.cart if held is not product)
    stage.say(viewer, "order", {"order_id": order_id, **here, "amount": round(amount, 2)})
    after_ms = int(dice.exponential(stage.settings.refund_after_s) * 1_000) + 10_000
    trust = stage.catalog.hosts[int(product.product_id[1:].split("-")[0]) - 1].trust
    if dice.chance(_REFUNDS * (1.15 - trust) * 2.0):
        stage.clock.start(_refund(stage, viewer, order_id, product), after_ms)
    elif dice.chance(_REVIEWS):
        stage.clock.start(_review(stage, viewer, product, trust), after_ms)


def _refund(stage: Stage, viewer: Viewer, order_id: str, product: Product) -> Life:
    if not viewer.gone:
        order = {"order_id": order_id, "product_id": product.product_id}
        stage.say(viewer, "refund", order)
    return
    yield


def _review(stage: Stage, viewer: Viewer, product: Product, trust: float) -> Life:
    if viewer.gone:
        return
    dice = stage.dice
    good = dice.chance(0.3 + 0.65 * trust)
    rating = dice.whole(4, 5) if good else dice.whole(1, 3)
    review: Fields = {"product_id": product.product_id, "rating": rating}
    if dice.chance(0.6):
        review["text"] = dice.pick(_REVIEW_TEXTS[viewer.lang][good])
    stage.say(viewer, "review", review)
    return
    yield
