"""Narratives of the invented county: five grammars with nothing in common, and an exact truth."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import combinations
from random import Random

import numpy as np
import pytest

from tributary.county.narratives import AnnotatedNarrative, sample
from tributary.county.narratives.grammar import KIND, MOVED, SAYS, SLOT, START, grammar, read
from tributary.county.narratives.grammar import skeletons as drawn
from tributary.county.narratives.people import FORMS, SEXED
from tributary.county.narratives.records import Person, Records
from tributary.county.narratives.sample import GRAMMARS
from tributary.county.narratives.slots import Filler
from tributary.county.narratives.telling import Indicator

#: Slots of plain words: a car, a drug, a sum; they identify nobody.
PLAIN = {"car", "drug", "sum"}
PRONOUNS = {"she", "her", "them", "herself", "he", "his", "him"}


@pytest.fixture(scope="module", params=GRAMMARS)
def narratives(request: pytest.FixtureRequest) -> list[AnnotatedNarrative]:
    return sample(1_200, 3, request.param)


def sentences(split: str) -> dict[str, list[str]]:
    """Productions of the symbols that are sentences, by symbol."""
    raw = read(split)
    symbols = {section[0] for story in raw["stories"].values() for section in story["sections"]}
    return {name: raw["symbols"][name].splitlines() for name in symbols}


def skeleton(production: str) -> str:
    """What is left of a production without slots, symbols and marks."""
    bare = re.sub(r"\{[^}]*\}|<[^>]*>|%\w+%|[^a-z ]", " ", production.lower())
    return " ".join(bare.split())


def test_same_arguments_give_the_same_narratives() -> None:
    assert sample(40, 5, "train") == sample(40, 5, "train")
    assert sample(40, 5, "train") != sample(40, 6, "train")
    assert [one.id for one in sample(2, 5)] == ["heldout-5-000000", "heldout-5-000001"]


#: Two grammars that are both for measuring may have a phrase in common.
APART = [pair for pair in combinations(GRAMMARS, 2) if pair != ("heldout", "unseen")]


@pytest.mark.parametrize(("one", "other"), APART)
def test_no_sentence_is_in_two_grammars(one: str, other: str) -> None:
    mine, theirs = (
        {skeleton(line) for lines in sentences(split).values() for line in lines}
        for split in (one, other)
    )
    assert min(len(mine), len(theirs)) > 400
    assert not {line for line in mine & theirs if len(line.split()) > 2}


@pytest.mark.parametrize(("one", "other"), APART)
def test_no_long_phrase_is_in_two_grammars(one: str, other: str) -> None:
    def phrases(split: str) -> set[str]:
        words = [skeleton(text).split() for text in grammar(split).literals]
        return {" ".join(w[at : at + 5]) for w in words for at in range(len(w) - 4)}

    mine, theirs = (phrases(split) for split in (one, other))
    assert len(mine & theirs) < 0.01 * min(len(mine), len(theirs))


def test_sentences_make_up_the_narrative(narratives: list[AnnotatedNarrative]) -> None:
    for one in narratives:
        edges = [0, *(sentence.end for sentence in one.sentences)]
        assert [sentence.start for sentence in one.sentences] == edges[:-1]
        assert edges[-1] == len(one.text)
        said = {found for sentence in one.sentences for found in sentence.says}
        assert set(one.indicators) <= said | {Indicator("trafficking", "flagged")}


@pytest.mark.parametrize("split", GRAMMARS)
def test_grammar_is_large(split: str) -> None:
    assert sum(map(len, sentences(split).values())) >= 400
    made, none = grammar(split), np.zeros(1_500, np.int64)
    row, token = drawn(made, np.random.default_rng(1), "sex", none)
    assert len({tuple(token[row == at]) for at in range(1_500)}) > 1_490
    starts = np.flatnonzero(token == START * KIND)
    found = {tuple(part) for part in np.split(token, starts)[1:]}
    assert len(found) > 1_000  # sentences; stories are made of several of them


@pytest.mark.parametrize("split", GRAMMARS)
def test_every_slot_that_names_something_yields_a_span(split: str) -> None:
    made = grammar(split)
    texts = " ".join(text for text in made.literals)
    assert not re.search(r"\d{5}|\d-\d{3}|@\w|www|http", texts)
    filler = Filler(split, Records([date(2025, 5, 5)]), Random(1))
    typed = Counter[str]()
    for slot in made.slots:
        found = filler.fill(slot, 0, str)
        names_nobody = slot.rstrip("0123456789") in PLAIN or slot.partition(".")[2] in SEXED
        assert found.text
        assert bool(found.type) != (names_nobody or slot in PRONOUNS), slot
        typed[found.type] += 1
    assert len(typed) >= 26


@pytest.mark.parametrize("split", GRAMMARS)
def test_denials_carry_no_indicator(split: str) -> None:
    made = grammar(split)
    names = [name for name in made.symbols if re.search("denial|_no_|not_traff|screened", name)]
    assert len(names) >= 4
    for name in names:
        symbol = made.symbols[name]
        bits = made.bits[made.first[symbol] : made.first[symbol + 1]]
        assert not [bit for bit in bits.tolist() if bit & ~MOVED], name


def test_spans_are_exact_and_apart(narratives: list[AnnotatedNarrative]) -> None:
    for one in narratives:
        end = 0
        for span in one.spans:
            value = one.text[span.start : span.end]
            assert value == value.strip() != "", one.id
            assert span.start >= end
            end = span.end
        covered = {at for span in one.spans for at in range(span.start, span.end)}
        for word in one.words:
            assert one.text[word.start : word.end].strip()
            assert not covered & set(range(word.start, word.end)), one.id


#: What is left of a value without punctuation, by type.
VALUES = {
    "US_SSN": r"9\d\d(0[1-9]|[1-4]\d)\d{4}",
    "VIN": r"[0-9A-HJ-NPR-Z]{17}",
    "CREDIT_CARD": r"[45]\d{15}",
    "AGE": r"\d\d",
    "ZIP_CODE": r"\d{5}(\d{4})?",
    "ALIEN_NUMBER": r"A?\d{8,9}",
    "LICENSE_PLATE": r"[0-9A-Z]{5,7}",
    "IBAN_CODE": r"DE\d{20}",
}


def test_spans_hold_what_their_type_says(narratives: list[AnnotatedNarrative]) -> None:
    checked = Counter[str]()
    for one in narratives:
        for span in one.spans:
            value = one.text[span.start : span.end].upper()
            if span.type in VALUES:
                assert re.fullmatch(VALUES[span.type], re.sub(r"[\s.-]", "", value)), value
                checked[span.type] += 1
            elif span.type == "PHONE_NUMBER" and re.fullmatch(r"[#() .+1/_-]+", span.form):
                assert re.sub(r"\D", "", value)[-7:-2] == "55501"
                checked[span.type] += 1
    assert set(checked) >= VALUES.keys() - {"IBAN_CODE"} | {"PHONE_NUMBER"}


def test_own_names_are_those_that_are_known(narratives: list[AnnotatedNarrative]) -> None:
    """Where a name is written as it is, its words are words of the record's fields."""
    compared = 0
    for one in narratives:
        fields = " ".join(one.known).upper()
        for span in one.spans:
            if span.own and span.type == "PERSON" and span.form in ("full", "last_first", "last"):
                value = one.text[span.start : span.end].upper()
                words = re.findall(r"\w+", value)
                assert all(word in fields for word in words), (value, one.known)
                compared += 1
    assert compared > 500


