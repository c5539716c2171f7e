"""A request to expunge is carried out only if a node the hub trusts signed exactly this."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anonymize.package import public_key
from anonymize.requests import ExpungeRequest, hand_over, read_request, waiting
from schemas.errors import PackageError
from tests.contracts import contract

FEED = contract()
KNOWN = {FEED.name: FEED}
KEY, STRANGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
TRUSTED = {"node": public_key(KEY)}
TOKENS = ["0123456789abcdef" * 2, "f" * 32]


def asked(**given: Any) -> ExpungeRequest:
    return ExpungeRequest.of(FEED, "node", "victim", TOKENS).model_copy(update=given)


def test_what_a_trusted_node_signed_is_read_as_it_was_written(tmp_path: Path) -> None:
    request = asked()
    path = hand_over(request, tmp_path / "requests", KEY)
    assert waiting(tmp_path / "requests") == [path]
    assert read_request(path, TRUSTED, KNOWN) == request
    assert path.stat().st_mode & 0o777 == 0o640


def test_two_requests_for_the_same_records_are_two_requests() -> None:
    assert asked().request_id != asked().request_id


def tampered(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        outer = json.loads(path.read_text())
        change(outer)
        path.write_text(json.dumps(outer))

    return apply


def inner(**given: Any) -> Callable[[dict[str, Any]], None]:
    def change(outer: dict[str, Any]) -> None:
        outer["request"] = json.dumps({**json.loads(outer["request"]), **given}, sort_keys=True)

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        tampered(inner(tokens=["a" * 32])),
        tampered(inner(unit="event")),
        tampered(inner(request_id="b" * 32)),
        tampered(lambda outer: outer.update(signature="00" * 64)),
        tampered(lambda outer: outer.update(signature="zz")),
        tampered(lambda outer: outer.pop("signature")),
        tampered(lambda outer: outer.update(request=7)),
        lambda path: path.write_bytes(path.read_bytes()[:-5]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("[]"),
        lambda path: path.unlink(),
    ],
)
def test_what_was_changed_is_refused(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = hand_over(asked(), tmp_path, KEY)
    spoil(path)
    with pytest.raises(PackageError) as caught:
        read_request(path, TRUSTED, KNOWN)
    assert not any(token in str(caught.value) for token in TOKENS)


@pytest.mark.parametrize(
    ("request_", "key", "trusted", "known"),
    [
        (asked(), STRANGER, TRUSTED, KNOWN),
        (asked(), KEY, {}, KNOWN),
        (asked(), KEY, {"other": public_key(KEY)}, KNOWN),
        (asked(node="other"), KEY, TRUSTED, KNOWN),
        (asked(agency="other_agency"), KEY, TRUSTED, KNOWN),
        (asked(), KEY, TRUSTED, {}),
        (asked(), KEY, TRUSTED, {FEED.name: dataclasses.replace(FEED, agency="other_agency")}),
        # signed as it should be, and no request all the same
        (asked(unit="person"), KEY, TRUSTED, KNOWN),
        (asked(tokens=("a",)), KEY, TRUSTED, KNOWN),
        (asked(tokens=("g" * 32,)), KEY, TRUSTED, KNOWN),
        (asked(tokens=()), KEY, TRUSTED, KNOWN),
        (asked(request_id="../../x"), KEY, TRUSTED, KNOWN),
    ],
)
def test_what_nobody_may_ask_is_refused(
    tmp_path: Path, request_: ExpungeRequest, key: Ed25519PrivateKey, trusted: Any, known: Any
) -> None:
    path = hand_over(asked(), tmp_path, key)
    if request_.request_id != "../../x":
        path = hand_over(request_, tmp_path / "other", key)
    else:
        _sign(path, request_, key)
    with pytest.raises(PackageError):
        read_request(path, trusted, known)


def _sign(path: Path, request: ExpungeRequest, key: Ed25519PrivateKey) -> None:
    signed = json.dumps(request.model_dump(mode="json"), sort_keys=True)
    signature = key.sign(b"tributary expungement v1\n" + signed.encode()).hex()
    path.write_text(json.dumps({"request": signed, "signature": signature}))


def test_a_package_s_signature_opens_no_request(tmp_path: Path) -> None:
    request = asked()
    path = hand_over(request, tmp_path, KEY)
    outer = json.loads(path.read_text())
    outer["signature"] = KEY.sign(b"tributary package v1\n" + outer["request"].encode()).hex()
    path.write_text(json.dumps(outer))
    with pytest.raises(PackageError):
        read_request(path, TRUSTED, KNOWN)
