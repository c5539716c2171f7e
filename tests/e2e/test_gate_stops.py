"""What masking misses is stopped at the node's gate: nothing of it is sealed or loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import pytest

from anonymize.text import redactor
from anonymize.text.spans import Span
from schemas.errors import LeakError, PackageError
from tests.e2e.test_pipeline import tributary
from tests.fixtures_warehouse import dump
from tributary import places, steps
from tributary.county.generate import Generated, generate
from tributary.pipeline import run_delivery
from tributary.settings import Settings

pytestmark = pytest.mark.e2e
FEED = "harbor_police.rms"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generate(1_000, 31, tmp_path_factory.mktemp("county"), months=3)


class Leaking:
    """The engine that masks, but for the first thing of one type in every text."""

    def __init__(self, kind: str) -> None:
        self._engine, self._kind = redactor.engine(), kind

    def find(self, texts: Sequence[str], *given: object) -> Iterator[list[Span]]:
        for spans in self._engine.find(texts, *given):  # type: ignore[arg-type]
            missed = next((span for span in spans if span.type == self._kind), None)
            yield [span for span in spans if span is not missed]


@pytest.mark.parametrize("kind", ["PERSON", "PHONE_NUMBER"])
def test_what_masking_misses_stops_the_delivery(
    kind: str, home: Settings, county: Generated, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(places.warehouse(home))
    with monkeypatch.context() as patched:
        leaking = Leaking(kind)
        patched.setattr(redactor, "engine", lambda: leaking)
        with pytest.raises(LeakError) as caught:
            run_delivery(home, FEED, county.paths[FEED][0])
    found = re.search(r"involvement\.narrative at row (\d+)", str(caught.value))
    assert found and int(found[1]) in caught.value.rows
    assert list(home.hub.inbox.glob("*")) == []
    assert list(home.node.outgoing.rglob("*.parquet")) == []
    assert dump(places.warehouse(home)) == before


def test_a_partition_that_did_not_pass_the_gate_is_not_sealed(
    home: Settings, county: Generated
) -> None:
    taken = steps.receive(home, FEED, county.paths[FEED][0])["delivery_id"]
    for partition in steps.validate(home, FEED, taken)["partitions"]:
        steps.deidentify(home, FEED, taken, partition)
    path = next((home.node.outgoing / taken / "counts").glob("*.json"))
    counts = json.loads(path.read_text())
    del counts["gate"]
    path.write_text(json.dumps(counts))
    with pytest.raises(PackageError, match="leak gate"):
        steps.seal(home, FEED, taken)
    assert list(home.hub.inbox.glob("*")) == []


def test_once_mended_the_delivery_runs_and_its_receipt_says_what_was_searched(
    home: Settings, county: Generated
) -> None:
    done = tributary(home, "run", FEED, str(county.paths[FEED][0]), "--json")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    gate = receipt["gate"]
    assert set(gate) == {"texts", "values", "identifiers", "hits"}
    assert gate["hits"] == 0
    assert 0 < gate["texts"] <= receipt["tables"]["involvement"]["accepted"]
    assert gate["values"] > gate["texts"] and gate["identifiers"] > 100
    again = tributary(home, "run", FEED, str(county.paths[FEED][0]))
    assert f"gate: {gate['values']:,} values" in " ".join(again.stdout.split())
    assert "0 found" in again.stdout
