from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

from flows import cli
from flows.console import console
from flows.demo import Evening, Shown, run_demo
from flows.demo_view import print_demo
from flows.replay import Stopped
from flows.stop import Stop
from simulator.settings import preset

SMALL = Evening(
    world=replace(preset("demo"), viewers=120, hosts=24, events_per_second=12.0, ahead_s=1_800.0),
    before_s=240,
    after_s=900,
)
NEW_INTERESTS = {"数码", "耳机", "手机", "keyboards", "gaming"}


DRAWN = Path(__file__).parents[2] / "docs" / "demo.svg"


def said(picture: Path) -> str:
    """The words of a picture, which asks nobody for anything."""
    svg = picture.read_text("utf-8")
    assert "url(http" not in svg
    assert "href" not in svg
    texts = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return " ".join(one.text or "" for one in texts).replace("\xa0", " ")


def alive() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    before = alive()
    folder = tmp_path_factory.mktemp("demo")
    told: list[float] = []
    made = run_demo(folder, SMALL, lambda what, share, events: told.append(share), Stop())
    assert alive() == before, "something is left running"
    assert told == sorted(told)
    assert 0.0 <= told[0] < 0.1 < 0.9 < told[-1] <= 1.0
    return made


def test_the_list_turns_to_what_the_viewer_turned_to(shown: Shown):
    assert shown.interests[1] in NEW_INTERESTS
    titles = shown.names.rooms

    def fitting(rooms: list[str]) -> float:
        """Rooms of the new interest in the list, those on top for more."""
        return sum(
            1.0 / place
            for place, room in enumerate(rooms, 1)
            if any(tag in titles[room] for tag in NEW_INTERESTS)
        )

    before = [item.room_id for item in shown.before.items]
    after = [item.room_id for item in shown.after.items]
    assert before != after
    assert fitting(after) > fitting(before)
    top = shown.after.items[0]
    assert {reason.code for reason in top.reasons} & {"tag_match", "on_air", "followed_host"}


def test_the_tags_tell_why(shown: Shown):
    old, new = shown.interests
    assert old in shown.before.tags
    was = shown.before.tags[new][0] if new in shown.before.tags else 0.0
    assert shown.after.tags[new][0] > was + 5.0


def test_pushes_were_sent_and_refused_and_came_to_people(shown: Shown):
    push = shown.figures["push"]
    assert push["sent"] > 0
    assert push["refused"] > 0
    assert push["considered"] == push["sent"] + push["refused"]
    assert any(decision.value["sent"] for own in shown.pushes.values() for decision in own)
    assert shown.viewer in shown.pushes


def test_the_world_saw_the_lists_that_the_flow_made(shown: Shown):
    ranking = shown.figures["ranking"]
    assert ranking["lists"] > 50
    assert ranking["ndcg_at_10"] > ranking["baselines"]["random"]["ndcg_at_10"]


def test_what_is_printed_fits_100_columns_and_says_both_languages(shown: Shown):
    file = io.StringIO()
    out = console(file)
    print_demo(out, shown)
    text = file.getvalue()
    assert "\x1b" not in text
    from rich.cells import cell_len

    assert max(map(cell_len, text.splitlines())) <= 100
    for part in ("before", "after", "▲", "你感兴趣的", "which interests you", "✓", "✗"):
        assert part in text
    assert f"{shown.figures['push']['sent']} sent" in text


def test_a_stop_ends_it_early(tmp_path: Path):
    stop = Stop()

    def told(what: str, share: float, events: int) -> None:
        stop.asked = share > 0.02

    with pytest.raises(Stopped):
        run_demo(tmp_path, SMALL, told, stop)


def test_the_command_ends_by_itself_leaves_nothing_and_repeats(
    shown: Shown,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
):
    drawn = tmp_path_factory.mktemp("pictures") / "demo.svg"
    monkeypatch.setattr("flows.demo.Evening", lambda: SMALL)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = alive()
    assert cli.main(["demo", "--picture", str(drawn)]) == 0
    captured = capsys.readouterr()
    assert "Nothing is left running" in captured.out
    told = io.StringIO()
    print_demo(console(told), shown)
    assert told.getvalue() in captured.out
    for heading in ("Lin's list before, and after", "Why the risen rooms", "tag by tag"):
        assert heading in said(drawn)
        assert heading in said(DRAWN)
    # A slow machine is told how far it is.
    progress = re.compile(r".+: \d+%, [\d,]+ \w+, [\d,]+/s")
    assert all(progress.fullmatch(line) for line in captured.err.splitlines())
    assert not list(tmp_path.iterdir())
    assert alive() == before
