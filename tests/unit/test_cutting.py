"""Where long texts are cut."""

from __future__ import annotations

import pytest

from anonymize.text.cutting import cut


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
