"""The NIBRS reader on files as they come: line ends, broken lines, other formats, large files."""

from __future__ import annotations

import gzip
from io import BytesIO

import pytest

from connectors.formats import nibrs_lines
from connectors.formats.base import BATCH_ROWS, Intake
from connectors.formats.nibrs_flat import BROKEN, read
from schemas.errors import ContractError, DeliveryError
from schemas.odcs import contracts
from schemas.report import IntakeReport
from tests.nibrs import ORI, incident, read_tables, segment, text

CANARY = "ZZCANARYZZ"


def broken(tables) -> list[tuple[int, str | None, str | None, str]]:
    return [
        (row["_row"], row["ori"], row["incident_number"], row["fault"])
        for row in tables[BROKEN].to_pylist()
    ]


def refusal(data: bytes) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        read_tables(data)
    return caught.value


# --- lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(
    "tail", ["", "\n", "\r\n\r\n", "\x1a", "\r\n\x1a", "\n\x1a\r\n", "\n   \n"]
)
def test_line_ends_blank_lines_and_end_of_file_marks_do_not_matter(end: str, tail: str) -> None:
    plain, _ = read_tables(text(*incident()))
    other, report = read_tables(end.join(incident()).encode() + tail.encode())
    assert {name: table.to_pylist() for name, table in other.items()} == {
        name: table.to_pylist() for name, table in plain.items()
    }
    assert not report.findings


def test_rows_are_numbered_by_line_with_blank_lines_counted_and_ends_mixed() -> None:
    one, two, four, five = incident()
    tables, _ = read_tables(f"{one}\n\r\n{two}\r\n\n\n{four}\n{five}".encode())
    assert [tables[name]["_row"].to_pylist() for name in ("administrative", "offense")] == [
        [1],
        [3],
    ]
    assert [tables[name]["_row"].to_pylist() for name in ("victim", "offender")] == [[6], [7]]


def test_a_byte_order_mark_does_not_matter() -> None:
    tables, report = read_tables(b"\xef\xbb\xbf" + text(*incident()))
    assert tables == read_tables(text(*incident()))[0]
    assert not report.findings


@pytest.mark.parametrize("width", [307, 320])
def test_a_file_padded_to_one_record_length_is_fine(width: int) -> None:
    lines = [*incident(), segment("3"), segment("6")]
    padded, report = read_tables(text(*(line.ljust(width) for line in lines)))
    assert padded == read_tables(text(*lines))[0]
    assert not report.findings


@pytest.mark.parametrize(("level", "used"), [("3", 277), ("6", 80)])
def test_missing_filler_is_fine(level: str, used: int) -> None:
    short, report = read_tables(text(*incident(), segment(level)[:used]))
    assert short == read_tables(text(*incident(), segment(level)))[0]
    assert not report.findings


@pytest.mark.parametrize("level", "123456")
def test_a_lost_character_is_seen_whatever_the_segment_ends_in(level: str) -> None:
    lines = [segment(each) for each in "123456"]
    at = int(level) - 1
    spoiled = [*lines[:at], lines[at][:40] + lines[at][41:], *lines[at + 1 :]]
    assert [row[0] for row in broken(read_tables(text(*spoiled))[0])] == [at + 1]


def test_a_padded_line_among_lines_of_their_own_length_is_broken() -> None:
    """A character may have been added in it, and the blank that was last pushed out."""
    one, two, four, five = incident()
    tables, _ = read_tables(text(one, two, four + " ", five))
    assert broken(tables) == [(3, ORI, "26-000001", "length")]


def test_a_stripped_file_is_read_as_if_padded_and_says_so() -> None:
    lines = incident()
    stripped, report = read_tables(text(*(line.rstrip() for line in lines)))
    plain, _ = read_tables(text(*lines))
    assert stripped == plain
    assert {(f.code, f.table, f.rows) for f in report.findings} == {
        ("NIBRS-PADDED", "administrative", (1,)),
        ("NIBRS-PADDED", "offense", (2,)),
        ("NIBRS-PADDED", "victim", (3,)),
        ("NIBRS-PADDED", "offender", (4,)),
    }


