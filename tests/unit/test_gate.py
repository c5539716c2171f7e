"""The leak gate: which columns it searches, what it says of a hit, and how it fails."""

import pickle

import numpy as np
import pyarrow as pa
import pytest

from anonymize.gate import gate as module
from anonymize.gate import words as words_module
from anonymize.gate.columns import free_columns
from anonymize.gate.counts import GateCounts, gate_line, is_clean
from anonymize.gate.gate import Gate
from anonymize.identifiers import DeliveryIdentifiers
from schemas.contract import Table
from schemas.errors import LeakError, PrivacyError
from tests.contracts import contract, field

CANARY = "Quillfeather"


def strings(*texts):
    return pa.array(texts, pa.string())


def delivery(*names, numbers=(), cases=()):
    return DeliveryIdentifiers(strings(*names), strings(), strings(*numbers), strings(*cases))


CASE = Table(
    "Case",
    (
        field("Number", "pseudonym", domain="case", output="case_token"),
        field("ZIP", "zip3", output="zip3"),
        field("Story", "redact", style="pseudonym", output="narrative"),
    ),
)


def gate(table=CASE, known=None):
    return Gate.of(contract(table), table, known or delivery(f"Mary {CANARY}"))


def batch(*texts, zips=None):
    return pa.record_batch(
        {
            "case_token": strings(*["a" * 32] * len(texts)),
            "zip3": strings(*(zips or ["941"] * len(texts))),
            "narrative": strings(*texts),
        }
    )


def check(made, own=None, checking=None):
    rows = pa.array(np.arange(made.num_rows) + 10, pa.int64())
    known = pa.array(own or [None] * made.num_rows, pa.list_(pa.string()))
    return (checking or gate()).check(rows, known, made)


def stopped(made, own=None, checking=None):
    with pytest.raises(LeakError) as caught:
        check(made, own, checking)
    assert CANARY.lower() not in str(caught.value).lower()
    return caught.value


# --- hits ---


def test_a_hit_names_contract_table_field_and_row_and_never_the_value():
    error = stopped(batch("nothing", f"saw Mary {CANARY}"))
    assert (error.table, error.field, error.rows) == ("Case", "narrative", (11,))
    for part in ("test_agency.feed", "Case.narrative", "row 11", "scope delivery", "`drop`"):
        assert part in str(error)
    assert error.exit_code == 13


def test_a_hit_survives_the_way_out_of_a_worker_process():
    error = stopped(batch(f"Mary {CANARY}"))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.rows, again.scope) == (str(error), error.rows, error.scope)
    assert error.__context__ is None


def test_many_rows_with_hits_are_named_in_order_up_to_a_limit():
    error = stopped(batch(*[f"{CANARY}, Mary"] * 50))
    assert error.rows == tuple(range(10, 10 + LeakError.ROWS_NAMED))


def test_what_one_record_knows_stops_its_own_texts_alone():
    made = batch(f"{CANARY} left", "nothing", f"{CANARY} left")
    assert check(made, own=[["Other"], [CANARY], None]).hits == 0
    assert stopped(made, own=[["Other"], None, [CANARY]]).rows == (12,)


def test_records_of_several_rows_come_dictionary_encoded():
    lists = pa.array([[CANARY], ["Other"]], pa.list_(pa.string()))
    known = pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 0]), lists)
    rows = pa.array([1, 2, 3, 4], pa.int64())
    made = batch("a", "b", CANARY, "c")
    assert gate().check(rows, known, made).texts == 4
    with pytest.raises(LeakError) as caught:
        gate().check(rows, known, batch("a", CANARY, CANARY, CANARY))
    assert caught.value.rows == (2, 4)


def test_texts_that_fill_many_chunks_are_searched_to_the_last(monkeypatch):
    monkeypatch.setattr(words_module, "CHUNK_BYTES", 64)
    texts = [f"{n} was here, and nobody else of any name" for n in range(500)]
    assert check(batch(*texts)).texts == 500
    for place in (0, 1, 250, 499):
        error = stopped(batch(*texts[:place], f"then Mary {CANARY} left", *texts[place + 1 :]))
        assert error.rows == (10 + place,)


def test_a_name_beyond_ascii_is_found_among_texts_of_ascii():
    checking = gate(known=delivery("Núñez Quillón"))
    error = stopped(batch("plain", "met Núñez Quillón", "met nobody"), checking=checking)
    assert error.rows == (11,)


def test_lists_of_kept_texts_are_searched_too():
    table = Table("Tag", (field("Tags", "keep"),))
    made = pa.record_batch({"Tags": pa.array([["a"], None, ["b", f"Mary {CANARY}"]])})
    with pytest.raises(LeakError) as caught:
        gate(table).check(pa.array([5, 6, 7]), None, made)
    assert caught.value.rows == (7,)


