"""Choices, identities and dates under arbitrary input."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from connectors.formats.choices import canonical, folded
from connectors.formats.dates import iso_dates
from connectors.formats.identity import identity
from schemas.codes import code_list

LISTS = ("htcds_methods_of_control", "htcds_labour_industry", "iso_3166")


def spellings(name: str) -> st.SearchStrategy[tuple[str, str]]:
    """A code and one way to write it."""
    rows = code_list(name).table.to_pylist()
    pairs = [(row["code"], text) for row in rows for text in (row["code"], row["label"])]
    return st.sampled_from(pairs)


@given(st.data(), st.sampled_from(LISTS), st.sampled_from((";", "; ", " ;", "\n;")))
def test_any_mix_of_codes_and_labels_is_found_again(data, name: str, mark: str) -> None:
    chosen = data.draw(st.lists(spellings(name), min_size=1, max_size=4))
    written = mark.join(
        data.draw(st.sampled_from((text, text.upper(), f" {text} "))) for _, text in chosen
    )
    found = canonical(pa.array([written]), name, ";")
    assert not found.unknown.any()
    assert found.codes.to_pylist() == [";".join(dict.fromkeys(code for code, _ in chosen))]


@given(st.lists(st.one_of(st.none(), st.text(min_size=1, max_size=30)), max_size=6), st.booleans())
def test_no_text_breaks_it_and_what_is_unknown_stays(
    texts: list[str | None], several: bool
) -> None:
    name = "htcds_methods_of_control"
    rows = code_list(name).table.to_pylist()
    spelt = (
        t for row in rows for t in (row["code"], row["label"], *(row["also"] or "").split("|"))
    )
    known = {folded(text) for text in spelt} - {""}
    column = pa.array(texts, pa.string())
    found = canonical(column, name, ";" if several else None)
    assert len(found.codes) == len(texts)
    for text, code, unknown in zip(texts, found.codes.to_pylist(), found.unknown, strict=True):
        if text is None:
            assert (code, unknown) == (None, False)
        elif not several:
            assert bool(unknown) == (folded(text) not in known)
            assert not unknown or code == text
        else:
            assert code
            assert folded(text) or unknown


PART = st.text(st.characters(codec="utf-8"), max_size=5)


@given(st.lists(st.tuples(PART, PART, PART), min_size=2, max_size=6))
def test_identities_are_equal_only_where_all_parts_are(people: list[tuple[str, str, str]]) -> None:
    columns = {name: pa.array([one[at] for one in people]) for at, name in enumerate("abc")}
    found = identity(columns, [["a", "b"], ["c"], ["a"]]).to_pylist()
    separator = "\x1f"
    for i, one in enumerate(people):
        for j, other in enumerate(people):
            if one == other:
                assert found[i] == found[j]
            plain = (identity_part(p) for p in (*one, *other))
            if (
                found[i] is not None
                and found[i] == found[j]
                and separator not in "".join((*one, *other))
            ):
                a, b, c, d, e, f = plain
                assert (a, b) == (d, e) or c == f or a == d


def identity_part(text: str) -> str | None:
    found: str | None = identity({"x": pa.array([text])}, [["x"]]).to_pylist()[0]
    return found


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.sampled_from(("%Y-%m-%d", "%m/%d/%Y")))
def test_every_date_is_read_back(day: date, form: str) -> None:
    written = pa.array([f"{day:{form}}" if form != "%Y-%m-%d" else day.isoformat(), None, "soon"])
    found = iso_dates(written, ("%Y-%m-%d", "%m/%d/%Y"), serials=True).to_pylist()
    assert found == [day.isoformat(), None, "soon"]


@given(st.dates(date(1928, 1, 1), date(2100, 12, 31)))
def test_every_excel_day_number_is_read_back_and_only_where_it_is_asked_for(day: date) -> None:
    number = pa.array([str((day - date(1899, 12, 30)).days)])
    assert iso_dates(number, ("%Y-%m-%d",), serials=True).to_pylist() == [day.isoformat()]
    assert iso_dates(number, ("%Y-%m-%d",), serials=False).to_pylist() == number.to_pylist()
