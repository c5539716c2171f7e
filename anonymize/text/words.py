"""Word lists in data files, as sets of lower-case words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

#: "V1", "S-2", "w/3": victim, suspect, witness, involved person, by number.
ROLE = re.compile(r"(?i)[vswi][/#-]?\d")
_WORDS = Path(__file__).with_name("words.yaml")


@cache
def words(*kinds: str) -> frozenset[str]:
    """The words of some lists of ``words.yaml`` together."""
    return frozenset(word for kind in kinds for word in flat(load(_WORDS)[kind]))


@cache
def load(path: Path) -> dict[str, Any]:
    """A YAML file in which every scalar is text: ``no``, ``on`` and ``off`` are words here."""
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
    return found


def flat(rows: list[list[str]]) -> list[str]:
    """The words of a list that is written in rows."""
    return [word for row in rows for word in row]
