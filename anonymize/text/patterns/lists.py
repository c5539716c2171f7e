"""Lists of words the checks go by, and which words a text is made of."""

from __future__ import annotations

import re
from importlib import resources

import yaml

from anonymize.text.words import words as listed

#: Words on their own, not the letters of a number.
WORD = re.compile(r"(?<![a-z0-9])[a-z]+(?![a-z0-9])")
_LISTS = {
    name: frozenset(rows.split())
    for name, rows in yaml.safe_load(
        (resources.files(__package__) / "words.yaml").read_text("utf-8")
    ).items()
}
(
    RUNNING,
    NOT_STREETS,
    NOT_NAMES,
    NOT_PLATES,
    PHONETIC,
    COUNTING,
    JOINING,
    SCORES,
    MEASURES,
    STATES,
) = (
    _LISTS[name]
    for name in (
        *("running", "not_streets", "not_names", "not_plates", "phonetic"),
        *("counting", "joining", "scores", "measures", "states"),
    )
)
#: Words of reports, nationalities, days: what stands beside a number and names no street.
NOT_PLACES = listed("function", "reports", "indicators", "nationalities", "times", "calendar") - {
    "main",
    "church",
    "park",
    "market",
    "center",
    "union",
    "mill",
    "old",
    "new",
    "post",
    "airport",
    "second",
    "third",
}
BRANDS = listed("brands")
FUNCTION = listed("function")
NO_PLACE = RUNNING | NOT_STREETS | NOT_PLACES


def no_plain_word(text: str) -> bool:
    return RUNNING.isdisjoint(WORD.findall(text.lower()))
