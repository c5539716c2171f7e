"""An identifier of which a part is found is masked whole."""

from __future__ import annotations

import pytest

from anonymize.text.redactor import Redactor
from anonymize.text.spans import Span
from anonymize.text.whole import whole

#: What was found in braces, its type, and the whole of it.
COMPLETED = (
    # streets: the road that crosses, the kind, what the name begins with
    ("at {Bedford Ave / Old} US 30 for", "STREET_ADDRESS", "Bedford Ave / Old US 30"),
    ("at {Bedford Ave} @ SR 9.", "STREET_ADDRESS", "Bedford Ave @ SR 9"),
    ("to Old {US 6 at Bedford Ave}", "STREET_ADDRESS", "Old US 6 at Bedford Ave"),
    ("lives at {4120 Copper Mill} Pike with", "STREET_ADDRESS", "4120 Copper Mill Pike"),
    ("lives at {4120 copper mill} pike with", "STREET_ADDRESS", "4120 copper mill pike"),
    ("at {912 Oak St} West, upstairs", "STREET_ADDRESS", "912 Oak St West"),
    # numbers: what hyphens join, letters that belong to them
    ("units 14-{22} and", "ID", "14-22"),
    ("unit {4412}-B said", "BADGE_NUMBER", "4412-B"),
    ("report SO {23-0417} was", "CASE_NUMBER", "SO 23-0417"),
    ("passport GH {778812} of", "PASSPORT", "GH 778812"),
    # words with figures or underscores
    ("ask for {lola33}_ there", "PERSON", "lola33_"),
    ("at {1231}h he", "DATE_TIME", "1231h"),
)

#: What was found, its type: nothing belongs to it.
COMPLETE = (
    ("{Lopez}-led crew", "PERSON"),
    ("born {2001}-era", "DATE_TIME"),
    ("case no {23-0417} was", "CASE_NUMBER"),
    ("in {23-0417} he", "CASE_NUMBER"),
    ("at {12 Oak St} park", "STREET_ADDRESS"),
    ("on {Oak St} west of the creek", "STREET_ADDRESS"),
    ("at {12 Oak St} and then", "STREET_ADDRESS"),
)

#: Texts that the rules mask in part only, and what has to go as a whole.
REDACTED = (
    ("traffic stop Bedford Ave/Old US 6, driver fled.", "Bedford Ave/Old US 6"),
    ("Dropped near State Rt 9 at Elm.", "State Rt 9 at Elm"),
    ("14-22 transported, 14-31 took photos.", "14-22"),
    ("Medic 12 transported her.", "Medic 12"),
    ("My handle there is lola33_ and his is kofi88_.", "kofi88_"),
)


def parsed(given: str) -> tuple[str, int, int]:
    before, rest = given.split("{")
    part, after = rest.split("}")
    return before + part + after, len(before), len(before) + len(part)


@pytest.mark.parametrize(("given", "kind", "all_of_it"), COMPLETED)
def test_the_rest_belongs_to_it(given: str, kind: str, all_of_it: str) -> None:
    text, start, end = parsed(given)
    (span,) = whole(text, [Span(start, end, kind)])
    assert (text[span.start : span.end], span.type) == (all_of_it, kind)


@pytest.mark.parametrize(("given", "kind"), COMPLETE)
def test_nothing_else_belongs_to_it(given: str, kind: str) -> None:
    text, start, end = parsed(given)
    assert whole(text, [Span(start, end, kind)]) == [Span(start, end, kind)]


@pytest.mark.parametrize(("text", "identifier"), REDACTED)
def test_it_is_masked_whole(redactor: Redactor, text: str, identifier: str) -> None:
    at = text.index(identifier)
    assert any(
        span.start <= at and at + len(identifier) <= span.end for span in redactor.find([text])[0]
    )


def test_spans_that_meet_are_one() -> None:
    text = "at Bedford Ave / Old US 30 for"
    assert whole(text, [Span(3, 20, "STREET_ADDRESS"), Span(21, 26, "ID")]) == [
        Span(3, 26, "STREET_ADDRESS")
    ]
