"""Where long texts are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymize.text.cutting import cut, pieces


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("short", "short"),
        ("One two.\n\nThree. Four", "One two.\n\n"),
        ("One two. Three\nfour five", "One two. Three\n"),
        ("Once two. Three four five", "Once two. "),
        ("One, two, three, four five", "One, two, three, "),
        ("x" * 40, "x" * 17),
    ],
)
def test_the_best_end_in_the_second_half_is_taken(text: str, first: str) -> None:
    assert text[: cut(text, 17)] == first


@given(st.text(st.sampled_from("ab .\n\r\t"), max_size=200), st.integers(1, 30))
def test_pieces_are_the_text(text: str, limit: int) -> None:
    found = list(pieces(text, limit))
    assert "".join(piece for _, piece in found) == text
    assert all(text.startswith(piece, start) for start, piece in found)
    assert all(0 < len(piece) <= limit for _, piece in found)
