"""The data dictionary is what the contracts, models and products say."""

from __future__ import annotations

from pathlib import Path

from tributary.dictionary import dictionary

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == dictionary(), (
        "run: tributary dictionary > docs/data-dictionary.md"
    )


def test_nothing_that_is_dropped_is_listed() -> None:
    assert "`drop`" not in dictionary().split("## Feeds")[1].split("\n", 3)[3]
