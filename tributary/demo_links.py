"""Whom the warehouse takes for one person, beside the truth of the county the demo invented.

Only a demo can look: the tokens are made again under its own node's secret.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from uuid import UUID

import pyarrow.parquet as pq

from anonymize.keys import KeyRing
from anonymize.operators.registry import REGISTRY, Binding, Columns
from connectors.formats.identity import identity
from schemas.contract import Contract
from schemas.odcs import contract as contract_named
from tributary.settings import Settings
from warehouse.database import Warehouse
from warehouse.roles import Role

#: Feed -> the unit that the truth's record ids name, and the field that the reader makes of them.
_NAMED = {
    "county_coc.hmis": ("victim", "PersonalID"),
    "eastlake_police.rms": ("victim", "VictimKey"),
    "harbor_police.rms": ("victim", "VictimKey"),
    "safe_passage.htcds": ("event", "case_key"),
}


@dataclass(frozen=True)
class LinksShown:
    """Persons by the agencies that know them, as linked and as they are; and pairs of records.

    Counts are of records that stand in ``linked`` and whose person the generator knows.
    """

    contacts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    records: int = 0
    right: int = 0
    found: int = 0
    true: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0


def links_shown(settings: Settings, warehouse: Warehouse) -> LinksShown:
    """Compare ``linked`` with the truth of the county in ``settings.home``."""
    with closing(warehouse.connect(Role.STEWARD)) as connection:
        rows = connection.execute(
            "SELECT record_key, agency, person_key FROM linked.person_record"
        ).fetchall()
        victims = connection.execute("SELECT event_key, victim_key FROM core.victim_event")
        victims_of = dict(victims.fetchall())
    known = _truth(settings, warehouse, victims_of)
    both = [(agency, person, known[key]) for key, agency, person in rows if key in known]
    linked = _contacts((agency, person) for agency, person, _ in both)
    true = _contacts((agency, person) for agency, _, person in both)
    return LinksShown(
        {name: {"linked": linked[name], "truth": true[name]} for name in sorted({*linked, *true})},
        len(both),
        _pairs((person, really) for _, person, really in both),
        _pairs(person for _, person, _ in both),
        _pairs(really for _, _, really in both),
    )


def _truth(
    settings: Settings, warehouse: Warehouse, victims_of: Mapping[UUID, UUID]
) -> dict[UUID, str]:
    """The person of each record of a feed that links, by the record's key in ``core``."""
    with closing(warehouse.connect(Role.OWNER)) as connection:
        found = connection.execute(
            "SELECT agency, unit, encode(token, 'hex'), record_key FROM linkage.source_token"
        )
        keys = {(agency, unit, token): key for agency, unit, token, key in found}
    known = {}
    for feed, (unit, field_name) in _NAMED.items():
        contract = contract_named(feed)
        for token, person in _tokens(settings, contract, field_name):
            key = keys.get((contract.agency, unit, token))
            key = victims_of.get(key) if key and unit == "event" else key
            if key is not None:
                known[key] = person
    return known


def _tokens(settings: Settings, contract: Contract, name: str) -> Iterator[tuple[str, str]]:
    """Token and person of each record of the truth, made as the agency's node makes them."""
    linkage = contract.linkage
    if linkage is None:
        return
    table = contract.table(linkage.table)
    records = pq.read_table(
        settings.home / "county" / "truth" / "records.parquet",
        columns=["record_id", "person_id"],
        filters=[("feed", "=", contract.name), ("table", "=", table.name)],
    )
    ids, persons = (records[column].combine_chunks() for column in ("record_id", "person_id"))
    if name != "PersonalID":  # the other readers put identities together
        ids = identity({"id": ids}, [["id"]])
    keyring = KeyRing.from_file(settings.node.secret_file, contract.key_epoch)
    bound = REGISTRY["pseudonym"].bind(Binding(contract, table, table.by_name[name], keyring))
    for token, person in zip(
        bound(Columns({name: ids})).to_pylist(), persons.to_pylist(), strict=True
    ):
        if token and person:
            yield token, person


def _contacts(records: Iterable[tuple[str, Hashable]]) -> Counter[str]:
    """Persons by the agencies that know them, where they are two or more."""
    agencies: dict[Hashable, set[str]] = defaultdict(set)
    for agency, person in records:
        agencies[person].add(agency)
    return Counter(" + ".join(sorted(known)) for known in agencies.values() if len(known) > 1)


def _pairs(groups: Iterable[Hashable]) -> int:
    """Pairs of records within the groups they name."""
    return sum(count * (count - 1) // 2 for count in Counter(groups).values())
