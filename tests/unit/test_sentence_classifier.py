"""The classifier of sentences, and how it is weighed against the lexicon."""

from __future__ import annotations

import numpy as np
import pytest

from anonymize.text.indicators import Indicator, codes, read, read_all
from anonymize.text.indicators.classifier import CODES, classify, sentences
from anonymize.text.indicators.weighing import FEATURES, KINDS, features, weigh

OF = {"means", "exploitation", "recruiter", "venue", "trafficking"}


def test_the_classifier_knows_every_code_of_its_kinds() -> None:
    assert set(CODES) == {code for kind in OF for code in codes(kind)}
    assert set(KINDS) == OF


def test_sentences_are_cut_at_stops_and_long_lists_at_lines() -> None:
    text = "Mr. Roe drove. She paid him!\n" + "\n".join(["rent kept by the boss"] * 20)
    cut = [text[start:end].strip() for start, end in sentences(text)]
    assert cut[:2] == ["Mr. Roe drove.", "She paid him!"]
    assert cut[2:] == ["rent kept by the boss"] * 20


def test_what_has_no_word_is_no_sentence() -> None:
    assert sentences("") == sentences("... 12/3 ?!") == []
    assert read("... 12/3 ?!") == []


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Everything she made went straight into his pocket.", "meansDebtBondageEarnings"),
        ("He warned her that her little brother would be next.", "meansThreats"),
        ("The foreman has all of their passports in his safe.", "meansWithholdDocs"),
        ("She had to see ten men a night or he would not let her sleep.", "isSexualExploit"),
        ("Her stepfather was the one who set up the dates.", "recruiterRelationFamily"),
    ],
)
def test_a_sentence_says(sentence: str, code: str) -> None:
    assert classify([sentence])[0, CODES.index(code)] > 0.5


@pytest.mark.parametrize(
    "sentence",
    ["He took her money from the counter and ran.", "Officers took his passport for booking.",
     "She said nobody ever threatened her.", "Our program serves victims of trafficking."],
)  # fmt: skip
def test_a_sentence_alone_that_says_nothing(sentence: str) -> None:
    assert read(sentence) == []


def test_a_sentence_reads_the_same_beside_others() -> None:
    some = ["She works at the motel.", "He keeps the tips.", "No.", "She works at the motel."]
    together, alone = classify(some), np.concatenate([classify([one]) for one in some])
    assert np.allclose(together, alone, atol=1e-4)
    assert (together[0] == together[3]).all()


@pytest.mark.parametrize(
    ("sentence", "said"),
    [("Detectives suspect human trafficking.", True),
     ("There is no indication of human trafficking.", False)],
)  # fmt: skip
def test_a_text_that_says_no_more_than_its_name(sentence: str, said: bool) -> None:
    assert ("flagged" in {one.code for one in read(sentence)}) == said


def test_features_are_as_many_as_are_named() -> None:
    found = [Indicator("means", "meansThreats", "threats", 0.7, 0, 4)]
    likely = np.full((3, len(CODES)), 0.2, np.float32)
    made = features(found, likely)
    assert made.shape == (len(CODES), len(FEATURES))
    threats = dict(zip(FEATURES, made[CODES.index("meansThreats")], strict=True))
    assert (threats["ruled"], threats["rule"], threats["rules_control"]) == (1, 0.7, 1)
    assert threats["rules_exploit"] == 0


def test_where_no_exploitation_is_told_nothing_is() -> None:
    likely = np.full((1, len(CODES)), 0.001, np.float32)
    likely[0, CODES.index("meansThreats")] = 0.99
    found = [Indicator("means", "meansThreats", "threats", 0.9, 0, 4),
             Indicator("movement_origin", "US-TX", "movement", 0.9, 5, 9)]  # fmt: skip
    assert weigh(found, likely, [(0, 9)]) == []


def test_exploitation_under_a_means_of_control_is_trafficking() -> None:
    likely = np.full((1, len(CODES)), 0.001, np.float32)
    for code in ("isForcedLabour", "meansThreats"):
        likely[0, CODES.index(code)] = 0.999
    made = {one.code: one for one in weigh([], likely, [(0, 9)])}
    assert {"isForcedLabour", "meansThreats", "flagged"} <= made.keys()
    assert made["meansThreats"].rule == "sentence.means"
    assert (made["meansThreats"].start, made["meansThreats"].end) == (0, 9)


def test_the_same_text_reads_the_same_wherever_it_stands() -> None:
    text = "He sold her to men at the motel and kept the money. She came from Ohio to Texas."
    assert read_all([text, "Nothing.", text])[::2] == [read(text)] * 2
    assert {"isSexualExploit", "meansDebtBondageEarnings"} <= {one.code for one in read(text)}
