# ruff: noqa: RUF001 - digits of other scripts are what is tested
"""What holds for patterns whatever text they meet."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.text import patterns
from anonymize.text.patterns.fold import folded
from anonymize.text.patterns.rules import rules
from anonymize.text.spans import TYPES

unhurried = settings(deadline=None)
#: Text in which patterns have something to do: their cues and characters, and anything else.
_WORDS = """case no. # 26-001234 plate CA 7ABC123 the on of 14 Elm Street Apt 3 5 May 2024 17 y/o A#
    @ . - / $ : five one dot at room motel née Ж ４ 💋 and & 415 555 0199 12345 corner"""
words = st.sampled_from(_WORDS.split())
texts = st.one_of(st.text(max_size=80), st.lists(words, max_size=30).map(" ".join))


@given(st.text(max_size=200))
@unhurried
def test_folding_keeps_every_offset(text: str) -> None:
    plain = folded(text)
    assert len(plain) == len(text) and plain.isascii()
    assert all(a == b for a, b in zip(text, plain, strict=True) if a.isascii())


@given(texts)
@unhurried
def test_spans_lie_in_the_text_and_have_a_type(text: str) -> None:
    for span in patterns.find(text):
        assert 0 <= span.start < span.end <= len(text)
        assert span.type in TYPES and 0 < span.score <= 1


@given(texts)
@unhurried
def test_filter_keeps_no_rule_from_a_text_it_matches(text: str) -> None:
    plain = folded(text).encode("ascii")
    present = {rule.name for rule in patterns.matching(plain)}
    for rule in rules():
        assert rule.name in present or not list(rule.spans(plain))


@given(texts)
@unhurried
def test_what_comes_before_on_other_lines_moves_spans_and_no_more(text: str) -> None:
    before = "Überschrift — né\n\n\n"
    moved = {(s.start + len(before), s.end + len(before), s.type) for s in patterns.find(text)}
    assert moved <= {(s.start, s.end, s.type) for s in patterns.find(before + text)}


@given(
    st.integers(200, 999), st.integers(200, 999), st.integers(0, 9999), st.sampled_from(" -./*•💋‑")
)
@unhurried
def test_phone_is_masked_whatever_stands_between_its_groups(
    area: int, office: int, line: int, mark: str
) -> None:
    phone = f"{area}{mark}{office}{mark}{line:04}"
    wide = phone.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    for written in (phone, wide):
        text = f"text me {written} now"
        spans = patterns.find(text)
        assert any(s.start <= 8 and 8 + len(written) <= s.end for s in spans)


@given(st.integers(20, 29), st.integers(0, 999_999), st.sampled_from(["", "HPD", "CR "]))
@unhurried
def test_case_number_is_masked_in_any_case_of_letters(year: int, serial: int, agency: str) -> None:
    for text in (f"see {agency}{year}-{serial:06} for more", f"SEE {agency}{year}-{serial:06}."):
        at = text.index(f"{year}-")
        assert any(s.start <= at and at + 9 <= s.end for s in patterns.find(text))
