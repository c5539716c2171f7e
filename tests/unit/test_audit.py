"""The audit for leaks without a database: what is counted, and what a hub alone can search."""

import pyarrow as pa
import pytest

from anonymize.gate.dictionary import of_delivery
from tributary import audit as module
from tributary.audit import leaks
from tributary.settings import settings
from warehouse import sweep
from warehouse.sweep import Swept

CANARY = "Quillfeather"


def strings(*texts):
    return pa.array(texts, pa.string())


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setattr("tributary.places.warehouse", lambda _: None)
    return settings({"TRIBUTARY_HOME": str(tmp_path)})


def holding(monkeypatch, *tables):
    monkeypatch.setattr(sweep, "sweep", lambda _: iter(tables))


def table(name, **columns):
    return Swept(name, pa.record_batch({k: strings(*v) for k, v in columns.items()}))


def test_a_hub_alone_searches_by_patterns(here, monkeypatch):
    holding(
        monkeypatch,
        table("core.a", agency=["x", "y", "x"], note=["me@x.org", "me@x.org", None]),
        table("core.a", agency=["x"], note=["a@x.org, SSN 123-45-6789"]),
        table("ops.b", word=["fine"]),
    )
    assert leaks(here).as_json() == {
        "tables": 2,
        "columns": 3,
        "rows": 5,
        "deliveries": 0,
        "unread": 0,
        "identifiers": 0,
        "hits": [
            {"table": "core.a", "column": "note", "found": "EMAIL_ADDRESS", "rows": 3},
            {"table": "core.a", "column": "note", "found": "US_SSN", "rows": 1},
        ],
    }


def test_rows_of_an_agency_are_searched_for_its_own_deliveries(here, monkeypatch):
    known = {"x": of_delivery(strings(f"Mary {CANARY}"), strings())}
    monkeypatch.setattr(module, "_dictionaries", lambda *_: known)
    named = f"{CANARY.upper()}, Mary"
    holding(
        monkeypatch,
        table("core.a", agency=["x", "y", None, "x"], note=[named, named, named, CANARY]),
        table("ops.b", word=[named, None]),
    )
    assert dict(leaks(here).hits) == {
        ("core.a", "note", "delivery"): 1,
        ("ops.b", "word", "delivery"): 1,  # no agency: searched for all
    }
