"""What holds for operators whatever comes in, adversarial text included."""

import hashlib
import unicodedata
from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymize.operators.age import age_band, completed_years, minor, nibrs_years, stated_years
from anonymize.operators.dates import dates, period
from anonymize.operators.identity import pseudonym
from anonymize.operators.place import h3_cell, zip3
from tests.unit.test_operators import CTDC, EVERY, FIVE

KEY = bytes(range(32))
#: White space to Python's ``strip`` but not to Unicode, by which Arrow trims.
SEPARATORS = "\x1c\x1d\x1e\x1f"
#: A shared machine may stall; how long an example takes is not what is tested.
unhurried = settings(deadline=None)
#: Characters that every Unicode version in use knows: Arrow's is newer than Python 3.11's.
KNOWN = st.characters(exclude_categories=("Cn", "Cs"))
values = st.one_of(st.none(), st.text(max_size=12), st.from_regex(r"[0-9NB]{0,5}", fullmatch=True))
columns = st.lists(values, max_size=12)
any_day = st.dates(date(1901, 1, 1), date(2099, 12, 31))


def text(items):
    return pa.array(items, pa.string())


@pytest.mark.parametrize("name", EVERY)
@unhurried
@given(items=columns)
def test_any_text_gives_one_result_a_row_and_never_an_error(name, items):
    result = EVERY[name](text(items))
    assert len(result) == len(items)
    result.validate(full=True)


@pytest.mark.parametrize("name", EVERY)
@unhurried
@given(items=columns, order=st.randoms(use_true_random=False))
def test_a_row_does_not_depend_on_its_neighbours(name, items, order):
    whole = EVERY[name](text(items)).to_pylist()
    places = list(range(len(items)))
    order.shuffle(places)
    shuffled = EVERY[name](text([items[place] for place in places])).to_pylist()
    assert shuffled == [whole[place] for place in places]


COARSE = [name for name in EVERY if name not in ("keep", "recode", "recode of many")]


@pytest.mark.parametrize("name", COARSE)
@unhurried
@given(items=st.lists(st.text("GQXZgqxzéß ", min_size=4, max_size=12), min_size=1, max_size=5))
def test_no_text_of_a_person_comes_through(name, items):
    """Whatever is not an age, a place or a count of the kind expected leaves as null or a token."""
    assume(all(len(item.strip()) > 3 for item in items))
    shown = str(EVERY[name](text(items)).to_pylist())
    assert not any(item.strip() in shown for item in items)


@unhurried
@given(items=st.lists(st.text(KNOWN, min_size=1, max_size=20), min_size=1, max_size=3))
def test_a_token_is_the_keyed_hash_of_all_parts(items):
    parts = [unicodedata.normalize("NFKC", item).strip() for item in items]
    assume(all(parts) and not any(c in item for item in items for c in SEPARATORS))
    encoded = [part.encode() for part in parts]
    message = b"".join(b"%d:%s" % (len(part), part) for part in encoded)
    (token,) = pseudonym([text([item]) for item in items], KEY).to_pylist()
    assert token == hashlib.blake2b(message, key=KEY, digest_size=16).hexdigest()


@unhurried
@given(
    one=st.lists(st.text(max_size=6), min_size=2, max_size=2),
    other=st.lists(st.text(max_size=6), min_size=2, max_size=2),
)
def test_two_pairs_share_a_token_only_if_they_are_equal(one, other):
    tokens = pseudonym([text([one[0], other[0]]), text([one[1], other[1]])], KEY).to_pylist()
    normal = [
        [unicodedata.normalize("NFKC", part).strip() for part in pair] for pair in (one, other)
    ]
    assume(None not in tokens)
    assume(not any(c in part for part in (*one, *other) for c in SEPARATORS))
    assert (tokens[0] == tokens[1]) == (normal[0] == normal[1])


@unhurried
@given(born=any_day, at=any_day)
def test_age_agrees_with_counting_birthdays(born, at):
    ages = completed_years(pa.array([born]), pa.array([at]))
    expected = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
    assert ages.low.tolist() == ages.high.tolist() == [expected if 0 <= expected <= 120 else -1]


@unhurried
@given(born=any_day, at=any_day)
def test_minor_and_band_agree(born, at):
    ages = completed_years(pa.array([born]), pa.array([at]))
    (is_minor,) = minor(ages).to_pylist()
    (band,) = age_band(ages, "ctdc").to_pylist()
    assert (band in ("0--8", "9--17")) == (is_minor is True)
    assert (band is None) == (is_minor is None)


@unhurried
@given(
    low=st.integers(1, 99), high=st.integers(1, 99), bands=st.sampled_from(["ctdc", "five_year"])
)
def test_a_range_is_known_only_where_its_ends_agree(low, high, bands):
    code = f"{low:02d}{high:02d}"
    (found,) = age_band(nibrs_years(text([code])), bands).to_pylist()
    ends = age_band(stated_years(text([str(low), str(high)])), bands).to_pylist()
    assert found == (ends[0] if low <= high and ends[0] == ends[1] else None)
    assert found is None or found in {*CTDC.values()} or "-" in found or found in {*FIVE.values()}


@unhurried
@given(day=any_day, to=st.sampled_from(["month", "quarter", "year"]))
def test_period_hides_the_day_and_holds_it(day, to):
    (first,) = period(dates(text([day.isoformat()]), ["%Y-%m-%d"]), to).to_pylist()
    length = {"month": 31, "quarter": 92, "year": 366}[to]
    assert first.day == 1
    assert first <= day < first + timedelta(days=length)
    assert period(pa.array([first]), to).to_pylist() == [first]


@unhurried
@given(items=columns, restricted=st.lists(st.from_regex(r"[0-9]{3}", fullmatch=True), max_size=5))
def test_a_restricted_zip3_never_leaves(items, restricted):
    found = zip3(
        text([*items, *(f"{area}12" for area in restricted)]), text(restricted)
    ).to_pylist()
    assert not set(found) & (set(restricted) - {"000"})
    assert all(
        area is None or (len(area) == 3 and area.isascii() and area.isdigit()) for area in found
    )


@unhurried
@given(north=st.floats(-200, 200), east=st.floats(-400, 400))
def test_a_cell_is_known_exactly_on_earth(north, east):
    north, east = round(north, 6), round(east, 6)
    (cell,) = h3_cell(text([f"{north:.6f}"]), text([f"{east:.6f}"]), 5).to_pylist()
    on_earth = abs(north) <= 90 and abs(east) <= 180 and (north, east) != (0, 0)
    assert (cell is not None) == on_earth
