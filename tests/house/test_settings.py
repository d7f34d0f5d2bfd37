"""Every setting has a unit and a reason, and its page is the one that the code makes."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
from pathlib import Path

import pytest

from events.setting import check
from flows.cli import main
from flows.described import describe
from flows.settings import Settings, SettingsError, load
from flows.validate import ValidateSettings
from simulator.settings import SimulatorSettings

# For those who make a reader of their own, in a product server.
READ_OUTSIDE = {"redis.rooms_cache_ms"}


def test_every_setting_says_its_unit_and_why():
    silent = [
        f"{entry.section}.{entry.name}"
        for entry in describe(Settings())
        if not entry.unit.strip() or len(entry.why.split()) < 3
    ]
    assert silent == []


@pytest.mark.parametrize("held", [SimulatorSettings, ValidateSettings])
def test_the_settings_of_tools_say_it_too(held: type):
    fields = dataclasses.fields(held)
    assert [
        f.name for f in fields if not f.metadata["unit"] or len(f.metadata["why"].split()) < 2
    ] == []


def test_a_unit_in_a_name_is_the_unit():
    """`_ms` is ms and `_s` is seconds, wherever the sentence goes on from there."""
    wrong = []
    for entry in describe(Settings()):
        for ending, unit in (("_ms", "ms"), ("_s", "s"), ("_bytes", "bytes"), ("_days", "days")):
            if entry.name.removesuffix("_max").endswith(ending) and isinstance(
                entry.default, int | float
            ):
                first = re.split(r"[ ,]", entry.unit)[0]
                if first != unit:
                    wrong.append(f"{entry.section}.{entry.name}: {entry.unit}")
    assert wrong == []


def test_the_page_is_what_the_command_prints(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for name in [name for name in os.environ if name.startswith("LIVELOOM_")]:
        monkeypatch.delenv(name)
    assert main(["settings", "--markdown"]) == 0
    page = (root / "docs" / "settings.md").read_text("utf-8")
    below = page.split("-->\n\n", 1)[1]
    assert below == capsys.readouterr().out, "CONTRIBUTING.md says how to renew the page"


def test_the_page_s_own_example_loads(root: Path, tmp_path: Path):
    page = (root / "docs" / "settings.md").read_text("utf-8")
    file = tmp_path / "liveloom.toml"
    file.write_text(page.split("```toml\n", 1)[1].split("```", 1)[0], "utf-8")
    settings = load(str(file), {"LIVELOOM_FLOW_SHARDS": "32", "PATH": "/bin"})
    assert settings.flow.lateness_ms == 20_000
    assert settings.flow.shards == 32
    assert settings.push.quiet_from == "23:00"


def test_a_wrong_setting_is_told_by_name(tmp_path: Path):
    file = tmp_path / "liveloom.toml"
    file.write_text("[flow]\nshard = 3\n", "utf-8")
    with pytest.raises(SettingsError, match=r"flow\.shard"):
        load(str(file), {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[flow]\nchunk_changes = 0", "[flow]: chunk_changes is 0; use at least 1"),
        ("[slate]\nexplore_share = nan", "[slate]: explore_share is nan; use finite numbers"),
        ("[slate]\nexplore_share = 7", "[slate]: explore_share is 7.0; use at most 1"),
        ("[rooms]\nheat_half_life_s = -1", "[rooms]: heat_half_life_s is -1; use at least 1"),
    ],
)
def test_a_setting_out_of_range_is_told_by_name(tmp_path: Path, text: str, says: str):
    file = tmp_path / "liveloom.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as raised:
        load(str(file), {})
    assert str(raised.value) == says


def test_every_default_is_within_its_limits():
    settings = Settings()
    for section in dataclasses.fields(settings):
        check(getattr(settings, section.name))


def test_a_file_that_is_no_text_is_told(tmp_path: Path):
    file = tmp_path / "liveloom.toml"
    file.write_bytes(b"\xff\xfe[flow]")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        load(str(file), {})


def test_every_setting_is_read_somewhere(trees: dict[str, ast.Module]):
    """A setting that changes nothing would be a promise broken in silence."""
    read = {
        node.attr
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    read |= {
        node.value
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    unread = {f"{e.section}.{e.name}" for e in describe(Settings()) if e.name not in read}
    assert unread - READ_OUTSIDE == set()
