"""The node's list of expunged units, and what of a delivery stands on it.

Tokens change with every key epoch, so the hub alone could not keep a person out for good. The node
keeps a mark of each expunged unit under a key of its own that no epoch enters; when it seals a
delivery, it tells the hub the tokens, of the epoch of the day, of what the delivery holds of them.
A mark leads to nobody without the node's secret, and never leaves the node.

    <node>/suppressed/<contract>.json    {domain: {"unit": ..., "marks": [...]}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anonymize.keys import KeyRing
from anonymize.operators.identity import pseudonym
from anonymize.operators.registry import reads
from anonymize.unit_ids import UnitKey, columns_of
from connectors.zones.durable import make_private, write_file
from connectors.zones.raw import RawZone
from connectors.zones.secret import read_secret
from schemas.contract import Contract, Field
from schemas.errors import PrivacyError

#: In place of an epoch; no token is ever made for this purpose.
_PURPOSE, _EVERY_EPOCH = "suppression", "every epoch"


@dataclass(frozen=True)
class SuppressionList:
    """The list of one feed on its agency node.

    ``secret_file`` is the root secret of the tokens.
    """

    path: Path
    secret_file: Path

    def add(self, contract: Contract, unit: str, key: UnitKey, parts: list[pa.Array]) -> None:
        """Put units on the list: ``parts`` is what their tokens are made of."""
        listed = self._read()
        known = listed.get(key.domain, {"unit": unit, "marks": []})
        made = pseudonym(parts, self._key(contract, key.domain)).to_pylist()
        listed[key.domain] = {"unit": unit, "marks": sorted({*known["marks"], *made})}
        make_private(self.path.parent)
        write_file(self.path, json.dumps(listed).encode("ascii"))

    def found(self, zone: RawZone, contract: Contract) -> dict[str, tuple[str, ...]]:
        """Tokens, of the contract's epoch, of listed units that occur in a delivery, by unit.

        Raises:
            PrivacyError: a raw file lacks a column that a token is made of.
        """
        listed = self._read()
        if not listed:
            return {}
        keyring = KeyRing(read_secret(self.secret_file), contract.key_epoch)
        tokens: dict[str, set[str]] = {}
        for table, field in columns_of(contract, listed):
            if table.name not in zone.tables():
                continue
            domain = str(field.deidentification.parameters["domain"])
            marks = pa.array(listed[domain]["marks"], pa.string())
            key, now = (
                self._key(contract, domain),
                keyring.derive("pseudonym", contract.agency, domain),
            )
            for parts in _parts(zone, table.name, field):
                on_list = pc.is_in(pseudonym(parts, key), value_set=marks)
                if pc.any(on_list).as_py():
                    made = pseudonym([part.filter(on_list) for part in parts], now)
                    unit = str(listed[domain]["unit"])
                    tokens.setdefault(unit, set()).update(made.to_pylist())
        return {unit: tuple(sorted(made)) for unit, made in tokens.items()}

    def _key(self, contract: Contract, domain: str) -> bytes:
        keyring = KeyRing(read_secret(self.secret_file), _EVERY_EPOCH)
        return keyring.derive(_PURPOSE, contract.agency, domain)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            content: dict[str, dict[str, Any]] = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise PrivacyError(
                f"the list of expunged records {self.path} is damaged; put back its last copy: "
                "without it, what was expunged would be loaded again"
            ) from None
        return content


def _parts(zone: RawZone, table: str, field: Field) -> Iterable[list[pa.Array]]:
    names = list(reads(field))
    if missing := sorted(set(names) - set(zone.schema(table).names)):
        raise PrivacyError(
            f"the raw file {table} lacks {', '.join(missing)}; validate the delivery again"
        )
    for batch in zone.read(table, names):
        yield [batch.column(name) for name in names]
