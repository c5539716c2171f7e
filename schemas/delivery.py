"""What makes a delivery the same delivery."""

from __future__ import annotations

import hashlib
import json

from schemas.checks import applicable_rules
from schemas.codes import code_list
from schemas.contract import Contract
from schemas.linkage import agreed_schema

#: Lists that operators read without the contract naming them.
_IMPLIED = {"zip3": "zip3_restricted", "indicators": "text_indicator"}


def codes_digest(contract: Contract) -> str:
    """SHA-256 over every code list the contract's checks, rules and operators use, and over the
    linkage schema its persons are encoded under."""
    names = {name for rule in applicable_rules(contract) for name in rule.codes}
    for table in contract.tables:
        for field in table.fields:
            decision = field.deidentification
            names.update(
                str(name)
                for name in (
                    field.codes,
                    decision.parameters.get("codes"),
                    _IMPLIED.get(decision.operator),
                )
                if name is not None
            )
    digests = {name: code_list(name).digest for name in sorted(names)}
    if contract.linkage is not None:
        name = contract.linkage.schema
        digests[f"linkage {name}"] = agreed_schema(name).digest
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def delivery_id(contract: Contract, plaintext_sha256: str) -> str:
    """The same bytes under the same contract, code lists and key epoch give the same id.

    128 bit of SHA-256 as hex. It names directories, keys and ledger rows, so that every step of a
    delivery can be repeated after a crash and arrives at its own earlier work.
    """
    parts = [contract.name, contract.digest, codes_digest(contract), contract.key_epoch]
    return hashlib.sha256(json.dumps([*parts, plaintext_sha256]).encode()).hexdigest()[:32]
