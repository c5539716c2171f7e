"""What holds of the search for known identifiers whatever the text."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymize.text.known import DeliveryNames, Known
from anonymize.text.known.folding import Spelled, fold, spelling
from anonymize.text.known.forms import exact_forms
from anonymize.text.known.vocabulary import usual
from anonymize.text.replace import redacted

LETTERS = "abcdefghijklmnopqrstuvwxyz"
names = st.text(LETTERS, min_size=4, max_size=12).map(str.capitalize)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A name and the same with one letter put in, left out, changed, or two exchanged."""
    name = draw(names)
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from(LETTERS))
    kinds = [
        name[:at] + letter + name[at:],
        name[:at] + name[at + 1 :],
        name[:at] + letter + name[at + 1 :],
        name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
    ]
    return name, draw(st.sampled_from(kinds))


@given(edited(), st.sampled_from([str, str.upper, str.lower]))
def test_any_single_edit_of_a_name_is_masked(pair, case):
    name, written = pair
    written = case(written)
    assume(len(written) > 2 and not usual(fold(written)))
    text = f"the person {written} left the hotel"
    spans = Known.of([f"{name} Zzyx"]).find(text)
    at = text.index(written, len("the person"))
    assert any(span.start <= at and at + len(written) <= span.end for span in spans)


@given(st.text())
def test_folding_is_idempotent(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_every_letter_has_its_place(text):
    spelled = Spelled.of(text)
    assert spelled.letters == spelling(text)
    assert len(spelled.places) == len(spelled.letters)
    assert spelled.places == sorted(spelled.places)


identifiers = st.one_of(
    st.text(max_size=24),
    st.lists(names, min_size=1, max_size=4).map(" ".join),
    st.sampled_from(["(510) 555-0123", "1420 E 14th St", "a.b@mail.org", "1990-12-31", "7ABC123"]),
)


@given(st.lists(identifiers, max_size=5), st.text(max_size=200))
def test_any_identifiers_and_any_text_give_spans_in_order(known, text):
    spans = Known.of(known).find(text)
    ends = [0, *(at for span in spans for at in (span.start, span.end)), len(text)]
    assert ends == sorted(ends)
    DeliveryNames.of(known, known, known, known).find(text)


SEPARATORS = [" ", ", ", "-", "  ", " / ", "\n", ". "]


@given(
    st.lists(identifiers, min_size=1, max_size=4),
    st.data(),
    st.sampled_from([str, str.upper, fold]),
)
@settings(max_examples=200)
def test_no_exact_form_is_left(known, data, case):
    forms = exact_forms(known)
    assume(forms)
    form = data.draw(st.sampled_from(forms))
    gap = data.draw(st.sampled_from(SEPARATORS))
    text = f"we saw {case(gap.join(form.split()))}, then nothing"
    left = fold(redacted(text, Known.of(known).find(text), "type"))
    assert f" {form} " not in f" {left} "


LONG = 200_000


@pytest.mark.parametrize(
    "piece", ["a", "1", "@", "- ", "Aa ", "a.", "1 ", "M. ", "maria ", "\u0301"]
)
def test_time_is_linear_in_the_text(piece):
    known = Known.of(["Maria Aa", "(510) 555-0123", "a.b@mail.org", "11 Aa St", "M. L. King"])
    delivery = DeliveryNames.of(["Maria Aa"], ["Maria"], ["510 555 0123"], ["11-11111"])

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        started = time.process_time()
        known.find(text)
        delivery.find(text)
        return time.process_time() - started

    seconds(1000)
    assert seconds(LONG) < 12 * max(seconds(LONG // 4), 0.02)
