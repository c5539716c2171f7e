"""What the leak gate costs beside the rest of a delivery, and how often it stops a clean one.

``pytest -s -m benchmark tests/benchmarks/test_gate.py``; seconds of the processor, as machines
are shared.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import ahocorasick
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from anonymize.gate import gate as gate_module
from anonymize.gate.dictionary import RUN, of_delivery
from anonymize.gate.gate import Gate
from anonymize.gate.words import chunks, folded, words
from anonymize.identifiers import of_delivery as identifiers_of
from anonymize.identifiers import record_keys
from anonymize.operators.text import redact
from anonymize.partitions import TEXT_BYTES
from anonymize.text.known import DeliveryNames
from connectors.formats.base import ROW, Intake, reader
from schemas.checks import intake_columns
from schemas.contract import Contract, Table
from schemas.errors import LeakError
from schemas.odcs import contract as contract_named
from schemas.report import IntakeReport
from tributary.county.generate import generate
from tributary.pipeline import run_delivery
from tributary.settings import Settings

pytestmark = pytest.mark.benchmark

RMS, HMIS = "harbor_police.rms", "county_coc.hmis"
#: Characters of text that are masked in a second, at least: the goal of the redactor.
MASKED_PER_SECOND = 50_000


def invented(count: int, random: np.random.Generator) -> tuple[pa.Array, pa.Array]:
    """Full names of ``count`` persons, and two numbers of each."""
    parts = np.array(["ka", "ri", "mo", "ten", "lo", "sha", "de", "vi", "nor", "bel", "qua", "zi"])
    stock = ["".join(random.choice(parts, random.integers(2, 5))) for _ in range(count // 10)]
    names = np.char.add(np.char.add(random.choice(stock, count), " "), random.choice(stock, count))
    phones = [
        f"({n // 10**7}) {n // 10**4 % 1000:03}-{n % 10**4:04}"
        for n in random.integers(2 * 10**9, 10**10, count).tolist()
    ]
    numbers = [f"{n:09}" for n in random.integers(10**6, 10**9, count).tolist()]
    return pa.array(names), pa.array([*phones, *numbers])


class Cost:
    """Seconds, and resident memory that stays, from here to ``stop``."""

    def __init__(self) -> None:
        self.seconds, self.mebibytes = -time.process_time(), -self._resident()

    def stop(self) -> None:
        self.seconds += time.process_time()
        self.mebibytes += self._resident()

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.mebibytes:.0f} MiB"

    @staticmethod
    def _resident() -> float:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_dictionary_of_a_million_persons_beside_an_automaton() -> None:
    random = np.random.default_rng(1)
    names, numbers = invented(1_000_000, random)
    built = Cost()
    dictionary = of_delivery(names, numbers)
    built.stop()
    sentence = "The offender said that nobody of the house had seen the two leave. "
    clean = pa.array([sentence * 10] * 5_000)
    searched = Cost()
    hits = [
        int(dictionary.holds(hashes).sum())
        for _, some in chunks(clean)
        for _, hashes in words(folded(some)).runs(RUN)
    ]
    searched.stop()
    per_character = searched.seconds / pc.sum(pc.utf8_length(clean)).as_py()
    assert not any(hits)
    print(f"\n10^6 persons with 2 * 10^6 numbers: {len(dictionary):,} hashes in {built}")
    print(f"search: {per_character * 1e6:.2f} us a character")
    few = 50_000
    several = [names.slice(0, few), numbers.slice(0, few), numbers.slice(10**6, few)]
    automated = Cost()
    made = automaton(*(part.to_pylist() for part in several))
    automated.stop()
    print(f"an automaton of {few:,} persons: {len(made):,} words in {automated}")
    # Built once a partition, which holds text that takes minutes to mask.
    assert built.seconds < 0.05 * TEXT_BYTES / MASKED_PER_SECOND
    assert per_character < 0.05 / MASKED_PER_SECOND
    assert automated.mebibytes / few > built.mebibytes / 10**6


def automaton(names: list[str], *numbers: list[str]) -> ahocorasick.Automaton:
    made = ahocorasick.Automaton()
    for name in names:
        first, last = name.split()
        made.add_word(f"{first} {last}", 1)
        made.add_word(f"{last} {first}", 1)
    for number in (one for several in numbers for one in several):
        made.add_word("".join(filter(str.isdigit, number)), 1)
    made.make_automaton()
    return made


@dataclass
class Timed:
    """Seconds spent in a function, and calls of it."""

    function: Callable[..., Any]
    seconds: float = 0.0
    calls: int = 0

    def __call__(self, *given: Any) -> Any:
        started = time.process_time()
        try:
            return self.function(*given)
        finally:
            self.seconds += time.process_time() - started
            self.calls += 1


@pytest.mark.parametrize(("name", "persons"), [(HMIS, 280_000), (RMS, 8_000)])
def test_share_of_a_delivery(
    name: str, persons: int, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HMIS of 10^6 rows lets no text out; RMS has a narrative in each of its rows."""
    made = generate(persons, 3, tmp_path / "county", months=12)
    timed = Timed(Gate.check)
    monkeypatch.setattr(Gate, "check", lambda *given: timed(*given))
    started = time.process_time()
    receipt = run_delivery(home, name, made.paths[name][0])
    took = time.process_time() - started
    rows = sum(count["rows_in"] for count in receipt["tables"].values())
    share = timed.seconds / took
    print(f"\n{name}: {rows:,} rows in {took:.1f} s, of which the gate {timed.seconds:.2f} s")
    print(f"{share:.1%}; {receipt['gate']}")
    assert timed.calls
    assert share < 0.05


