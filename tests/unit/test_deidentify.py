"""De-identification of a delivery's partitions: what is planned, written, left out, repeated."""

import os
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymize import partitions, raw_rows
from anonymize.deidentify import deidentify
from anonymize.keys import KeyRing
from anonymize.outputs import output_schema
from anonymize.partitions import Partition, Piece, plan
from anonymize.policy import bind
from anonymize.text.spans import Span
from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from connectors.zones import raw
from connectors.zones.raw import RawZone, StoredVerdict
from schemas.contract import Lookup, Table
from schemas.errors import LeakError, PrivacyError
from tests.contracts import contract
from tests.crashes import killed_everywhere
from tests.plaintext import find_plaintext
from tests.unit.test_policy import decided

RING = KeyRing(bytes(range(32)), "test")
CANARY = "Canary-Quillfeather"

CLIENT = Table(
    "Client",
    (
        decided(
            "PersonalID", "pseudonym", {"domain": "client"}, output="client_token", primary_key=True
        ),
        decided("LastName", "drop", classification="direct-identifier"),
        decided("DOB", "drop", classification="direct-identifier", logical_type="date"),
    ),
)
EXIT = Table(
    "Exit",
    (
        decided("ExitID", "pseudonym", {"domain": "exit"}, output="exit_token", primary_key=True),
        decided("PersonalID", "pseudonym", {"domain": "client"}, output="client_token"),
        decided("ExitDate", "period", {"to": "month"}, logical_type="date", output="exit_month"),
        decided(
            "ClientDOB",
            "minor",
            {"reference": "ExitDate"},
            output="minor",
            logical_type="date",
            lookup=Lookup("Client", "PersonalID", "DOB"),
        ),
    ),
)
SILENT = Table("Silent", (decided("x", "drop"),))
CONTRACT = contract(CLIENT, EXIT, SILENT)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(raw, "ROW_GROUP_ROWS", 10)
    monkeypatch.setattr(raw_rows, "BATCH_ROWS", 15)


@pytest.fixture
def zone(tmp_path):
    (tmp_path / "raw/d1").mkdir(parents=True)
    return RawZone(tmp_path / "raw", "d1", os.urandom(32))


def put(zone, table, accepted=None, **columns):
    count = len(next(iter(columns.values())))
    batch = pa.record_batch(
        {
            ROW: pa.array(range(1, count + 1), pa.int64()),
            ACCEPTED: pa.array([True] * count if accepted is None else accepted),
            **{name: pa.array(values, pa.string()) for name, values in columns.items()},
        }
    )
    with zone.writer(table, batch.schema) as writer:
        writer.write(batch)


def clients(zone, count=25, **given):
    put(
        zone,
        "Client",
        **{
            "PersonalID": [f"{CANARY}-{n}" for n in range(count)],
            "DOB": [f"{1990 + n}-03-01" for n in range(count)],
            **given,
        },
    )


def exits(zone, people, **given):
    put(
        zone,
        "Exit",
        **{
            "ExitID": [f"E{n}" for n in range(len(people))],
            "PersonalID": [p if p is None else f"{CANARY}-{p}" for p in people],
            "ExitDate": ["2020-02-15"] * len(people),
            **given,
        },
    )


def run(zone, outgoing, verdict=None, rows=10_000, policy=None):
    verdict, policy = verdict or StoredVerdict({}), policy or bind(CONTRACT, RING)
    return [
        deidentify(zone, verdict, policy, part, outgoing) for part in plan(zone, CONTRACT, rows)
    ]


def written(outgoing, kind, table):
    paths = sorted((outgoing / kind / table).glob("*.parquet"))
    return pa.concat_tables([pq.read_table(path) for path in paths]).to_pydict() if paths else {}


# --- the plan ---


def planned(parts):
    return [
        (piece.table, row)
        for part in parts
        for piece in part.pieces
        for row in range(piece.first, piece.first + piece.rows)
    ]


