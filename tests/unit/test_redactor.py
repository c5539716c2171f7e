"""The composition: each text once, errors without a word of them, memory that stays."""

from __future__ import annotations

from itertools import pairwise

import pytest

from anonymize.text import patterns
from anonymize.text.known import Known
from anonymize.text.redactor import Redactor, engine
from anonymize.text.replace import redacted
from schemas.errors import PrivacyError

NOTE = "Det. Maria Gonzalez met Peter Wilson in Oakland; he wrote from peter.wilson@example.com."


def types(text: str, redactor: Redactor) -> dict[str, str]:
    return {text[span.start : span.end]: span.type for span in redactor.find([text])[0]}


def test_all_stages_speak(redactor: Redactor) -> None:
    found = types(NOTE, redactor)
    assert found["Peter Wilson"] == "PERSON"
    assert found["Oakland"] == "LOCATION"
    assert found["peter.wilson@example.com"] == "EMAIL_ADDRESS"


def test_spans_are_in_order_and_apart(redactor: Redactor) -> None:
    spans = redactor.find([NOTE])[0]
    assert spans
    assert all(one.end <= other.start for one, other in pairwise(spans))


def test_what_the_record_knows_counts_for_its_own_text_only(redactor: Redactor) -> None:
    text = "seen again at the corner, kettle in the car"
    own, other = Known.of(["Ana Kettle"]), Known.of([])
    first, second, third = redactor.find([text, text, text], [own, other, own])
    assert "kettle" in {text[span.start : span.end] for span in first}
    assert first == third != second


def test_a_text_that_stands_there_twice_is_analysed_once(
    redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(patterns, "find", lambda text: seen.append(text) or [])
    found = redactor.find([NOTE, "another", NOTE, NOTE])
    assert found[0] == found[2] == found[3]
    assert seen == [NOTE, "another"]


def test_batches_change_nothing_and_progress_tells_of_them(
    redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [NOTE.replace("Oakland", city) for city in ("Fresno", "Reno", "Tulsa", "Boise")]
    whole = redactor.find(texts)
    monkeypatch.setattr("anonymize.text.redactor.BATCH_CHARS", 2 * len(NOTE))
    done: list[int] = []
    assert redactor.find(texts, progress=done.append) == whole
    assert done == [2, 2]
    assert redactor.find([]) == []


@pytest.mark.parametrize("half", ["\ud800", "\udc00", "\udfff"])
def test_halves_of_characters_keep_their_place(redactor: Redactor, half: str) -> None:
    text = f"{half}\x00 John {half} met Maria Gonzalez in Oakland\r"
    found = redactor.find([text])[0]
    assert "<LOCATION>" in redacted(text, found, "type")
    assert redacted(text, found, "type").startswith(half)


def test_a_failing_stage_says_nothing_of_the_text(
    redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(text: str) -> None:
        raise ValueError(f"cannot read {text}")

    monkeypatch.setattr(patterns, "find", fails)
    with pytest.raises(PrivacyError) as raised:
        redactor.find([NOTE])
    assert "ValueError at test_redactor.py" in str(raised.value)
    assert "Gonzalez" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_one_engine_a_process(redactor: Redactor) -> None:
    assert engine() is redactor


def test_memory_stays(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every document brings words never seen, and the model keeps few of them.

    What the process holds is measured over 100,000 documents in ``tests/benchmarks/test_text.py``.
    """
    monkeypatch.setattr("anonymize.text.ner._LEARNT_STRINGS", 12_000)
    start = redactor._ner._known_strings
    for first in range(0, 2_500, 500):
        documents = [
            f"Ms Xq{n}bel of {n} Vorn{n}a Road met Tarl{n}o Qend{n} at Zub{n}burg, plate {n}QX."
            for n in range(first, first + 500)
        ]
        redactor.find(documents)
        assert len(redactor._ner._nlp.vocab.strings) < start + 25_000
