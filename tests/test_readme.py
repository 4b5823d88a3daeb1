"""README.md and .env.example say what is so: settings, commands, addresses, files."""

import re

import click
import pytest

from roombooker.cli import main
from roombooker_sandbox.cli import main as sandbox
from written import ROOT, env_example, readme_rows

README = (ROOT / "README.md").read_text(encoding="utf-8")
REWRITE = "run `.venv/bin/python tests/written.py`"


def commands_of(group: click.Group, name: str) -> list[str]:
    """ "roombooker rooms import", every leaf."""
    leaves = []
    for short, command in group.commands.items():
        leaves += commands_of(command, f"{name} {short}") if isinstance(command, click.Group) else [f"{name} {short}"]
    return leaves


@pytest.mark.parametrize("row", readme_rows(), ids=lambda row: row.split("`")[1])
def test_the_settings_table_has_every_setting_with_its_meaning_and_default(row: str) -> None:
    assert row in README, f"missing or changed in README.md: {row}\n{REWRITE}"


def test_the_settings_table_has_no_setting_that_does_not_exist() -> None:
    table = re.search(r"<!-- settings -->(.*?)<!-- /settings -->", README, re.DOTALL)
    assert table is not None
    found = [line for line in table.group(1).splitlines() if line.startswith("| `")]
    assert sorted(found) == sorted(readme_rows()), REWRITE


def test_the_example_settings_are_those_of_the_product() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example(), REWRITE


@pytest.mark.parametrize("command", commands_of(main, "roombooker") + commands_of(sandbox, "roombooker-sandbox"))
def test_every_command_is_explained(command: str) -> None:
    assert command in README


def test_every_command_line_in_the_readme_names_a_command_that_exists() -> None:
    known = commands_of(main, "roombooker") + commands_of(sandbox, "roombooker-sandbox")
    used = re.findall(r"`(roombooker(?:-sandbox)? [a-z][a-z -]*)", README)
    strangers = [u.strip() for u in used if not any(u.strip().startswith(k) or k.startswith(u.strip()) for k in known)]
    assert not strangers


def test_every_file_and_picture_that_the_readme_points_at_exists() -> None:
    targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)]+)\)", README) if "://" not in t and not t.startswith("#")]
    assert targets
    assert not [t for t in targets if not (ROOT / t).exists()]


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_pictures_are_small_enough_to_look_at() -> None:
    pictures = list((ROOT / "docs/images").glob("*.png"))
    assert len(pictures) >= 2
    assert not [p.name for p in pictures if p.stat().st_size > 200_000]
