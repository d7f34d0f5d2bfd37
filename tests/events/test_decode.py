"""Decoding: no good row is lost, and each bad row is a letter with the right reason and field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.decode import Decoder, DecodeSettings
from events.explain import find_fault
from events.kinds import FAMILY_OF, KIND_OF, KINDS, Event
from events.letters import EXCERPT_BYTES_MAX, REASONS, DeadLetter
from events.refused import DECLARED
from events.rules import RULES

T = 1_760_000_000_000
Example = dict[str, Any]
FEEDBACK = {"kind": "feedback", "subject": "card", "subject_id": "s", "action": "shown"}
LINK = {"kind": "identity_link", "device_id": "d"}
IDS = {"platform", "nickname", "tag", "point"}


def as_row(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def letter(row: bytes) -> DeadLetter:
    outcome = Decoder().decode(row)
    assert isinstance(outcome, DeadLetter), outcome
    assert outcome.reason in REASONS
    assert len(outcome.excerpt.encode()) <= EXCERPT_BYTES_MAX
    assert outcome.detail
    return outcome


def found(row: bytes) -> tuple[str, str | None]:
    outcome = letter(row)
    return outcome.reason, outcome.field


def click(**changes: object) -> Example:
    event = {"kind": "click", "event_id": "e", "event_time_ms": T, "user_id": "u", "room_id": "r"}
    return event | changes


def defects(example: Example) -> Iterator[tuple[Example, str, str]]:
    """Every field of an example made wrong in each way that its value allows."""
    cls = KINDS[example["kind"]]
    required = {field.encode_name for field in msgspec.structs.fields(cls) if field.required}
    for name, value in example.items():
        if name == "kind":
            continue
        if name in required:
            without = {key: item for key, item in example.items() if key != name}
            yield without, "missing_field", name
            if (example["kind"], name) != ("on_air", "product_id"):
                yield example | {name: None}, "wrong_type", name
        wrong: object = 5 if isinstance(value, (str, list, dict, bool)) else "5"
        yield example | {name: wrong}, "wrong_type", name
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield example | {name: float("nan")}, "not_finite", name
            yield example | {name: float("-inf")}, "not_finite", name
            yield example | {name: True}, "wrong_type", name
            yield example | {name: -1}, "out_of_range", name
            yield example | {name: 10**30}, "out_of_range", name
        if name.endswith("_id") or name in IDS:
            yield example | {name: ""}, "empty_id", name
            yield example | {name: "x" * 129}, "id_too_long", name
            yield example | {name: "é" * 64 + "x"}, "id_too_long", name
        if isinstance(value, list):
            yield example | {name: [*value[:-1], 5]}, "wrong_type", name
    for time_ms in (-1, 0, T // 1000, 7_226_582_400_000, 10**18):
        yield example | {"event_time_ms": time_ms}, "out_of_range", "event_time_ms"


def test_every_example_decodes_to_itself(examples_by_kind: dict[str, Example]) -> None:
    for kind, example in examples_by_kind.items():
        for ascii_only in (True, False):
            event = Decoder().decode(json.dumps(example, ensure_ascii=ascii_only).encode())
            assert not isinstance(event, DeadLetter), event
            assert KIND_OF[type(event)] == kind
            assert msgspec.json.decode(msgspec.json.encode(event)) == example


def test_every_defect_of_every_kind_is_named(examples_by_kind: dict[str, Example]) -> None:
    for kind, example in examples_by_kind.items():
        for bad, reason, field in defects(example):
            outcome = letter(as_row(bad))
            assert (outcome.reason, outcome.field, outcome.kind) == (reason, field, kind), bad


def test_every_cut_of_every_kind_is_truncated(examples_by_kind: dict[str, Example]) -> None:
    for example in examples_by_kind.values():
        row = as_row(example)
        assert {letter(row[:end]).reason for end in range(1, len(row))} == {"truncated_json"}


def test_every_broken_byte_is_a_letter_or_an_event(examples_by_kind: dict[str, Example]) -> None:
    decoder = Decoder()
    for example in examples_by_kind.values():
        row = as_row(example)
        broken = [row[:i] + bad + row[i + 1 :] for i in range(len(row)) for bad in (b"\xff", b'"')]
        for outcome in decoder.decode_all(broken):
            assert outcome is not None
            if isinstance(outcome, DeadLetter):
                assert outcome.reason in REASONS


def test_optional_fields_may_be_absent_or_null(examples_by_kind: dict[str, Example]) -> None:
    for kind, example in examples_by_kind.items():
        fields = msgspec.structs.fields(KINDS[kind])
        optional = {field.encode_name for field in fields if not field.required}
        spare = optional - {"user_id", "room_id", "host_id", "device_id"}
        assert type(Decoder().decode(as_row(example | dict.fromkeys(spare)))) is KINDS[kind]
        without = {name: value for name, value in example.items() if name not in spare}
        assert type(Decoder().decode(as_row(without))) is KINDS[kind]


def test_unknown_fields_are_ignored_whatever_they_hold(
    examples_by_kind: dict[str, Example],
) -> None:
    for kind, example in examples_by_kind.items():
        extra = {"zzz": {"deep": [None, "\ud83d", 1e300, {"": True}]}, "": 1}
        row = json.dumps(extra | example | {"yyy": "\udc00"}).encode()
        assert type(Decoder().decode(row)) is KINDS[kind]


@pytest.mark.parametrize("row", [b"", b" ", b"\r", b"\t \r"])
def test_a_blank_row_is_nothing(row: bytes) -> None:
    assert Decoder().decode(row) is None


@pytest.mark.parametrize(
    ("row", "reason", "field"),
    [
        (b"null", "wrong_type", None),
        (b"[1]", "wrong_type", None),
        (b"5", "wrong_type", None),
        (b"{}", "missing_field", "kind"),
        (b'{"kind":5}', "wrong_type", "kind"),
        (b'{"kind":"clack"}', "unknown_kind", "kind"),
        (b'{"kind":"Click"}', "unknown_kind", "kind"),
        (b"click", "invalid_json", None),
        (b"{'kind':'click'}", "invalid_json", None),
        (as_row(click()) + b"}", "invalid_json", None),
        (as_row(click()) * 2, "invalid_json", None),
        (b'{"zzz":NaN}', "missing_field", "kind"),
        (as_row(click(zzz=float("nan"))), "not_finite", "zzz"),
        (b"\xff\xfe{\x00}\x00", "invalid_json", None),
        (b"[" * 100_000, "invalid_json", None),
        (b'{"kind":' * 100_000, "invalid_json", None),
        (b'{"z":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "invalid_json", None),
        (as_row(click())[:-1].replace(b'"u"', b'"\xff"') + b"}", "invalid_utf8", "user_id"),
        (as_row(click())[:-1].replace(b'"u"', b'"\\ud800"') + b"}", "invalid_utf8", "user_id"),
        (b"\x00" * 50, "invalid_json", None),
    ],
)  # fmt: skip
def test_what_is_no_event_at_all(row: bytes, reason: str, field: str | None) -> None:
    assert found(row) == (reason, field)


def test_a_byte_order_mark_and_repeated_keys_do_no_harm() -> None:
    plain = Decoder().decode(as_row(click()))
    assert isinstance(plain, KINDS["click"])
    assert Decoder().decode(b"\xef\xbb\xbf" + as_row(click())) == plain
    assert Decoder().decode(b'{"user_id":"x",' + as_row(click())[1:]) == plain
    assert Decoder().decode(b'{"user_id":5,' + as_row(click())[1:]) == plain
    assert Decoder().decode(as_row(click()) + b"\r") == plain


def test_ids_may_fill_128_bytes() -> None:
    for name in ("x" * 128, "é" * 64, "好" * 42 + "xy", "😀" * 32):
        assert not isinstance(Decoder().decode(as_row(click(user_id=name))), DeadLetter)
        assert not isinstance(
            Decoder().decode(json.dumps(click(user_id=name)).encode()), DeadLetter
        )
    for name in ("x" * 129, "好" * 43, "😀" * 33):
        assert found(as_row(click(user_id=name))) == ("id_too_long", "user_id")
        assert found(json.dumps(click(user_id=name)).encode()) == ("id_too_long", "user_id")


def test_lists_of_ids_obey_the_rule_of_ids(examples_by_kind: dict[str, Example]) -> None:
    room = examples_by_kind["room"]
    for bad, reason in (("", "empty_id"), ("x" * 129, "id_too_long"), ("好" * 43, "id_too_long")):
        assert found(as_row(room | {"tags": ["ok", bad]})) == (reason, "tags")
        assert found(as_row(room | {"products": [bad]})) == (reason, "products")


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"kind": "click", "room_id": None}, "missing_field", "room_id"),
        ({"kind": "favourite", "room_id": None}, "missing_field", "room_id"),
        ({"kind": "click", "user_id": None}, "no_person", "user_id"),
        ({"kind": "click", "user_id": None, "platform": "p"}, "no_person", "user_id"),
        ({"kind": "click", "user_id": None, "nickname": "n"}, "no_person", "user_id"),
        ({"kind": "dismiss", "room_id": None}, "missing_field", "room_id"),
        ({"kind": "dismiss", "tag": "t"}, "conflicting_fields", "tag"),
        ({"kind": "dismiss", "product_id": "p"}, "conflicting_fields", "product_id"),
        ({"kind": "mute"}, "missing_field", "host_id"),
        ({"kind": "unmute"}, "missing_field", "host_id"),
        ({"kind": "join", "what": "dance"}, "invalid_value", "what"),
        ({"kind": "speed", "rate": 0}, "out_of_range", "rate"),
        ({"kind": "like", "count": 0}, "out_of_range", "count"),
        ({"kind": "like", "count": 1.5}, "wrong_type", "count"),
        ({"kind": "review", "product_id": "p", "rating": 5.1}, "out_of_range", "rating"),
        (FEEDBACK | {"subject": "x"}, "invalid_value", "subject"),
        (FEEDBACK | {"action": "x"}, "invalid_value", "action"),
        ({"kind": "identity_link"}, "no_person", "device_id"),
        (LINK | {"confidence": 1.01}, "out_of_range", "confidence"),
        (LINK | {"confidence": -0.01}, "out_of_range", "confidence"),
        ({"kind": "user", "timezone": "Mars/Base"}, "invalid_value", "timezone"),
        ({"kind": "user", "timezone": "../../etc/passwd"}, "invalid_value", "timezone"),
        ({"kind": "user", "timezone": ""}, "invalid_value", "timezone"),
        ({"kind": "user", "quiet_hours": ["22:00"]}, "wrong_type", "quiet_hours"),
        ({"kind": "user", "quiet_hours": ["22:00", "24:00"]}, "invalid_value", "quiet_hours"),
        ({"kind": "user", "quiet_hours": ["22:00", "8:00"]}, "invalid_value", "quiet_hours"),
        ({"kind": "user", "quiet_hours": ["22:00\n", "08:00"]}, "invalid_value", "quiet_hours"),
        ({"kind": "user", "consent": {"push": "yes"}}, "wrong_type", "consent.push"),
        ({"kind": "user", "attributes": {"age": None}}, "wrong_type", "attributes.age"),
        ({"kind": "user", "attributes": {"age": [1]}}, "wrong_type", "attributes.age"),
        ({"kind": "user", "attributes": {"age": float("inf")}}, "not_finite", "attributes.age"),
    ],
)  # fmt: skip
def test_rules_of_values_and_of_several_fields(changes: Example, reason: str, field: str) -> None:
    assert found(as_row(click(**changes))) == (reason, field)


def test_anonymous_persons_are_persons() -> None:
    for who in ({"device_id": "d"}, {"platform": "p", "nickname": "n"}):
        row = as_row(click(user_id=None, **who))
        assert not isinstance(Decoder().decode(row), DeadLetter)


def test_a_room_status_is_one_of_three(examples_by_kind: dict[str, Example]) -> None:
    assert found(as_row(examples_by_kind["room"] | {"status": "on"})) == ("invalid_value", "status")


def test_on_air_needs_its_product_or_a_null(examples_by_kind: dict[str, Example]) -> None:
    row = as_row(examples_by_kind["on_air"] | {"product_id": None})
    assert not isinstance(Decoder().decode(row), DeadLetter)


def test_a_row_over_the_limit_is_not_parsed() -> None:
    row = as_row(click(zzz="z" * 10_000_000))
    assert found(row) == ("too_long", None)
    small = Decoder(DecodeSettings(line_bytes_max=len(as_row(click()))))
    assert not isinstance(small.decode(as_row(click())), DeadLetter)
    assert isinstance(small.decode(as_row(click()) + b" "), DeadLetter)


def test_a_letter_repeats_no_more_than_the_fault() -> None:
    row = as_row(click(user_id="very-private", kind="comment", text="also private", room_id=5))
    outcome = letter(row)
    assert outcome.excerpt == "5"
    assert "private" not in msgspec.json.encode(outcome).decode()


def test_no_letter_tells_of_a_person() -> None:
    whole = as_row(click(user_id="very-private", kind="comment", text="so private", zz=1))
    rows = [whole[:end] for end in range(len(whole))]
    rows += [whole.replace(b'"very-private"', b"very-private"), whole + b" private", whole[5:]]
    rows += [whole[:i] + b"\xff" + whole[i:] for i in range(whole.index(b"zz"))]
    rows += [as_row(click(user_id=5_000_111)), as_row(click(device_id="private " * 40))]
    rows += [as_row(click(kind="user", attributes={"home": {"private": 1}}))]
    for row in rows:
        outcome = Decoder().decode(row)
        assert outcome is None or isinstance(outcome, DeadLetter), row
        assert b"private" not in msgspec.json.encode(outcome), row
        assert b"5000111" not in msgspec.json.encode(outcome), row


@pytest.mark.parametrize(
    ("time", "says"),
    [
        (T // 1_000, "at least 946684800000; it looks like seconds: write milliseconds"),
        (T * 1_000, "less than 4133980800000; it looks like microseconds: write milliseconds"),
        (5, "at least 946684800000"),
        (T * 1_000_000, "less than 4133980800000"),
    ],
)
def test_a_time_in_another_unit_is_told_so(time: int, says: str) -> None:
    assert letter(as_row(click(event_time_ms=time))).detail == f"`event_time_ms`: must be {says}"


def test_a_letter_shows_where_a_row_breaks() -> None:
    outcome = letter(b'{"kind":"click","event_id":"e","user_id":"u" "room_id":"r"}')
    assert outcome.excerpt == '{"kind":"…","event_id":"…","user_id":"…" "room_id":"…"}'


def test_a_live_event_may_not_be_far_past_its_record() -> None:
    event = Decoder().decode(as_row(click()))
    assert isinstance(event, KINDS["click"])
    assert Decoder().future(event, T - 600_000) is None
    late = Decoder().future(event, T - 600_001)
    assert late is not None
    assert (late.reason, late.field) == ("far_future", "event_time_ms")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.sampled_from([0, 1, T, -1, 0.5, 1e308, 1e13])
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["", "x" * 128, "x" * 129, "好" * 43, "22:00", "live", "Asia/Shanghai"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(data=st.data(), kind=st.sampled_from(list(KINDS)))
def test_the_explainer_refuses_what_the_parser_refuses(data: st.DataObject, kind: str) -> None:
    cls = KINDS[kind]
    fields = [field.encode_name for field in msgspec.structs.fields(cls)]
    names = data.draw(st.lists(st.sampled_from(fields), unique=True, max_size=3))
    example = {"kind": kind} | {name: data.draw(json_values) for name in names}
    declared = DECLARED[cls]
    # The other fields hold a value of their type, so that the drawn ones decide.
    for field in declared.fields:
        if field.required and field.encode_name not in example:
            example[field.encode_name] = _plain(field.type)
    row = json.dumps(example).encode()
    outcome = Decoder().decode(row)
    fault = find_fault(example, declared, None)
    if fault is not None:
        assert isinstance(outcome, DeadLetter)
        # The parser may accept what only byte counts refuse; then rules come first.
        assert outcome.reason == fault.reason or fault.reason == "id_too_long"
    elif isinstance(outcome, DeadLetter):
        event = msgspec.json.decode(row, type=Event)
        rule = RULES[cls](event)  # a KeyError here would be a kind refused without cause
        assert rule is not None
        assert rule.reason == outcome.reason
    else:
        assert type(outcome) is cls


def _plain(declared: msgspec.inspect.Type) -> object:
    match declared:
        case msgspec.inspect.IntType():
            return declared.ge or 1
        case msgspec.inspect.FloatType():
            return 1
        case msgspec.inspect.ListType():
            return []
        case msgspec.inspect.LiteralType():
            return declared.values[0]
    return "x"


@given(st.binary(max_size=80))
def test_no_bytes_raise(row: bytes) -> None:
    assert Decoder().decode(row) is None or isinstance(Decoder().decode(row), DeadLetter)


def test_every_kind_has_a_rule_or_needs_none() -> None:
    without = [kind for kind, cls in KINDS.items() if cls not in RULES]
    assert without == ["host", "room", "product", "on_air", "erase"]
    assert {FAMILY_OF[kind] for kind in without} == {"catalog", "users"}
