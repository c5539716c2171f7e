"""Blind deconfliction: which other police agency met the persons an agency asks about.

Both agencies learn that they should talk, and about which of their own records; neither learns
anything of the other's. The database decides who may ask and be named (``linked.deconflict``,
migration 0011) and writes down how much was asked, never about whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import psycopg

from anonymize.requests import DeconflictRequest
from schemas.errors import ContractError
from warehouse.database import Warehouse, translated
from warehouse.roles import Role

#: Contacts of one person with two agencies that lie further apart are no conflict.
MONTHS = 12
#: Records an agency may ask about within a day: enough for a detective's cases, too few to go
#: through a register. The database allows 1,000 at most.
DAILY = 200

_ASK = "SELECT number, contact FROM linked.deconflict(%s, %s, %s, %s, %s, %s)"


def deconflict(
    warehouse: Warehouse, request: DeconflictRequest, months: int = MONTHS, daily: int = DAILY
) -> Sequence[tuple[str, ...]] | None:
    """Answer a verified request.

    Returns:
        for each of the request's tokens, in order, the agencies to contact; None where the request
        was answered before.

    Raises:
        ContractError: no agreement lets the feed ask, or the agency has asked enough for a day.
        TransientError, PermanentError: the database.
    """
    feed = request.contract.removeprefix(f"{request.agency}.")
    tokens = [bytes.fromhex(token) for token in request.tokens]
    asked = [request.request_id, request.agency, feed, tokens, months, daily]
    with translated("deconflicting"), closing(warehouse.connect(Role.PUBLISHER)) as connection:
        # committed before the deed: a refused question was asked, too
        connection.execute("SELECT ops.log_access('deconflict', %s)", [request.contract])
        try:
            found = connection.execute(_ASK, asked).fetchall()
        except psycopg.errors.InsufficientPrivilege:
            raise ContractError(
                f"contract {request.contract} does not let its agency ask: it is for police "
                "agencies whose agreement says so (publication: {deconfliction: true})"
            ) from None
        except psycopg.errors.ProgramLimitExceeded:
            raise ContractError(
                f"{request.agency} may ask about {daily} records a day; ask about fewer, or "
                "tomorrow"
            ) from None
        except psycopg.errors.UniqueViolation:
            return None
    contacts: list[list[str]] = [[] for _ in request.tokens]
    for number, contact in found:
        contacts[number - 1].append(contact)
    return [tuple(one) for one in contacts]