def test_identifiers_come_in_many_forms(narratives: list[AnnotatedNarrative]) -> None:
    forms = {(span.type, span.form) for one in narratives for span in one.spans}
    assert len(forms) >= 60
    assert {form for kind, form in forms if kind == "PERSON"} >= {
        "full", "last", "first", "last_first", "initials", "nick", "one_surname", "sound_last",
    }  # fmt: skip
    own = Counter(span.own for one in narratives for span in one.spans)
    assert min(own.values()) > 0.2 * own.total()


def test_narratives_are_short_and_long(narratives: list[AnnotatedNarrative]) -> None:
    lengths = sorted(len(one.text) for one in narratives)
    assert 450 < sum(lengths) / len(lengths) < 850
    assert lengths[len(lengths) // 10] < 270
    assert lengths[-12] > 1_700


def test_indicators_are_of_exploitation(narratives: list[AnnotatedNarrative]) -> None:
    """A narrative without exploitation has no means and no venue; both occur often."""
    kinds = Counter(frozenset(indicator.kind for indicator in one.indicators) for one in narratives)
    for found in kinds:
        assert not found or found & {"exploitation", "trafficking"}
    assert kinds[frozenset()] > 0.25 * len(narratives)
    codes = Counter(indicator.code for one in narratives for indicator in one.indicators)
    common = [code for code in codes if code.startswith(("means", "is", "typeOf", "recruiter"))]
    assert len(common) == 8 + 3 + 6 + 4
    assert min(codes[code] for code in common) >= 4
    flagged = Indicator("trafficking", "flagged")
    for one in narratives:
        if Indicator("exploitation", "isSexualExploit") in one.indicators:
            assert flagged in one.indicators


@pytest.mark.parametrize("split", GRAMMARS)
def test_says_and_types_are_known_words(split: str) -> None:
    raw, made = read(split), grammar(split)
    assert set(made.says) <= raw["says"].keys()
    assert not [token for token in made.tokens if token // KIND not in range(SLOT + 1)
                and token // KIND != SAYS]  # fmt: skip


def test_every_form_of_a_name_writes_something() -> None:
    someone = Person("Maria José", "de la Cruz Muñoz", female=True)
    for name, form in FORMS.items():
        text = form(Random(1), someone)
        assert text == text.strip() != "", name
    assert FORMS["last_first"](Random(1), someone) == "de la Cruz Muñoz, Maria José"
    assert FORMS["one_surname"](Random(1), someone) == "de la Cruz"
    assert FORMS["initials"](Random(1), someone) == "M.D."


def test_a_production_that_does_not_parse_is_refused() -> None:
    from tributary.county.narratives.grammar import _Compiler

    with pytest.raises(ValueError, match="brackets"):
        _Compiler().define("x", ["a [b|c"])