def test_a_stripped_line_in_a_file_that_keeps_its_blanks_is_broken() -> None:
    one, two, four, five = incident()
    tables, _ = read_tables(text(one, two, four.rstrip(), five))
    assert broken(tables) == [(3, ORI, "26-000001", "length")]


# --- broken lines -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda line: line[:90], "length"),
        (lambda line: line[:50] + line[51:], "length"),
        (lambda line: line[:50] + "0" + line[50:], "length"),
        (lambda line: "0140" + line[4:], "length"),
        (lambda line: line[:4] + "8" + line[5:], "level"),
        (lambda line: line[:4] + "X" + line[5:], "level"),
        (lambda line: line[:50] + "\xe9" + line[51:], "text"),
        (lambda line: line[:50] + "\t" + line[51:], "text"),
        (lambda line: line[:50] + "\0" + line[51:], "text"),
    ],
)
def test_a_broken_line_is_not_read_and_names_its_incident(spoil, fault: str) -> None:
    one, two, four, five = incident()
    tables, report = read_tables(text(one, two, spoil(four), five, *incident("26-000002")))
    assert broken(tables) == [(3, ORI, "26-000001", fault)]
    assert tables["victim"]["incident_number"].to_pylist() == ["26-000002"]
    assert report.tables[BROKEN].rows_in == 1
    assert report.tables["victim"].rows_in == 1


@pytest.mark.parametrize("at", range(4))
def test_a_line_whose_identity_is_lost_falls_with_the_incident_it_stands_in(at: int) -> None:
    before, after = incident("26-000001"), incident("26-000002")
    after[at] = after[at][:20] + after[at][21:]  # the ORI lost a character: columns have shifted
    tables, _ = read_tables(text(*before, *after, *incident("26-000003")))
    assert broken(tables) == [(5 + at, ORI, "26-000002", "length")]


def test_a_broken_group_b_arrest_takes_no_incident_along() -> None:
    lines = [*incident(), segment("7", "B-1")[:-1], segment("7", "B-2")]
    tables, _ = read_tables(text(*lines))
    assert broken(tables) == [(5, None, None, "length")]


def test_whose_line_it_is_is_known_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, four, five = incident()
    whole = text(one, two, four[:80], five, *incident("26-000002"))
    expected, _ = read_tables(whole)
    monkeypatch.setattr(nibrs_lines, "BLOCK_BYTES", len(text(one, two)) + 5)
    tables, _ = read_tables(whole)
    assert broken(tables) == [(3, ORI, "26-000001", "length")]
    assert {name: table.to_pylist() for name, table in tables.items()} == {
        name: table.to_pylist() for name, table in expected.items()
    }


# --- not a NIBRS file ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "FILE-EMPTY"),
        (b"\r\n  \r\n\x1a", "FILE-EMPTY"),
        (b"Case Number,Name\r\n26-1,Nobody\r\n" * 50, "FILE-FORMAT"),
        (
            b"2016010000015IMN0500200OCT        3      620 306E           NCA07\r\n" * 9,
            "FILE-FORMAT",
        ),
        (bytes(range(256)) * 2_000, "FILE-FORMAT"),
        (b"\0" * 200_000, "FILE-FORMAT"),
        (gzip.compress(text(*incident()) * 100), "FILE-FORMAT"),
        ("\r\n".join(incident()).encode("utf-16"), "FILE-FORMAT"),
        ("\r\n".join(incident()).encode("cp037"), "FILE-FORMAT"),
        (b"<nibrs:Submission/>\n", "FILE-FORMAT"),
    ],
)
def test_another_format_is_refused_whole(data: bytes, code: str) -> None:
    assert refusal(data).code == code


@pytest.mark.parametrize("keep", [3, 20, 60, 100, 140])
def test_a_file_cut_off_in_its_last_line_is_refused(keep: int) -> None:
    one, two, four, _ = incident()
    error = refusal(text(one, two, segment("3")) + four[:keep].encode())
    assert (error.code, error.row) == ("FILE-TRUNCATED", 4)


