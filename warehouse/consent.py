"""What a withdrawn consent does beyond deleting: releases that drew on the person are withdrawn."""

from __future__ import annotations

from collections.abc import Iterator

from anonymize.package import Package
from schemas.contract import Contract
from warehouse.database import translated
from warehouse.models.linkage import UNITS
from warehouse.origin import Connection

#: The table in which every reader that knows withdrawals puts them, in whatever case.
_WITHDRAWAL = "withdrawal"
_GONE = """
SELECT EXISTS (
    SELECT FROM pg_temp.gone_{unit} g JOIN pg_temp.key_{unit} k USING (record_key)
    WHERE k.token = ANY (%s)
)
"""
_WITHDRAW = (
    "INSERT INTO ops.release_withdrawal (agency, feed, reason) VALUES (%s, %s, 'consent_withdrawn')"
)


def withdraw_releases(
    connection: Connection, package: Package, contract: Contract, feed: str
) -> None:
    """After a merge: where it deleted a unit whose consent was withdrawn, withdraw the releases.

    Sheets repeat a withdrawal in every export; only the one that deleted something counts. Other
    deletions leave releases standing until the next one.
    """
    tokens = list(_withdrawn(package, contract))
    if not tokens:
        return
    with translated("looking for withdrawn consents"):
        for unit in UNITS:
            found = connection.execute(_GONE.format(unit=unit), [tokens]).fetchone()
            if found and found[0]:
                connection.execute(_WITHDRAW, [contract.agency, feed])
                return


def _withdrawn(package: Package, contract: Contract) -> Iterator[bytes]:
    for table in contract.tables:
        if table.name.casefold() == _WITHDRAWAL:
            tokens = [
                field.output or field.name
                for field in table.kept
                if field.deidentification.operator == "pseudonym"
            ]
            for batch in package.read(table.name):
                for name in tokens:
                    yield from map(bytes.fromhex, batch.column(name).drop_null().to_pylist())
