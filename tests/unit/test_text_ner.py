"""The engine's entities are those of spaCy, and of Presidio with the same model."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer
from spacy.language import Language

from anonymize.text import model, ner, transitions
from anonymize.text.ner import TYPES, Ner
from anonymize.text.redactor import Redactor
from anonymize.text.spans import Span

#: What narratives bring: registers, alphabets, white space, names next to names.
TEXTS = [
    "On 3 March 2021 Det. Maria Gonzalez of the Harbor City Police met Nguyen Thi Lan in Oakland.",
    "VICTIM STATED JOHN SMITH DROVE HER FROM FRESNO TO LAS VEGAS ON FRIDAY NIGHT.",
    "she said marco took her passport and they stayed at the blue palm motel for two weeks",
    "El 14 de julio la víctima dijo que Juan Carlos Peña la llevó a Ciudad Juárez.",
    "Smith\r\n\r\nJones\tBrown\u00a0Black\n \nthe United States and the\nBank of America\n",
    "Names: Ana, Bob, Carl, Dora, Emil, Fritz; Gus and Helen Li (b. 1990).",
    "李娜 said she arrived in San José \U0001f600\U0001f600 with Đặng Văn Lâm.",
    "The Office of the United Nations High Commissioner for Human Rights in Geneva, Switzerland, "
    "and the Parliamentary Assembly of the Council of Europe wrote to her on Monday.",
    "1234567890 !!! ... --- ((( )))",
    "   ",
    "\n",
    "x",
    "\x00\x01 John \x00 Smith \ufffd",
    "",
]


@pytest.fixture(scope="module")
def engine(redactor: Redactor) -> Ner:
    return redactor._ner


@pytest.fixture(scope="module")
def spacy_itself() -> Language:
    return model.load()


def entities(engine: Ner, texts: list[str]) -> list[list[Span]]:
    return [reading.entities for reading in engine.read(texts)]


def by_spacy(nlp: Language, texts: list[str]) -> list[list[Span]]:
    return [
        [
            Span(e.start_char, e.end_char, TYPES[e.label_], 0.85)
            for e in doc.ents
            if e.label_ in TYPES
        ]
        for doc in nlp.pipe(texts)
    ]


def real_paragraphs(shared_data: Path, every: int) -> list[str]:
    lines = (shared_data / "text" / "tab_dev.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    return [part for text in texts for part in text.split("\n\n") if part.strip()][::every]


def test_entities_are_spacys(engine: Ner, spacy_itself: Language) -> None:
    wanted = by_spacy(spacy_itself, TEXTS)
    assert entities(engine, TEXTS) == wanted
    assert sum(map(len, wanted)) > 20
    assert [engine.read([text])[0].entities for text in TEXTS] == wanted


def test_entities_are_spacys_in_real_texts(
    engine: Ner, spacy_itself: Language, shared_data: Path
) -> None:
    texts = real_paragraphs(shared_data, every=25)
    texts += [text.upper() for text in texts[:20]] + [text.lower() for text in texts[:20]]
    assert entities(engine, texts) == by_spacy(spacy_itself, texts)


def test_entities_are_presidios(engine: Ner, request: pytest.FixtureRequest) -> None:
    """With the whole pipeline, as Presidio runs it.

    Its parser marks ends of sentences, across which spaCy lets no entity reach; ours may. That is
    rare (3 of the 1,500 synthetic texts of presidio-research, none of 1,984 real paragraphs).
    """
    texts = [text for text in TEXTS if text.strip()]
    presidio = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": str(model.model_path())}])
    presidio.load()
    recogniser = SpacyRecognizer()
    logging.disable(logging.WARNING)
    request.addfinalizer(lambda: logging.disable(logging.NOTSET))
    for text, ours in zip(texts, entities(engine, texts), strict=True):
        artifacts = presidio.process_text(text, "en")
        buildings = {(e.start_char, e.end_char) for e in artifacts.entities if e.label_ == "FAC"}
        found = recogniser.analyze(text, recogniser.supported_entities, artifacts)
        assert {(r.start, r.end, r.entity_type, r.score) for r in found} == {
            tuple(span) for span in ours if span[:2] not in buildings
        }


def test_an_entity_may_be_longer_than_what_is_followed_side_by_side(
    engine: Ner, spacy_itself: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transitions, "_STEPS", 1)
    assert entities(engine, TEXTS) == by_spacy(spacy_itself, TEXTS)


def test_a_long_text_is_cut_where_nothing_is_lost(
    engine: Ner, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n\n".join(TEXTS[:4] * 3)
    whole = engine.read([text])[0].entities
    monkeypatch.setattr(ner, "MAX_CHARS", 400)
    assert entities(engine, [text, "", text]) == [whole, [], whole]


@pytest.mark.parametrize("unit", ["'", "(", ":1", "\U0001f600"])
def test_what_is_no_word_does_not_stop_the_tokeniser(engine: Ner, unit: str) -> None:
    """spaCy would take minutes; what stands around it is still found, where it stands."""
    text = f"{TEXTS[0]}\n{unit * 20_000}\n{TEXTS[1]}"
    found = {text[span.start : span.end] for span in engine.read([text])[0].entities}
    assert {"Maria Gonzalez", "Oakland", "JOHN SMITH"} <= found


def test_new_words_are_forgotten(
    engine: Ner, spacy_itself: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ner, "_LEARNT_STRINGS", 500)
    start = engine._known_strings
    for first in range(0, 900, 300):
        texts = [f"Mr Xq{n}zz met Ms Yr{n}ww in Qz{n}burg." for n in range(first, first + 300)]
        assert entities(engine, texts) == by_spacy(spacy_itself, texts)
        assert 500 < len(engine._nlp.vocab.strings) - start < 5_000
