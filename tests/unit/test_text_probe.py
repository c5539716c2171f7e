"""The probe: the network, what stands beside a token, and what it is asked about."""

from __future__ import annotations

import numpy as np
import pytest

from anonymize.text import probe
from anonymize.text.casing import recased
from anonymize.text.known import Known
from anonymize.text.ner import Reading
from anonymize.text.redactor import Redactor
from anonymize.text.spans import Span

NOBODY = Known.of([])
TEXTS = (
    "Judge is in debt to a furniture store and Battle drove her to 214 at the motel.",
    "VICTIM SAID COOK TOOK THE MONEY.",
    "She was tired and slept for ten hours.",
)


def judged(redactor: Redactor, texts: tuple[str, ...]) -> list[list[Span]]:
    cased = [recased(text) for text in texts]
    found = probe.find(texts, cased, redactor._ner.read(cased))
    return [[span._replace(score=round(span.score, 2)) for span in spans] for spans in found]


def by_hand(weights: dict[str, probe.Floats], rows: probe.Floats) -> list[list[float]]:
    """The definition: a token and what stands around it, one token at a time."""
    answers = []
    for at in range(len(rows)):
        hidden = weights["hidden_bias"].copy()
        for place, part in enumerate(weights["hidden"]):
            beside = at + place - probe.BESIDE
            if 0 <= beside < len(rows):
                hidden += rows[beside] @ part
        powers = np.exp(np.maximum(hidden, 0) @ weights["out"] + weights["out_bias"])
        answers.append((powers / powers.sum()).tolist())
    return answers


@pytest.mark.parametrize("tokens", [1, 2, 3, 9])
def test_the_network_is_what_it_is_defined_to_be(tokens: int) -> None:
    random = np.random.default_rng(tokens)
    places, features, units = 2 * probe.BESIDE + 1, 7, 5
    weights = {
        "hidden": random.normal(size=(places, features, units)).astype(np.float32),
        "hidden_bias": random.normal(size=units).astype(np.float32),
        "out": random.normal(size=(units, len(probe.CLASSES))).astype(np.float32),
        "out_bias": random.normal(size=len(probe.CLASSES)).astype(np.float32),
    }
    rows = random.normal(size=(tokens, features)).astype(np.float32)
    assert probe.network(weights, rows) == pytest.approx(np.array(by_hand(weights, rows)), abs=1e-5)


def test_a_text_is_judged_by_itself(redactor: Redactor) -> None:
    alone = [judged(redactor, (text,))[0] for text in TEXTS]
    assert judged(redactor, TEXTS) == alone
    assert judged(redactor, (TEXTS[2], "", TEXTS[0])) == [alone[2], [], alone[0]]
    assert judged(redactor, ()) == []


def test_marks_and_blanks_are_nobodys(redactor: Redactor) -> None:
    assert judged(redactor, ("... --- ,,, \n\n !!! (( ))", " ", "\n")) == [[], [], []]


def test_only_what_is_open_is_masked_and_neighbours_are_one() -> None:
    text = "cash germany sent 12 to cook"
    tokens = [
        Span(0, 4, "PERSON", 0.8), Span(5, 12, "PERSON", 0.9), Span(18, 20, "ID", 0.7),
        Span(24, 28, "PERSON", 0.7),
    ]  # fmt: skip
    assert probe.left_open(text, tokens, [], NOBODY) == [
        Span(0, 12, "PERSON", 0.9), Span(18, 20, "ID", 0.7), Span(24, 28, "PERSON", 0.7),
    ]  # fmt: skip
    masked = [Span(5, 12, "LOCATION"), Span(19, 23, "ID")]
    assert probe.left_open(text, tokens, masked, NOBODY) == [
        Span(0, 4, "PERSON", 0.8), Span(18, 20, "ID", 0.7), Span(24, 28, "PERSON", 0.7),
    ]  # fmt: skip


def test_a_slight_doubt_is_enough_where_the_record_has_such_a_name() -> None:
    text = "so; tale; her"
    record = Known.of(["So, Han", "Tal, Mia"])
    slight = [Span(0, 2, "PERSON", 0.01), Span(4, 8, "PERSON", 0.01), Span(10, 13, "PERSON", 0.01)]
    surer = [token._replace(score=0.06) for token in slight]
    assert probe.left_open(text, surer, [], NOBODY) == []
    assert probe.left_open(text, slight, [], record) == slight[:1]
    assert probe.left_open(text, surer, [], record) == surer[:2]


def test_tokens_of_two_kinds_stay_apart_as_do_lines() -> None:
    text = "cash 12\ncook"
    tokens = [Span(0, 4, "PERSON"), Span(5, 7, "ID"), Span(8, 12, "ID")]
    assert probe.left_open(text, tokens, [], NOBODY) == tokens


def test_a_reading_without_tokens_is_no_error() -> None:
    none = np.zeros(0, dtype=np.intp)
    empty = Reading([], none, none, np.zeros((0, 64), np.float32))
    assert probe.find([""], [""], [empty]) == [[]]
