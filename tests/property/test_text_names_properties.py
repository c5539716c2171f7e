"""Names of any text lie inside of it, and cost no more than its length."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymize.text import keep, names
from anonymize.text.spans import TYPES, Span

WORDS = (
    *(
        "Mr ",
        "told ",
        "Lopez",
        "LOPEZ, ",
        "A.",
        "(aka \u201c",
        "\u201d) ",
        "Court ",
        "n\u00e9e ",
        "\n",
    ),
    *("\u0130", "\u00df", " the ", "Motel ", "-", "\u2019s ", "v/", "de la ", "J. "),
)


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=30).map("".join))
def test_spans_lie_inside_of_the_text(text):
    found = names.cued(text)
    every = [*found, *names.propagated(text, found), *keep.identifying(text, found, ())]
    for span in every:
        assert 0 <= span.start < span.end <= len(text)
        assert span.type in TYPES


@given(st.text(max_size=40), st.integers(0, 39), st.integers(1, 40))
def test_what_another_recogniser_found_is_left_to_it(text, start, length):
    entity = Span(start, min(start + length, len(text)), "PERSON")
    if entity.end > entity.start:
        assert keep.identifying(text, [entity], [entity._replace(type="EMAIL_ADDRESS")]) == []


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "A ",
        "Aa ",
        "Mr ",
        "told ",
        "A.",
        "Court ",
        "\u201cAa\u201d ",
        "aka ",
        "Aa, ",
        "O\u2019",
        "Aa-",
    ],
)
def test_time_grows_with_the_length_alone(piece):
    def seconds(size):
        text = piece * (size // len(piece))
        start = time.process_time()
        found = names.cued(text)
        names.propagated(text, keep.identifying(text, found, ()))
        return time.process_time() - start

    seconds(1_000)
    short, long = (min(seconds(size) for _ in range(3)) for size in (8_000, 80_000))
    # Ten times as long; a pass that is quadratic takes a hundred times as long.
    assert long < 40 * short + 0.05
