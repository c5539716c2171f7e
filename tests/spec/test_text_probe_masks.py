"""What is masked with the probe beside the rules, what by it alone, and what has to stand."""

from __future__ import annotations

import pytest

from anonymize.text import probe
from anonymize.text.redactor import Redactor

#: A text, and what of it has to go.
MASKED = (
    # names that are words, as subjects and objects
    ("Frost and I went to the residence and knocked.", "Frost"),
    ("The vic was mad at her father when Cash took the phone.", "Cash"),
    ("She waited outside until Battle came back with the van.", "Battle"),
    ("VICTIM SAID THAT COOK HAS HER PHONE AND HER ID.", "COOK"),
    ("per the clerk, may checked in alone and left with stone.", "stone"),
    # numbers without a word that announces them
    ("They knocked on 118 and nobody answered the door.", "118"),
    ("Cover units were 3A21 and 3A25.", "3A25"),
)

#: What nothing but the probe masks.
ALONE = (
    ("Frost and I went to the residence and knocked.", "Frost"),
    ("VICTIM SAID THAT COOK HAS HER PHONE AND HER ID.", "COOK"),
    ("JAMAL AND COFFIN WERE DETAINED AT THE SCENE.", "COFFIN"),
)

#: Ordinary sentences of reports, nothing of which identifies.
LEFT = (
    "She owed 400 dollars and saw 6 or 7 men a night.",
    "The victim was told to keep her head down and never look at another pimp.",
    "He took her phone and kept the money from the dates.",
    "Client slept 10 hours, ate twice and met with her case manager.",
    "The officer explained the protective order and left.",
    "She was made to work 14 hours a day, 7 days a week.",
    "Section 3 of the act and Article 6 do not apply here.",
    "Victim was given pills to stay awake and was not allowed to leave the house.",
)


def masked(redactor: Redactor, text: str) -> list[str]:
    return [text[span.start : span.end] for span in redactor.find([text])[0]]


@pytest.mark.parametrize(("text", "name"), MASKED)
def test_what_is_masked(redactor: Redactor, text: str, name: str) -> None:
    assert any(name in found for found in masked(redactor, text))


@pytest.mark.parametrize(("text", "name"), ALONE)
def test_what_the_probe_alone_masks(
    redactor: Redactor, monkeypatch: pytest.MonkeyPatch, text: str, name: str
) -> None:
    assert any(name in found for found in masked(redactor, text))
    monkeypatch.setattr(probe, "LEAST", 2.0)
    assert not any(name in found for found in masked(redactor, text))


@pytest.mark.parametrize("text", LEFT)
def test_what_is_left(redactor: Redactor, text: str) -> None:
    assert masked(redactor, text) == []