def test_a_stripped_file_may_end_without_a_line_end() -> None:
    tables, _ = read_tables("\n".join(line.rstrip() for line in incident()).encode())
    assert [tables[name].num_rows for name in ("administrative", "victim", "offender")] == [1, 1, 1]


def test_a_line_that_never_ends_is_not_kept_in_memory() -> None:
    source = _Endless(b"0")
    contract = contracts()["county_sheriff.nibrs"]
    columns = {BROKEN: ("ori",)}
    with pytest.raises(DeliveryError, match="FILE-FORMAT"):
        list(read(source, Intake(contract, columns, IntakeReport(), None)))  # type: ignore[arg-type]
    assert source.read_bytes <= 2 * nibrs_lines.BLOCK_BYTES


class _Endless(BytesIO):
    read_bytes = 0

    def __init__(self, byte: bytes) -> None:
        super().__init__()
        self._byte = byte

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size > 0
        self.read_bytes += size
        return self._byte * size


# --- what is yielded ----------------------------------------------------------------------------


def test_only_wanted_columns_and_tables_leave_the_file() -> None:
    tables, report = read_tables(
        text(*incident(), segment("6")),
        {"victim": ("sex", "ori"), "arrestee": ("age",), BROKEN: ("fault",)},
    )
    assert tables["victim"].column_names == ["_row", "sex", "ori"]
    assert tables["arrestee"].column_names == ["_row", "age"]
    assert set(tables) == {"victim", "arrestee", BROKEN}
    unknown = {(f.code, f.table, f.count) for f in report.findings}
    assert unknown == {
        ("TABLE-UNKNOWN", name, 1) for name in ("administrative", "offense", "offender")
    }


@pytest.mark.parametrize(
    "columns",
    [{"victim": ("name",), BROKEN: ()}, {"person": ("ori",), BROKEN: ()}, {"victim": ("ori",)}],
)
def test_a_contract_the_layout_cannot_fill_is_refused(columns) -> None:
    with pytest.raises(ContractError):
        read_tables(text(*incident()), columns)


def test_batches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    count = BATCH_ROWS + 1_000
    data = text(segment("5", usual=False)) * count
    report = IntakeReport()
    contract = contracts()["county_sheriff.nibrs"]
    columns = {"offender": ("ori",), BROKEN: ()}
    sizes = [
        batch.rows.num_rows
        for batch in read(BytesIO(data), Intake(contract, columns, report, None))  # type: ignore[arg-type]
    ]
    assert max(sizes) <= BATCH_ROWS
    assert sum(sizes) == count == report.tables["offender"].rows_in


def test_a_source_that_hands_out_little_at_a_time_gives_the_same() -> None:
    class Dripping(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(7, size or 7))

    data = text(*incident(), *incident("26-000002"))
    contract = contracts()["county_sheriff.nibrs"]
    columns = {"victim": ("incident_number",), BROKEN: ()}
    intake = Intake(contract, columns, IntakeReport(), None)  # type: ignore[arg-type]
    [batch] = [batch for batch in read(Dripping(data), intake) if batch.table == "victim"]
    assert batch.rows.column("incident_number").to_pylist() == ["26-000001", "26-000002"]


@pytest.mark.parametrize("level", ["1", "2", "4", "5"])
def test_no_value_of_the_file_is_in_a_message_or_a_finding(level: str) -> None:
    lines = {str(n): line for n, line in zip("1245", incident(CANARY), strict=True)}
    spoiled = [line[:-1] if name == level else line for name, line in lines.items()]
    tables, report = read_tables(text(*spoiled, *incident()))
    assert [row[2] for row in broken(tables)] == [CANARY]
    assert CANARY not in str(report.as_json())
    error = refusal(text(*incident()) + lines[level][:30].encode())
    assert CANARY not in str(error)
    assert CANARY not in repr(error.__context__)
