"""The audit for leaks: the whole warehouse, searched for identifiers.

By patterns everywhere; and in the rows of each agency by the names, numbers and contacts of its
deliveries that are still in the landing zone, as far as this machine holds their keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import Contract
from schemas.errors import DeliveryError
from schemas.odcs import contracts
from tributary import places, steps
from tributary.settings import Settings

if TYPE_CHECKING:
    from anonymize.gate.dictionary import Dictionary
    from anonymize.identifiers import DeliveryIdentifiers
    from connectors.zones.vault import Vault


@dataclass
class Audit:
    """What was searched and what was found; no values.

    Attributes:
        tables, columns, rows: of the warehouse; closed columns are not among them.
        deliveries: in landing, searched for by their names, numbers and contacts.
        unread: in landing, but not readable under any contract there is now.
        identifiers: ways of writing them.
        hits: (table, column, what it is) to rows: a type of identifier by its pattern, or
            ``delivery``.
    """

    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    rows: int = 0
    deliveries: int = 0
    unread: int = 0
    identifiers: int = 0
    hits: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        return {
            "tables": len(self.tables),
            "columns": len(self.columns),
            "rows": self.rows,
            "deliveries": self.deliveries,
            "unread": self.unread,
            "identifiers": self.identifiers,
            "hits": [
                {"table": table, "column": column, "found": found, "rows": rows}
                for (table, column, found), rows in sorted(self.hits.items())
            ],
        }


def leaks(settings: Settings) -> Audit:
    """Search every open text of the warehouse.

    Raises:
        PrivacyError: a landed delivery was changed.
        TransientError, PermanentError: the database.
    """
    from warehouse.sweep import sweep

    audit = Audit()
    known = _dictionaries(settings, audit)
    for some in sweep(places.warehouse(settings)):
        audit.tables.add(some.table)
        audit.rows += some.rows.num_rows
        agencies = some.rows.column("agency") if "agency" in some.rows.schema.names else None
        for name in some.rows.schema.names:
            audit.columns.add((some.table, name))
            for found, rows in _searched(some.rows.column(name), agencies, known):
                audit.hits[some.table, name, found] += rows
    return audit


def _searched(
    values: pa.Array, agencies: pa.Array | None, known: Mapping[str, Dictionary]
) -> Iterator[tuple[str, int]]:
    """What stands in a column, and in how many rows. Equal values are looked at once."""
    from anonymize.gate.patterns import swept

    counted = pc.value_counts(values.drop_null())
    texts, counts = counted.field("values"), counted.field("counts")
    for found, at in swept(texts).items():
        yield found, pc.sum(counts.take(pa.array(at))).as_py()
    for agency, dictionary in known.items():
        own = values if agencies is None else values.filter(pc.equal(agencies, agency))
        counted = pc.value_counts(own.drop_null())
        marked = _holding(counted.field("values"), dictionary)
        rows = pc.sum(counted.field("counts").filter(marked), min_count=0).as_py()
        if rows:
            yield "delivery", rows


def _holding(texts: pa.Array, dictionary: Dictionary) -> pa.Array:
    """Which texts hold something of ``dictionary``."""
    import numpy as np

    from anonymize.gate.dictionary import RUN
    from anonymize.gate.words import chunks, folded, words

    marks = np.zeros(len(texts), dtype=bool)
    for start, some in chunks(texts):
        part = words(folded(some))
        for at, hashes in part.runs(RUN):
            marks[start + part.text[at[dictionary.holds(hashes)]]] = True
    return pa.array(marks)


# --- deliveries in landing ------------------------------------------------------------------------


def _dictionaries(settings: Settings, audit: Audit) -> dict[str, Dictionary]:
    """What to search for, by agency."""
    from anonymize.gate.dictionary import of_delivery

    found: dict[str, list[DeliveryIdentifiers]] = {}
    for contract, identifiers in _in_landing(settings, audit):
        found.setdefault(contract.agency, []).append(identifiers)
        audit.deliveries += 1
    made = {
        agency: of_delivery(
            pa.concat_arrays([one.full_names for one in several]),
            pa.concat_arrays([part for one in several for part in (one.numbers, one.case_numbers)]),
        )
        for agency, several in found.items()
    }
    audit.identifiers = sum(map(len, made.values()))
    return made


def _in_landing(settings: Settings, audit: Audit) -> Iterator[tuple[Contract, DeliveryIdentifiers]]:
    from connectors.zones import landing

    node = settings.node
    if not (node.kek_file.exists() and node.landing.exists()):
        return  # a hub alone: the landing zone is another machine's
    vault = places.open_vault(settings)
    for directory in sorted(node.landing.glob("[!.]*")):
        delivery = directory.name
        if not vault.exists(delivery, landing.ZONE):
            continue  # its key was destroyed: it is gone
        contract = _contract_of(settings, delivery, vault)
        identifiers = None if contract is None else _read(settings, contract, delivery, vault)
        if contract is None or identifiers is None:
            audit.unread += 1
        else:
            yield contract, identifiers


def _contract_of(settings: Settings, delivery: str, vault: Vault) -> Contract | None:
    """The contract a delivery was landed under; its newest version, where that has changed."""
    from connectors.zones import landing
    from schemas.delivery import delivery_id

    sha256 = landing.plaintext_sha256(settings.node.landing, delivery, vault)
    for name, contract in contracts().items():
        if delivery in (delivery_id(contract, sha256), steps.retained(settings, name)):
            return contract
    return None


def _read(
    settings: Settings, contract: Contract, delivery: str, vault: Vault
) -> DeliveryIdentifiers | None:
    """Identifiers of a landed delivery; null where it cannot be read."""
    from anonymize.identifiers import of_delivery, unsaid
    from connectors.formats.base import Intake, reader
    from connectors.zones import landing
    from schemas.checks import intake_columns
    from schemas.report import IntakeReport

    read = intake_columns(contract)
    columns = {}
    for table in contract.tables:
        wanted = {*read[table.name], *(one.name for one in (*table.identifying, *unsaid(table)))}
        columns[table.name] = tuple(one.name for one in table.fields if one.name in wanted)
    intake = Intake(contract, columns, IntakeReport(), datetime.now(UTC).date())
    try:
        with landing.open_landing(settings.node.landing, delivery, vault) as source:
            return of_delivery(contract, reader(contract.format)(source, intake))
    except DeliveryError:
        return None  # it was refused, so nothing of it ever left
