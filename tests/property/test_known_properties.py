"""What holds of the search for known identifiers whatever the text."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymize.text.known import DeliveryNames, Known
from anonymize.text.known.data import load
from anonymize.text.known.folding import Spelled, fold, spelling
from anonymize.text.known.forms import exact_forms, stands_alone
from anonymize.text.known.vocabulary import usual
from anonymize.text.replace import redacted

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def words_of(name: str) -> list[str]:
    return load("words.yaml")[name].split()


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
    # A name that is a usual word is known as it is spelt alone, or every word near it would go.
    assume(len(written) > 2 and not usual(fold(written)) and not usual(fold(name)))
    text = f"the person {written} left the hotel"
    spans = Known.of([f"{name} Zzyx"]).find(text)
    at = text.index(written, len("the person"))
    assert any(span.start <= at and at + len(written) <= span.end for span in spans)


CONSONANTS, VOWELS = "bdfglmnprtv", "aeiou"
syllables = st.tuples(st.sampled_from(CONSONANTS), st.sampled_from(VOWELS)).map("".join)


@st.composite
def called(draw: st.DrawFn) -> tuple[str, str]:
    """A given name of several syllables and a pet name of its first: Franny, Guri, Niko."""
    first, last = draw(syllables), draw(st.sampled_from(CONSONANTS))
    rest = "".join(draw(st.lists(syllables, min_size=1, max_size=2)))
    ending = draw(st.sampled_from(["y", "ie", "i", "o"]))
    doubled = last * draw(st.integers(1, 2))
    return f"{first}{last}{rest}".capitalize(), f"{first}{doubled}{ending}".capitalize()


@given(called(), st.sampled_from(["{} said no", "then {} left", "SHE SAW {} THERE"]))
def test_a_pet_name_of_the_first_syllable_is_masked(pair, sentence):
    name, pet = pair
    assume(stands_alone(fold(name)) and not usual(fold(pet)))
    written = sentence.format(pet.upper() if sentence.isupper() else pet)
    spans = Known.of([f"{name} Zzyx"]).find(written)
    at = written.lower().index(pet.lower())
    assert any(span.start <= at and at + len(pet) <= span.end for span in spans)


@given(st.sampled_from(words_of("verbs") + words_of("nouns") + words_of("spanish")), st.data())
def test_a_usual_word_in_small_letters_is_never_near_to_a_name(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    name = word[:at] + data.draw(st.sampled_from(LETTERS)) + word[at + 1 :]
    assume(name != word and len(name) > 3)
    text = f"They said that the {word} was not there."
    assert all(text[span.start : span.end] != word for span in Known.of([name]).find(text))


@given(names, st.sampled_from("0123456789b"), st.sampled_from(["{} at {}. {}", "{} {}. {}"]))
def test_a_single_digit_or_small_letter_is_no_mention(name, sign, sentence):
    text = sentence.format(name, sign, name)
    spans = Known.of([name]).find(text)
    at = text.index(f" {sign}.") + 1
    assert not any(span.start <= at < span.end for span in spans)


@given(st.lists(names, min_size=2, max_size=2), st.text(max_size=60))
def test_names_of_a_delivery_are_the_same_from_lists_and_arrays(pair, text):
    parts = [[" ".join(pair), text], pair, ["(510) 555-0123", text], ["24-00123", text]]
    of_lists = DeliveryNames.of(*parts)
    of_arrays = DeliveryNames.of(*(pa.array([None, *part]).slice(1) for part in parts))
    written = f"{text} {' '.join(pair)} 510-555-0123 99-12345 {text}"
    assert of_lists.find(written) == of_arrays.find(written)


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
    # A code of digits and letters that no table writes in Latin is known to be missed.
    assume(form.isascii() or not any(map(str.isdigit, form)))
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
    # Four times as long; the better of three, for a collection of garbage may fall into one.
    long = min(seconds(LONG) for _ in range(3))
    assert long < 12 * max(seconds(LONG // 4), 0.03)
