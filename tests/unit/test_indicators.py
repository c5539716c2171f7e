"""The parts of the indicator lexicon: normal form, phrases, summary, quality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from anonymize.text.indicators import KINDS, Indicator, codes, lexicon_words, summarise
from anonymize.text.indicators import lexicon as lexicon_module
from anonymize.text.indicators.extract import extract_all
from anonymize.text.indicators.lexicon import compiled
from anonymize.text.indicators.normal import normal
from anonymize.text.indicators.searched import Searched
from schemas.codes import code_list
from schemas.errors import ContractError
from tributary.bench.indicators import Quality, found, hand_written, quality
from tributary.county.narratives import sample
from warehouse.models import base, core

DATA = Path(__file__).parent.parent / "data"


def test_the_normal_form_keeps_every_position() -> None:
    text = "Señora Nguyễn’s 😀 İstanbul\u00a0Mr. X"  # noqa: RUF001 - as typed
    assert normal(text).decode() == "senora nguyen's _ istanbul mr  x"
    assert len(normal(text)) == len(text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("took her passport", "he took her  passport."),
        ("threat* to", "threatening to leave"),
        ("didn't let", "did not let"),
        ("didn't let", "didnt let"),
        ("day and night", "day & night"),
        ("took .. passport", "took away her red passport"),
        ("took \\S+ passport", "took the passport"),
    ],
)
def test_a_phrase_finds(phrase: str, text: str) -> None:
    assert compiled([phrase]).search(text.encode())


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("took .. passport", "took the car. her passport"),
        ("hit", "white"),
        ("took .. passport", "took a b c d e f g passport"),
    ],
)
def test_a_phrase_does_not_find(phrase: str, text: str) -> None:
    assert not compiled([phrase]).search(text.encode())


def test_a_phrase_that_does_not_parse_is_named() -> None:
    with pytest.raises(ContractError, match="does not parse"):
        compiled(["(took"])
    with pytest.raises(ContractError, match="no word list"):
        compiled(["{nothing}"])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("he took her passport", 1),
        ("the passport that he took", 1),
        ("he took it. the passport was new", 0),  # another sentence
        ("he took it" + " and so on" * 8 + " the passport", 0),  # too far
    ],
)
def test_groups_meet_in_a_sentence(monkeypatch, text: str, count: int) -> None:
    listed = {"keeping": ["took"], "things": ["passport"]}
    monkeypatch.setattr(lexicon_module, "data", lambda name: listed)
    lexicon_module._group.cache_clear()
    wanted = lexicon_module._together("keeping + things")
    lexicon_module._group.cache_clear()
    assert len(Searched(text.encode()).together(wanted)) == count
    with pytest.raises(ContractError, match="no groups"):
        lexicon_module._together("keeping + nothing")


def test_a_rule_with_an_unlisted_code_does_not_load(monkeypatch) -> None:
    entry = {"id": "x", "codes": "nonsense", "confidence": 1, "phrases": ["x"]}
    monkeypatch.setattr(lexicon_module, "data", lambda name: [entry])
    with pytest.raises(ContractError, match="not listed"):
        lexicon_module.rules.__wrapped__()


def test_the_summary_has_each_code_once_by_its_surest_mention() -> None:
    weak = Indicator("venue", "street", "venue.street", 0.5, 0, 1)
    sure = Indicator("venue", "street", "venue.other", 0.8, 5, 6)
    other = Indicator("means", "meansThreats", "means.threats", 0.7, 2, 3)
    assert summarise([weak, sure, other]) == [
        ("means", "meansThreats", "means.threats", 0.7),
        ("venue", "street", "venue.other", 0.8),
    ]


def test_codes_are_the_warehouse_s() -> None:
    assert codes("means") == core.MEANS
    assert set(codes("exploitation")) == {*core.EXPLOITATION, *core.LABOUR, *core.SEX}
    assert codes("recruiter") == core.RECRUITERS
    assert codes("venue") == base.VENUES
    assert codes("movement_origin") == codes("movement_destination")
    assert set(code_list("iso_3166").members) < set(codes("movement_origin"))


def test_every_kind_has_codes() -> None:
    assert all(codes(kind) for kind in KINDS)


def test_lexicon_words_are_lower_case_words() -> None:
    assert {"motel", "pimp", "passport", "boyfriend", "debt", "threatened"} <= lexicon_words()
    assert all(word == word.lower() and " " not in word for word in lexicon_words())


def test_quality_counts_a_code_once_a_text() -> None:
    text = "Her pimp sold her to men and took her passport. He kept her passport."
    truth = {("means", "meansWithholdDocs")}
    rows = {row.kind: row for row in quality([(text, truth)], ["means"])}
    assert rows["means"] == Quality("means", right=1, wrong=0, missed=0)
    assert rows["all"].precision == rows["all"].recall == rows["all"].f1 == 1


@pytest.mark.parametrize(("grammar", "least"), [("check", 0.88), ("unseen", 0.82)])
def test_generated_narratives(grammar: str, least: float) -> None:
    labelled = [(one.text, set(one.indicators)) for one in sample(150, 1, grammar)]
    rows = quality(labelled, [kind for kind in KINDS if kind != "recruitment"])
    assert rows[-1].f1 >= least, rows


@pytest.mark.parametrize(("name", "least"), [("fresh", 0.85), ("tuning", 0.70), ("dev", 0.65)])
def test_hand_written_sentences(name: str, least: float) -> None:
    entries = _entries(name)
    rows = quality(hand_written(entries))
    assert len(entries) > 130
    assert rows[-1].f1 >= least, rows[-1]


@pytest.mark.parametrize(("name", "least"), [("tuning", 0.82), ("dev", 0.69), ("fresh", 0.84)])
def test_hand_written_sentences_by_the_lexicon_alone(name: str, least: float) -> None:
    rows = quality(hand_written(_entries(name)), reader=extract_all)
    assert rows[-1].f1 >= least, rows[-1]


@pytest.mark.parametrize("name", ["plain", "wide"])
def test_the_lexicon_reads_sentences_beside_exploitation(name: str) -> None:
    labelled = [one for one in hand_written(_entries(name)) if one[1]]
    beside = [text + " She is a victim of human trafficking." for text, _ in labelled]
    answers = found(beside, extract_all)
    carried = sum(len(truth) for _, truth in labelled)
    right = sum(len(truth & got) for (_, truth), got in zip(labelled, answers, strict=True))
    assert right / carried >= 0.95


def test_ordinary_police_and_case_work_says_nothing() -> None:
    entries = _entries("ordinary")
    answers = found([entry["text"] for entry in entries])
    told = [entry["text"] for entry, got in zip(entries, answers, strict=True) if got]
    assert len(told) / len(entries) <= 0.03, told


def _entries(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((DATA / f"indicators_{name}.yaml").read_text("utf-8")))
