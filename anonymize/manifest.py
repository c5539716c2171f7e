"""The manifest of a sealed package: what it holds, under which contract, keys and code."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import PackageError

TABLES: Literal["tables"] = "tables"
WITHHELD: Literal["withheld"] = "withheld"
LINKAGE: Literal["linkage"] = "linkage"

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class Member(BaseModel):
    """One Parquet file of a package; ``path`` is ``<kind>/<table>/<partition>.parquet``."""

    model_config = _STRICT

    path: str
    kind: Literal["tables", "withheld", "linkage"]
    table: str
    rows: int = Field(ge=0)
    bytes: int = Field(gt=0)
    sha256: str


class Manifest(BaseModel):
    """Everything the hub is told about a delivery. No value of a record is in it.

    Attributes:
        node: name of the agency node that sealed the package; the hub knows its public key.
        codes_digest: SHA-256 over the code lists the contract uses.
        plaintext_sha256: SHA-256 of the delivery as it came.
        status: a refused package holds no tables.
        scope: what the delivery claims to cover (``schemas.report.Scope``), dates as ISO text.
        report: counts and findings (``IntakeReport.as_json()``), and as ``gate`` what the leak gate
            searched (``anonymize.gate.counts``), without which no package is taken.
        created: ISO 8601, UTC.
        suppressed: tokens of expunged units that the delivery holds, by unit; the hub leaves them
            out (``anonymize.suppression``).
        files: filled in by ``seal``.
    """

    model_config = _STRICT

    version: Literal[1] = 1
    delivery_id: str
    node: str
    agency: str
    contract: str
    contract_version: str
    contract_digest: str
    codes_digest: str
    key_epoch: str
    code_version: str
    plaintext_sha256: str
    status: Literal["accepted", "partial", "refused"]
    scope: dict[str, Any]
    report: dict[str, Any]
    created: str
    suppressed: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    files: tuple[Member, ...] = ()

    def to_bytes(self) -> bytes:
        """Canonical JSON: the bytes that are signed."""
        content = self.model_dump(mode="json")
        return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=True).encode("ascii")

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """Read a manifest whose signature was verified.

        Raises:
            PackageError: it is not a manifest of this version.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError:
            raise PackageError(
                "the manifest is not one this hub understands; node and hub run different versions"
            ) from None
