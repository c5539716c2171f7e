"""Whatever the text: nothing is lost by cutting it, and exactly what is covered is replaced."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anonymize.text.cutting import pieces
from anonymize.text.replace import STYLES, redacted
from anonymize.text.spans import TYPES, Span, merged


@given(st.text(st.sampled_from("ab .\n\r\t"), max_size=200), st.integers(1, 30))
def test_pieces_are_the_text(text: str, limit: int) -> None:
    found = list(pieces(text, limit))
    assert "".join(piece for _, piece in found) == text
    assert all(text.startswith(piece, start) for start, piece in found)
    assert all(0 < len(piece) <= limit for _, piece in found)


@st.composite
def texts_and_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(st.text(max_size=40))
    place = st.integers(0, len(text))
    spans = st.builds(Span, place, place, st.sampled_from(TYPES), st.floats(0, 1))
    return text, draw(st.lists(spans, max_size=8))


@given(texts_and_spans(), st.sampled_from(STYLES))
def test_all_that_any_span_covers_goes_and_all_else_stays(
    given_: tuple[str, list[Span]], style: str
) -> None:
    text, spans = given_
    covered = {at for span in spans for at in range(span.start, span.end)}
    joined = merged(spans)
    assert {at for span in joined for at in range(span.start, span.end)} == covered
    kept = "".join(char for at, char in enumerate(text) if at not in covered)
    assert redacted(text, joined, "remove") == kept
    assert len(redacted(text, joined, style)) >= len(kept)
