"""Blind deconfliction, step by step.

    ask                  on the agency node, by hand: ids become tokens in a signed request
    answer_waiting       on the hub: answers every question that waits

An answer goes into the feed's drop folder: which lines of the question another police agency has
met, and which agency that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.errors import ContractError, DeliveryError, PackageError
from schemas.odcs import contract as contract_named
from schemas.odcs import contracts
from tributary.places import drop_folder, trusted, warehouse
from tributary.settings import Settings


def ask(
    settings: Settings, name: str, lines: Iterable[str], by: Sequence[str] = ()
) -> dict[str, Any]:
    """On the node: ask which other police agency met the agency's own victims.

    Args:
        name: contract.
        lines: one record each (``anonymize.unit_ids``).
        by: the columns a line holds; by default those of the contract's first way.

    Returns:
        ``{"request_id", "rows"}``: the number of the line behind each row of the answer.

    Raises:
        ContractError: the contract does not let its agency ask.
        DeliveryError: there is no line, or one does not name a record.
    """
    from anonymize.keys import KeyRing
    from anonymize.package import signing_key
    from anonymize.requests import DeconflictRequest, hand_over
    from anonymize.unit_ids import identifiers, token_of_each, unit_key

    contract = contract_named(name)
    if not contract.may_deconflict:
        raise ContractError(
            f"contract {name} does not allow deconfliction; it is between police agencies whose "
            "agreements say so (publication: {deconfliction: true})"
        )
    key = unit_key(contract, "victim", by)
    given = list(lines)
    rows = [number for number, line in enumerate(given, 1) if line.strip()]
    if not rows:
        raise DeliveryError("ID-LINE", "there is no line; nothing was asked")
    keyring = KeyRing.from_file(settings.node.secret_file, contract.key_epoch)
    tokens = token_of_each(contract, key, identifiers(contract, key, given), keyring)
    request = DeconflictRequest.of(contract, settings.node.name, tokens)
    hand_over(request, settings.hub.requests, signing_key(settings.node.signing_file))
    return {"request_id": request.request_id, "rows": rows}


def answer_waiting(settings: Settings) -> dict[str, Any]:
    """On the hub: answer every question that waits, and remove it, for it holds tokens.

    Returns:
        ``{"answered", "refused"}``: the numbers of the questions.

    Raises:
        PackageError: a question is not signed by a node that may deliver, or damaged; it stays.
        TransientError, PermanentError: the database.
    """
    from anonymize.requests import DeconflictRequest, read_question, waiting
    from warehouse.deconflict import deconflict

    answered, refused, damaged = [], [], 0
    for path in waiting(settings.hub.requests, DeconflictRequest):
        try:
            request = read_question(path, trusted(settings), contracts())
        except PackageError:
            damaged += 1
            continue
        folder = drop_folder(settings, request.contract)
        try:
            contacts = deconflict(warehouse(settings), request)
        except ContractError as error:
            refused.append(request.request_id)
            folder.put_answer(request.request_id, {"refused": str(error)})
        else:
            if contacts is not None:  # somebody else answered it meanwhile
                answered.append(request.request_id)
                folder.put_answer(request.request_id, {"contacts": [*map(list, contacts)]})
        path.unlink(missing_ok=True)
    if damaged:
        raise PackageError(
            f"{damaged} questions are not signed by a node that may deliver, or damaged; look into "
            f"{settings.hub.requests}, and hand them over again"
        )
    return {"answered": answered, "refused": refused}


def answer(settings: Settings, name: str, asked: dict[str, Any]) -> list[dict[str, Any]] | None:
    """On the node: the answer to a question, None where it is still to come.

    Args:
        asked: what ``ask`` returned.

    Returns:
        ``[{"row", "contact"}]``: the line's number, from 1, and the agencies to contact.

    Raises:
        ContractError: the question was refused.
    """
    found = drop_folder(settings, name).take_answer(asked["request_id"])
    if found is None:
        return None
    if "refused" in found:
        raise ContractError(found["refused"])
    return [
        {"row": row, "contact": contact}
        for row, contact in zip(asked["rows"], found["contacts"], strict=True)
    ]
