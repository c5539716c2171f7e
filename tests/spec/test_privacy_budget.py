"""What the privacy budget allows, held by the ledger in the warehouse.

The limits are those of ``anonymize.extracts.budget``: 1 a release, 4 a year and data.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from anonymize.extracts.budget import Spend
from schemas.errors import PrivacyError
from tests.fixtures_warehouse import rows
from warehouse.database import Warehouse
from warehouse.publish.budget import reserver
from warehouse.roles import Role

LEDGER = "SELECT data, year, epsilon FROM ops.privacy_spend ORDER BY spend_id"


def spend(epsilon: float, data: str = "core", year: int = 2026) -> Spend:
    return Spend(data, year, epsilon, f"{data} {year}")


def reserved(warehouse: Warehouse, *spends: Spend) -> list[bool]:
    """Which of the spends, one after the other, were allowed."""
    reserve, allowed = reserver(warehouse), []
    for one in spends:
        try:
            reserve(one)
        except PrivacyError:
            allowed.append(False)
        else:
            allowed.append(True)
    return allowed


@pytest.mark.parametrize(
    ("spends", "allowed"),
    [
        pytest.param([spend(1.0)], [True], id="a release may spend 1"),
        pytest.param([spend(1.1)], [False], id="and no more"),
        pytest.param([spend(0.0)], [False], id="it spends something"),
        pytest.param([spend(float("nan"))], [False], id="and says how much"),
        pytest.param([spend(1.0)] * 5, [True] * 4 + [False], id="a year has 4"),
        pytest.param(
            [spend(1.0)] * 3 + [spend(0.9), spend(0.2), spend(0.1)],
            [True, True, True, True, False, True],
            id="a spend that was refused costs nothing",
        ),
        pytest.param(
            [spend(1.0)] * 4 + [spend(1.0, year=2027)], [True] * 5, id="the next year has its own"
        ),
        pytest.param(
            [spend(1.0)] * 4 + [spend(1.0, data="extract")], [True] * 5, id="as has other data"
        ),
    ],
)
def test_what_may_be_spent(warehouse: Warehouse, spends: list[Spend], allowed: list[bool]) -> None:
    assert reserved(warehouse, *spends) == allowed
    kept = [one for one, ok in zip(spends, allowed, strict=True) if ok]
    assert rows(warehouse, LEDGER, role=Role.AUDITOR) == [
        (one.data, one.year, one.epsilon) for one in kept
    ]


def test_the_last_of_the_budget_is_spent_once(warehouse: Warehouse) -> None:
    assert reserved(warehouse, *[spend(1.0)] * 3) == [True] * 3
    with ThreadPoolExecutor(6) as workers:
        tried = list(workers.map(lambda _: reserved(warehouse, spend(1.0)), range(6)))
    assert sum(ok for (ok,) in tried) == 1


def test_a_release_that_fails_gives_nothing_back(warehouse: Warehouse) -> None:
    """The reservation is committed before the noise is drawn, whatever becomes of the release."""
    with warehouse.connect(Role.PUBLISHER) as release:
        with pytest.raises(ZeroDivisionError), release.transaction():
            release.execute("SELECT 1")
            reserver(warehouse)(spend(1.0))
            raise ZeroDivisionError
        assert release.execute(LEDGER).fetchall() == [("core", 2026, 1.0)]


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.STEWARD, Role.AUDITOR, Role.OWNER])
@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM ops.privacy_spend", "UPDATE ops.privacy_spend SET epsilon = 0.01"],
)
def test_nobody_takes_an_entry_back(warehouse: Warehouse, role: Role, statement: str) -> None:
    reserver(warehouse)(spend(1.0))
    denied = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with warehouse.connect(role) as connection, denied:
        connection.execute(statement)
    assert rows(warehouse, LEDGER, role=Role.STEWARD) == [("core", 2026, 1.0)]


def test_nobody_enters_a_negative_spend(warehouse: Warehouse) -> None:
    with warehouse.connect(Role.PUBLISHER) as connection:
        for epsilon in ("-1", "0", "'NaN'", "'Infinity'"):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(
                    "INSERT INTO ops.privacy_spend (data, year, release, epsilon) "
                    f"VALUES ('core', 2026, 'r', {epsilon})"
                )
