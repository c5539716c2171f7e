"""What holds for the indicators of any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.text.indicators import KINDS, codes, lexicon_words, read, read_all, summarise
from anonymize.text.indicators.extract import extract, extract_all
from anonymize.text.indicators.normal import normal

CODES = {kind: set(codes(kind)) for kind in KINDS}
WORDS = st.sampled_from(
    [*sorted(lexicon_words()), "her", "he", "not", "denied", "from", "to", "Texas", "TX", "Mexico"]
)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(WORDS, st.sampled_from([".", ",", "\n", "?", "é", "😀"])), max_size=40).map(
        " ".join
    ),
)


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_indicators_are_listed_codes_at_places_of_the_text(text: str) -> None:
    for found in [*extract(text), *read(text)]:
        assert found.code in CODES[found.kind]
        assert 0 <= found.start < found.end <= len(text)
        assert 0 < found.confidence <= 1


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_the_summary_has_no_code_twice(text: str) -> None:
    rows = summarise(read(text))
    assert len({(kind, code) for kind, code, _, _ in rows}) == len(rows)


@given(TEXTS)
def test_the_normal_form_is_as_long_as_the_text(text: str) -> None:
    assert len(normal(text)) == len(text)


@given(st.lists(WORDS, min_size=1, max_size=20).map(" ".join))
def test_what_is_denied_as_a_whole_names_no_documents(text: str) -> None:
    denied = f"{text}. She denied that he took her passport."
    alone = {found.code for found in extract(f"{text}.")}
    assert {found.code for found in extract(denied)} <= alone


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, max_size=5))
def test_texts_read_together_say_what_each_says_alone(texts: list[str]) -> None:
    assert extract_all(texts) == [extract(text) for text in texts]
    together, alone = read_all(texts), [read(text) for text in texts]
    assert [summarise(said) for said in together] == [summarise(said) for said in alone]