def test_every_row_stands_in_the_plan_once(zone):
    clients(zone, 95)
    exits(zone, list(range(33)))
    put(zone, "Silent", x=["a"])
    for rows in (1, 10, 25, 40, 1000):
        parts = plan(zone, CONTRACT, rows)
        assert sorted(planned(parts)) == [
            *(("Client", row) for row in range(95)),
            *(("Exit", row) for row in range(33)),
            ("Silent", 0),
        ]
        assert len({part.name for part in parts}) == len(parts)
        for part in parts:
            assert len({piece.table for piece in part.pieces}) == len(part.pieces)
            assert Partition.from_json(part.as_json()) == part
    assert len(plan(zone, CONTRACT, 1)) == 15
    assert len(plan(zone, CONTRACT, 1000)) == 1


def test_an_empty_table_is_planned_and_written(zone, tmp_path):
    put(zone, "Client", PersonalID=[], DOB=[])
    assert plan(zone, CONTRACT, 10) == (Partition("p00000", (Piece("Client", 0, 0),)),)
    (counts,) = run(zone, tmp_path / "out")
    assert counts.rows == {"Client": 0}
    path = tmp_path / "out/tables/Client/p00000.parquet"
    assert pq.read_schema(path).remove_metadata() == output_schema(CLIENT)


# --- rows ---


@pytest.mark.parametrize("rows", [1, 20, 10_000])
def test_partitions_together_hold_every_accepted_row_once(zone, tmp_path, rows):
    clients(zone, 25)
    exits(zone, [n % 25 for n in range(47)])
    counts = run(zone, tmp_path / "out", rows=rows)
    assert sum(c.rows.get("Client", 0) for c in counts) == 25
    assert sum(c.rows.get("Exit", 0) for c in counts) == 47
    found = written(tmp_path / "out", "tables", "Exit")
    assert len(set(found["exit_token"])) == 47
    assert set(found["client_token"]) == set(
        written(tmp_path / "out", "tables", "Client")["client_token"]
    )
    # born 1990 to 2014, so under 18 in February 2020 from 2002 on
    assert found["minor"] == [n % 25 >= 12 for n in range(47)]


def test_quarantined_rows_leave_their_key_tokens_alone(zone, tmp_path):
    clients(zone, 25, accepted=[n % 5 != 0 for n in range(25)])
    verdict = StoredVerdict({}, {"Client": np.array([2, 3, 25])})  # rows count from 1
    (counts,) = run(zone, tmp_path / "out", verdict)
    assert (counts.rows["Client"], counts.withheld["Client"]) == (17, 8)
    accepted = written(tmp_path / "out", "tables", "Client")["client_token"]
    withheld = written(tmp_path / "out", "withheld", "Client")
    assert list(withheld) == ["client_token"]
    assert not set(accepted) & set(withheld["client_token"])
    assert len({*accepted, *withheld["client_token"]}) == 25


def test_a_quarantined_row_without_a_key_is_not_withheld(zone, tmp_path):
    clients(zone, 2, PersonalID=[None, "P"], accepted=[False, True])
    (counts,) = run(zone, tmp_path / "out")
    assert counts.withheld == {}
    assert not (tmp_path / "out/withheld").exists()


