"""What the pages say can be typed: every command in them exists, with its options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from tests.conftest import ROOT
from tributary.cli import app

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKE = re.compile(r"^\s*make (\w+)", re.MULTILINE)
TRIBUTARY = re.compile(r"^\s*tributary ([^#\n]+)", re.MULTILINE)


def blocks(page: Path) -> str:
    """The fenced shell blocks of a page, with their indentation."""
    return "\n".join(
        re.findall(r"^\s*```sh\n(.*?)^\s*```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )


def commands() -> list[tuple[str, str]]:
    return [(page.name, line.strip()) for page in PAGES for line in TRIBUTARY.findall(blocks(page))]


def test_there_is_something_to_check() -> None:
    assert len(commands()) >= 6


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_and_its_options_exist(page: str, line: str) -> None:
    command = typer.main.get_command(app)
    words = line.split()
    while hasattr(command, "commands"):
        word = words.pop(0)
        assert word in command.commands, f"{page}: no command {word}"
        command = command.commands[word]
    options = {name for parameter in command.params for name in parameter.opts}
    for word in words:
        if word.startswith("--"):
            assert word.split("=")[0] in options, f"{page}: no option {word}"


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for page in PAGES for target in MAKE.findall(blocks(page))}
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link


def test_nothing_names_a_registry_or_this_machine() -> None:
    word = re.compile(r"https?://(pypi|files\.pythonhosted|registry\.npmjs)|--(extra-)?index-url")
    for path in (
        ROOT / "requirements.txt",
        ROOT / "requirements-setup.txt",
        ROOT / "pyproject.toml",
    ):
        assert not word.search(path.read_text("utf-8").replace("--no-emit-index-url", ""))
