"""Requests of an agency node to the hub, signed: to expunge records, or to ask who else met them.

    {"request": "<canonical JSON>", "signature": "<Ed25519, hex>"}

They name records by token alone, as a package does. The hub carries a request out once, by its id:
handed in again, it changes nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.zones.durable import make_private, write_file
from schemas.contract import Contract
from schemas.errors import PackageError

#: A million tokens; nobody expunges more at once.
_MAX_BYTES = 64 << 20


class Request(BaseModel):
    """What the hub is asked about records of one feed.

    Attributes:
        prefix: of the file's name.
        context: goes before what is signed, so that no signature serves for another purpose.
        request_id: 128 random bit, as hex.
        node: name of the agency node that signed it.
        tokens: as de-identification makes them, under ``key_epoch``.
        created: ISO 8601, UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    prefix: ClassVar[str]
    context: ClassVar[bytes]

    version: Literal[1] = 1
    request_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    node: str
    agency: str
    contract: str
    key_epoch: str
    tokens: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")], ...] = Field(min_length=1)
    created: str

    @classmethod
    def _of(cls, contract: Contract, node: str, tokens: Sequence[str], **own: str) -> Self:
        return cls(
            request_id=secrets.token_hex(16),
            node=node,
            agency=contract.agency,
            contract=contract.name,
            key_epoch=contract.key_epoch,
            tokens=tuple(tokens),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            **own,  # type: ignore[arg-type]  # checked when it is built
        )


class ExpungeRequest(Request):
    """What the hub is asked to remove. ``unit`` is ``event`` or ``victim``."""

    prefix: ClassVar[str] = "expunge-"
    context: ClassVar[bytes] = b"tributary expungement v1\n"

    unit: Literal["event", "victim"]

    @classmethod
    def of(cls, contract: Contract, node: str, unit: str, tokens: list[str]) -> ExpungeRequest:
        return cls._of(contract, node, tokens, unit=unit)


class DeconflictRequest(Request):
    """Which other police agency met the persons of ``tokens``; a person may stand there twice."""

    prefix: ClassVar[str] = "deconflict-"
    context: ClassVar[bytes] = b"tributary deconfliction v1\n"

    @classmethod
    def of(cls, contract: Contract, node: str, tokens: list[str]) -> DeconflictRequest:
        return cls._of(contract, node, tokens)


_R = TypeVar("_R", bound=Request)


def hand_over(request: Request, directory: Path, key: Ed25519PrivateKey) -> Path:
    """Sign a request and put it where the hub looks for requests, in one step."""
    signed = json.dumps(request.model_dump(mode="json"), sort_keys=True)
    signature = key.sign(request.context + signed.encode("ascii")).hex()
    path = make_private(directory) / f"{request.prefix}{request.request_id}.json"
    # The hub may run as another user of the same group.
    content = json.dumps({"request": signed, "signature": signature})
    write_file(path, content.encode("ascii"), mode=0o640)
    return path


def waiting(directory: Path, kind: type[Request] = ExpungeRequest) -> list[Path]:
    """Requests that wait for the hub, by name."""
    return sorted(directory.glob(f"{kind.prefix}*.json"))


def read_request(
    path: Path, trusted: Mapping[str, bytes], contracts: Mapping[str, Contract]
) -> ExpungeRequest:
    """Verify a request to expunge and read it.

    Args:
        trusted: public keys (32 bytes) of the nodes that may deliver, by name.
        contracts: as the hub knows them.

    Raises:
        PackageError: it is not signed by such a node, or not what a request is. The message quotes
            nothing of it.
    """
    return _read(path, trusted, contracts, ExpungeRequest)


def read_question(
    path: Path, trusted: Mapping[str, bytes], contracts: Mapping[str, Contract]
) -> DeconflictRequest:
    """The same for a question of deconfliction."""
    return _read(path, trusted, contracts, DeconflictRequest)


def _read(
    path: Path,
    trusted: Mapping[str, bytes],
    contracts: Mapping[str, Contract],
    kind: type[_R],
) -> _R:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise PackageError("the request is larger than any request may be")
        outer = json.loads(path.read_bytes())
        signed, signature = outer["request"].encode("ascii"), bytes.fromhex(outer["signature"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise PackageError("the file is not a request; hand it over again") from None
    request = _verified(signed, signature, trusted, kind)
    contract = contracts.get(request.contract)
    if contract is None or contract.agency != request.agency:
        raise PackageError("the request is of a feed the hub does not know")
    return request


def _verified(signed: bytes, signature: bytes, trusted: Mapping[str, bytes], kind: type[_R]) -> _R:
    for node, key in trusted.items():
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, kind.context + signed)
        except InvalidSignature:
            continue
        try:
            request = kind.model_validate_json(signed)
        except ValidationError:
            break
        if request.node == node:
            return request
    raise PackageError("the request is not signed by a node that may deliver")
