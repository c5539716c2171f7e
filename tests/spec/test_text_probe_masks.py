"""What is masked with the probe beside the rules, what by it alone, and what has to stand."""

from __future__ import annotations

import pytest

from anonymize.text import probe
from anonymize.text.known import Known
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

#: A text, a name of its own record that is a usual word, and where that stands for somebody.
OWN = (
    ("DEPUTIES LOCATED THE RUNAWAY, MY, AT A FRIEND'S HOUSE.", "DINH, MY", "MY"),
    ("paperwork for le. vehicle registered to noe hernandez.", "MY LE", "le"),
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


@pytest.mark.parametrize(("text", "own", "name"), OWN)
def test_the_record_s_own_name_is_masked_at_a_slighter_doubt(
    redactor: Redactor, text: str, own: str, name: str
) -> None:
    at = text.index(name)
    spans = redactor.find([text], [Known.of([own])])[0]
    assert any(span.start <= at < span.end for span in spans)


def test_a_usual_word_stays_though_the_record_has_such_a_name(redactor: Redactor) -> None:
    text = "She said that her aunt paid for it, so she went along to my office."
    assert redactor.find([text], [Known.of(["SO, ZIHAN", "MY LE", "PA HER"])]) == [[]]


@pytest.mark.parametrize("text", LEFT)
def test_what_is_left(redactor: Redactor, text: str) -> None:
    assert masked(redactor, text) == []