def test_a_table_that_only_serves_others_leaves_nothing(zone, tmp_path):
    put(zone, "Silent", x=[CANARY])
    run(zone, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- texts ---

CASE = Table(
    "Case",
    (
        decided("Number", "pseudonym", {"domain": "case"}, output="event_token",
                classification="direct-identifier", identifies="case_number"),
        decided("LastName", "drop", classification="direct-identifier", identifies="family_name"),
        decided("Home", "drop", classification="direct-identifier", identifies="address"),
        decided("Text", "redact", {"style": "type"}, classification="free-text"),
    ),
    record=("Number",),
)  # fmt: skip
CASES = contract(CASE)


class Masking:
    """Masks what the record or the delivery knows, word for word; stands in for the engine."""

    misses = ()

    def find(self, texts, known=None, delivery=None):
        return [
            sorted(
                Span(match.start(), match.end(), "PERSON")
                for word in {*own, *delivery}
                if word not in self.misses
                for match in re.finditer(re.escape(word), text)
            )
            for text, own in zip(texts, known, strict=True)
        ]


@pytest.fixture
def masking(monkeypatch):
    made = Masking()
    monkeypatch.setattr("anonymize.text.redactor.engine", lambda: made)
    monkeypatch.setattr("anonymize.text.known.Known.of", tuple)
    monkeypatch.setattr(
        "anonymize.text.known.DeliveryNames.of",
        lambda *parts: tuple(name for p in parts for name in p.to_pylist()),
    )
    return made


def cases(zone, *rows, **given):
    names = [field.name for field in CASE.fields]
    put(zone, "Case", **{n: [row.get(n) for row in rows] for n in names}, **given)


def texts(zone, tmp_path, text_bytes=10**6):
    policy, out = bind(CASES, RING), tmp_path / "out"
    parts = plan(zone, CASES, 1000, text_bytes)
    counts = [deidentify(zone, StoredVerdict({}), policy, part, out) for part in parts]
    return written(out, "tables", "Case").get("Text"), counts


def test_a_text_is_masked_with_what_any_row_of_its_record_says(zone, tmp_path, masking):
    """Rows of one record far apart, in several partitions, one of them set aside."""
    rows = [{"Number": f"26-{n % 30}", "Text": "Left 7 Elm St with Quill!"} for n in range(90)]
    rows[0] |= {"LastName": "Quill"}
    rows[89] |= {"Number": "26-0", "Home": "7 Elm St"}
    cases(zone, *rows, accepted=[n != 89 for n in range(90)])
    found, counts = texts(zone, tmp_path, text_bytes=100)
    assert len(counts) > 3
    assert found.count("Left <PERSON> with <PERSON>!") == 3, "three rows of 26-0 leave"
    # an address is its own record's, a name everybody's
    assert found.count("Left 7 Elm St with <PERSON>!") == 86
    assert sum(count.gate.texts for count in counts) == len(found) == 89


def test_texts_are_cut_into_tasks_of_bounded_size(zone):
    cases(zone, *({"Number": f"26-{n}", "Text": f"{n} " + "x" * 1_000} for n in range(100)))
    size = sum(zone.column_bytes("Case", {"Text"}))
    assert 100_000 < size < 130_000
    for text_bytes in (10_000, 40_000, 10**6):
        parts = plan(zone, CASES, 1_000, text_bytes)
        assert sorted(planned(parts)) == [("Case", row) for row in range(100)]
        assert size / text_bytes / 2 <= len(parts) <= 1 + 2 * size / text_bytes
        assert max(len(planned([part])) for part in parts) <= 1 + 2 * text_bytes / 1_000
    assert len(plan(zone, CASES, 1_000)) == 1


def test_a_delivery_is_cut_into_few_tasks_however_much_text_it_holds(zone, monkeypatch):
    monkeypatch.setattr(partitions, "_MOST_TEXT_PARTITIONS", 5)
    cases(zone, *({"Number": f"26-{n}", "Text": f"{n} " + "x" * 1_000} for n in range(100)))
    assert 3 <= len(plan(zone, CASES, 1_000, 10)) <= 10


def test_what_masking_missed_stops_the_delivery_at_the_gate(zone, tmp_path, masking):
    masking.misses = ("Quillfeather",)
    rows = [{"Number": "26-1", "LastName": "Quillfeather", "Text": "Met Quillfeather."}]
    cases(zone, *rows, {"Number": "26-2", "Text": "Nobody."})
    with pytest.raises(LeakError) as caught:
        texts(zone, tmp_path)
    assert "Case.Text" in str(caught.value)
    assert "Quillfeather" not in str(caught.value)
    assert not list((tmp_path / "out").rglob("*.parquet"))
    assert find_plaintext([tmp_path], ["Quillfeather"]) == []


def test_an_identifying_column_that_was_not_read_stops_texts(zone, tmp_path, masking):
    put(zone, "Case", Number=["26-1"], LastName=["Quill"], Text=["Quill called."])
    with pytest.raises(PrivacyError, match="raw file Case lacks Home"):
        texts(zone, tmp_path)
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_a_table_of_texts_without_rows_is_written(zone, tmp_path, masking):
    cases(zone)
    found, (counts,) = texts(zone, tmp_path)
    assert found == []
    assert counts.rows == {"Case": 0}


# --- look-ups ---


def minors(zone, tmp_path, verdict=None):
    run(zone, tmp_path / "out", verdict)
    return written(tmp_path / "out", "tables", "Exit")["minor"]


def test_a_looked_up_field_is_null_where_nothing_is_found(zone, tmp_path):
    clients(zone, 3)
    exits(zone, [0, 7, None, 2])
    assert minors(zone, tmp_path) == [False, None, None, False]


def test_a_quarantined_row_is_not_looked_up(zone, tmp_path):
    clients(zone, 3, accepted=[True, False, True])
    exits(zone, [0, 1, 2])
    verdict = StoredVerdict({}, {"Client": np.array([1])})
    assert minors(zone, tmp_path, verdict) == [None, None, False]


def test_a_key_that_stands_twice_decides_nothing(zone, tmp_path):
    clients(zone, 3, PersonalID=[f"{CANARY}-0", f"{CANARY}-1", f"{CANARY}-0"])
    exits(zone, [0, 1])
    assert minors(zone, tmp_path) == [None, False]


def test_a_table_that_did_not_come_is_looked_up_in_vain(zone, tmp_path):
    exits(zone, [0, 1])
    assert minors(zone, tmp_path) == [None, None]


# --- privacy and failure ---


def test_no_identifier_stands_in_anything_written(zone, tmp_path):
    clients(zone, 25, LastName=[CANARY] * 25, accepted=[n % 3 > 0 for n in range(25)])
    exits(zone, list(range(25)))
    counts = run(zone, tmp_path / "out", rows=10)
    assert sum(c.rows.get("Exit", 0) for c in counts) == 25
    assert find_plaintext([tmp_path], [CANARY, "2020-02-15", "1993-03-01"]) == []


def test_a_column_that_was_not_read_stops_the_partition(zone, tmp_path):
    clients(zone, 25)
    put(zone, "Exit", ExitID=[CANARY], PersonalID=["x"])
    with pytest.raises(PrivacyError, match="raw file Exit lacks ExitDate"):
        run(zone, tmp_path / "out")
    assert not list((tmp_path / "out/tables").glob("Exit/*"))
    assert find_plaintext([tmp_path], [CANARY]) == []


def test_a_looked_up_column_that_was_not_read_stops_the_partition(zone, tmp_path):
    put(zone, "Client", PersonalID=["x"])
    exits(zone, [0])
    with pytest.raises(PrivacyError, match="raw file Client lacks DOB"):
        run(zone, tmp_path / "out")


def test_an_operator_that_fails_writes_no_table(zone, tmp_path, monkeypatch):
    clients(zone, 25)
    policy = bind(CONTRACT, RING)
    real, calls = type(policy).apply, []

    def fails_later(self, *given):
        calls.append(given)
        if len(calls) > 1:
            raise PrivacyError("failed")
        return real(self, *given)

    monkeypatch.setattr(type(policy), "apply", fails_later)
    with pytest.raises(PrivacyError):
        run(zone, tmp_path / "out", policy=policy)
    assert len(calls) == 2
    assert not list((tmp_path / "out").rglob("*.parquet"))
    assert not list((tmp_path / "out").rglob("*.partial"))


def test_a_partition_can_be_repeated_and_replaces_its_own_files_only(zone, tmp_path):
    clients(zone, 30)
    outgoing, policy, parts = tmp_path / "out", bind(CONTRACT, RING), plan(zone, CONTRACT, 10)
    run(zone, outgoing, rows=10)
    before = {p: p.read_bytes() for p in outgoing.rglob("*.parquet")}
    assert len(before) == 3
    times = {p: p.stat().st_mtime_ns for p in before}
    deidentify(zone, StoredVerdict({}), policy, parts[1], outgoing)
    assert {p: p.read_bytes() for p in outgoing.rglob("*.parquet")} == before
    changed = [p.name for p, time in times.items() if p.stat().st_mtime_ns != time]
    assert changed == ["p00001.parquet"]


def test_killed_at_any_step_leaves_whole_files_or_none(zone, tmp_path):
    clients(zone, 25, accepted=[n % 5 != 0 for n in range(25)])
    outgoing = tmp_path / "out"
    for _ in killed_everywhere(lambda: None, lambda: run(zone, outgoing, rows=10)):
        assert find_plaintext([tmp_path], [CANARY]) == []
        for path in outgoing.rglob("[!.]*.parquet"):
            pq.read_table(path)
    assert len(written(outgoing, "tables", "Client")["client_token"]) == 20