# --- false stops ----------------------------------------------------------------------------------


@dataclass
class Cases:
    """A police export, cut into deliveries of a few cases each."""

    contract: Contract
    table: Table
    rows: pa.RecordBatch
    of_case: np.ndarray[Any, Any] = field(init=False)

    def __post_init__(self) -> None:
        keys = record_keys(self.table, self.rows)
        self.of_case = pc.fill_null(pc.index_in(keys, value_set=pc.unique(keys)), -1).to_numpy()

    @classmethod
    def of(cls, path: Path) -> Cases:
        contract = contract_named(RMS)
        intake = Intake(contract, intake_columns(contract), IntakeReport(), date.today())
        with path.open("rb") as source:
            batches = [rows for _, rows in reader(contract.format)(source, intake)]
        return cls(contract, contract.table("involvement"), pa.concat_batches(batches))

    def deliveries(self, cases: int) -> Iterator[pa.RecordBatch]:
        for first in range(0, int(self.of_case.max()) + 1, cases):
            here = (self.of_case >= first) & (self.of_case < first + cases)
            yield self.rows.filter(pa.array(here))

    def known(self, rows: pa.RecordBatch) -> pa.DictionaryArray:
        """What each case's own rows say."""
        keys = record_keys(self.table, rows)
        own: dict[str, set[str]] = defaultdict(set)
        for number, key in enumerate(keys.to_pylist()):
            one = identifiers_of(self.contract, [(self.table.name, rows.slice(number, 1))])
            for part in (one.full_names, one.single_names, one.numbers, one.case_numbers):
                own[key].update(part.to_pylist())
        lists = pa.array([sorted(one) for one in own.values()], pa.list_(pa.string()))
        places = pc.index_in(keys, value_set=pa.array(list(own), pa.string()))
        return pa.DictionaryArray.from_arrays(places, lists)


def test_false_stops_among_a_thousand_clean_deliveries(tmp_path: Path) -> None:
    """Texts of the invented county, masked by the whole redactor: whatever is stopped is looked at
    by a person, for it is a miss of the masking or a false stop."""
    cases = Cases.of(generate(30_000, 9, tmp_path / "county", months=12).paths[RMS][0])
    searched, stops = 0, defaultdict[str, int](int)
    for rows in cases.deliveries(3):
        delivery = identifiers_of(cases.contract, [(cases.table.name, rows)])
        known = cases.known(rows)
        parts = (delivery.full_names, delivery.single_names, delivery.numbers)
        masking = DeliveryNames.of(*parts, delivery.case_numbers)
        texts = redact(rows.column("Narrative"), known, masking, "pseudonym")
        gate = gate_module.Gate.of(cases.contract, cases.table, delivery)
        try:
            gate.check(rows.column(ROW), known, pa.record_batch({"narrative": texts}))
        except LeakError as error:
            stops[error.scope] += 1
        searched += 1
    print(f"\n{searched:,} clean deliveries: {dict(stops)} stopped")
    assert searched > 1_000
    assert sum(stops.values()) < searched / 1_000
