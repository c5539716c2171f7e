"""The NIBRS reader on any segment and on any damage."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.formats.nibrs_flat import BROKEN
from connectors.formats.nibrs_segments import SEGMENTS, Segment
from schemas.errors import DeliveryError
from tests.nibrs import incident, read_tables, segment, text

_SIGNS = st.sampled_from(string.ascii_uppercase + string.digits + "-")


@st.composite
def _written(draw: st.DrawFn) -> tuple[Segment, int, dict[str, str]]:
    """A segment level, a length it may have, and values for the fields that lie in it."""
    layout = SEGMENTS[draw(st.sampled_from(sorted(SEGMENTS)))]
    length = draw(st.sampled_from(layout.lengths))
    by_place: dict[tuple[int, int], str] = {}
    for place in layout.positions.values():
        width = place.last - place.first + 1
        if place.last <= length and (place.first, place.last) not in by_place:
            value = draw(st.text(_SIGNS, max_size=width))
            by_place[place.first, place.last] = value
    return (
        layout,
        length,
        {
            name: by_place[place.first, place.last]
            for name, place in layout.positions.items()
            if place.last <= length
        },
    )


@settings(max_examples=60, deadline=None)
@given(_written())
def test_what_is_written_into_a_segment_is_read_back(
    written: tuple[Segment, int, dict[str, str]],
) -> None:
    layout, length, values = written
    number = "arrest_transaction_number" if layout.level == "7" else "incident_number"
    given_values = {k: v for k, v in values.items() if k not in ("action", number, "ori")}
    line = segment(
        layout.level,
        values[number],
        ori=values["ori"],
        action=values["action"] or " ",
        length=length,
        usual=False,
        **{**given_values, number: values[number]},
    )
    tables, report = read_tables(text(line, *incident()))
    [row] = [one for one in tables[layout.table].to_pylist() if one["_row"] == 1]
    assert {name: row[name] or "" for name in values} == values
    assert not report.findings


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_segment_that_lost_or_gained_a_character_is_never_read_as_sound(
    data: st.DataObject,
) -> None:
    lines = [segment(level) for level in "123456"]
    which = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[which]) - 1))
    line = lines[which]
    sign = data.draw(_SIGNS | st.just(" "))
    lines[which] = data.draw(
        st.sampled_from([line[:at] + line[at + 1 :], line[:at] + sign + line[at:]])
    )
    tables, _ = read_tables(text(*lines))
    assert tables[BROKEN]["_row"].to_pylist() == [which + 1]
    assert tables[BROKEN]["incident_number"].to_pylist() == ["26-000001"]


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 300))
def test_any_bytes_are_read_or_refused_and_every_line_is_accounted_for(
    noise: bytes, at: int
) -> None:
    whole = text(*incident(), *incident("26-000002"), *incident("26-000003"))
    data = whole[:at] + noise + whole[at:]
    try:
        tables, report = read_tables(data)
    except DeliveryError as error:
        assert error.code in ("FILE-FORMAT", "FILE-TRUNCATED", "FILE-EMPTY")
        return
    rows = sorted(row for table in tables.values() for row in table["_row"].to_pylist())
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    written = [n for n, one in enumerate(lines, 1) if one.removesuffix(b"\r").strip(b" \x1a")]
    assert rows == written
    assert sum(count.rows_in for count in report.tables.values()) == len(rows)
    _assert_whole(tables)


def _assert_whole(tables: dict[str, Any]) -> None:
    """An incident none of whose lines is broken has all its segments."""
    fallen = set(tables[BROKEN]["incident_number"].to_pylist())
    for number in {"26-000001", "26-000002", "26-000003"} - fallen:
        for name in ("administrative", "offense", "victim", "offender"):
            assert tables[name]["incident_number"].to_pylist().count(number) == 1, name