# --- columns ---


@pytest.mark.parametrize(
    ("given", "free"),
    [
        ({"operator": "redact", "style": "type"}, True),
        ({"operator": "keep"}, True),
        ({"operator": "keep", "codes": "zip3_restricted"}, False),
        ({"operator": "keep", "pattern": r"^[A-Z]{2}-[0-9]{3}$"}, False),
        ({"operator": "keep", "pattern": r"^[A-Z]{2}[A-Z0-9]{7}$"}, False),
        ({"operator": "keep", "pattern": r"[0-9]{3}"}, True),
        ({"operator": "keep", "pattern": r"^[0-9]{1,12}$"}, True),
        ({"operator": "keep", "pattern": r"^[A-Za-z ,-]+$"}, True),
        ({"operator": "keep", "pattern": r"^\S+@\S+$"}, True),
        ({"operator": "zip3"}, False),
        ({"operator": "pseudonym", "domain": "x"}, False),
        ({"operator": "presence"}, False),
        ({"operator": "period", "to": "month"}, False),
        ({"operator": "indicators"}, False),
    ],
)
def test_free_columns_are_those_no_list_and_no_form_closes(given, free):
    table = Table("t", (field("x", given.pop("operator"), output="y", **given),))
    assert free_columns(table) == ({"y"} if free else set())


def test_a_closed_column_is_checked_against_its_form():
    error = stopped(batch("a", "b", "c", zips=["941", None, CANARY]))
    assert (error.field, error.rows, error.scope) == ("zip3", (12,), "list")


def test_a_kept_column_is_checked_against_its_pattern():
    table = Table("Site", (field("CoC", "keep", pattern=r"^[A-Z]{2}-[0-9]{3}$"),))
    made = pa.record_batch({"CoC": strings("CA-500", None, "CA-600")})
    assert gate(table).check(pa.array([1, 2, 3]), None, made) == GateCounts(values=2)
    made = pa.record_batch({"CoC": strings("CA-500", f"{CANARY}", "CA-600")})
    with pytest.raises(LeakError) as caught:
        gate(table).check(pa.array([1, 2, 3]), None, made)
    assert (caught.value.rows, caught.value.scope) == ((2,), "list")


def test_a_table_without_text_costs_no_dictionary(monkeypatch):
    monkeypatch.setattr(module, "of_delivery", None)
    monkeypatch.setattr(module, "of_records", None)
    table = Table("Case", CASE.fields[:2])
    made = batch("a").select(["case_token", "zip3"])
    assert check(made, checking=gate(table)) == GateCounts(values=2)


# --- failing ---


@pytest.mark.parametrize("broken", ["of_delivery", "of_records", "words", "swept", "misfit_rows"])
def test_a_gate_that_breaks_lets_nothing_through_and_quotes_nothing(monkeypatch, broken):
    def breaks(*_):
        raise ValueError(CANARY)

    monkeypatch.setattr(module, broken, breaks)
    with pytest.raises(PrivacyError, match=r"gate failed on Case \(ValueError\)") as caught:
        check(batch("text"), own=[["Own"]])
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None and caught.value.__cause__ is None


def test_redacted_text_is_not_let_out_unsearched():
    rows = pa.array([1], pa.int64())
    own = pa.array([[]], pa.list_(pa.string()))
    with pytest.raises(PrivacyError, match="identifiers of the delivery are not known"):
        gate().check(rows, None, batch("text"))
    with pytest.raises(PrivacyError, match="identifiers of the delivery are not known"):
        Gate.of(contract(CASE), CASE, None).check(rows, own, batch("text"))
    assert Gate.of(contract(CASE), CASE, None).check(rows[:0], None, batch()) == GateCounts()


# --- counts ---


def test_counts_of_partitions_make_one_line():
    parts = [GateCounts(2, 10, 7).as_json(), GateCounts(3, 30, 7).as_json(), GateCounts().as_json()]
    line = gate_line(parts)
    assert line == {"checked": True, "texts": 5, "values": 40, "identifiers": 7, "hits": 0}
    assert is_clean(line)


@pytest.mark.parametrize("part", [None, {}, {"texts": 1}, {**GateCounts().as_json(), "hits": "0"}])
def test_a_partition_that_was_not_searched_leaves_no_line(part):
    assert gate_line([GateCounts().as_json(), part]) is None
    assert gate_line([]) is None
    assert not is_clean(None)


def test_counts_say_what_was_searched():
    counts = check(batch("a", None, "c", zips=["941", None, None]))
    assert (counts.texts, counts.values, counts.hits) == (2, 6, 0)
    assert counts.identifiers == 2, "one name, in both orders"
