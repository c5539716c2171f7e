"""What the node keeps of a delivery, and for how long."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.zones import landed
from schemas.contract import Contract, Retention
from schemas.errors import ContractError
from schemas.odcs import contract as contract_named
from tests.contracts import agree
from tributary import places, steps, upkeep
from tributary.secrets import ensure_secrets
from tributary.settings import Settings, settings

FEED = "county_coc.hmis"


@pytest.fixture
def node(tmp_path: Path) -> Settings:
    found = settings({"TRIBUTARY_HOME": str(tmp_path)})
    ensure_secrets(found)
    return found


def feed(monkeypatch: pytest.MonkeyPatch, **given: object) -> Contract:
    contract = replace(contract_named(FEED), **given)  # type: ignore[arg-type]
    agree(monkeypatch, contract)
    monkeypatch.setattr(upkeep, "contract_named", lambda _: contract)
    monkeypatch.setattr(upkeep, "contracts", lambda: {FEED: contract})
    return contract


def receive(node: Settings, content: bytes, days_ago: float = 0) -> str:
    path = node.home / "delivery"
    path.write_bytes(content)
    found = str(steps.receive(node, FEED, path)["delivery_id"])
    age(node, found, days_ago)
    return found


def age(node: Settings, delivery: str, days: float) -> None:
    moment = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(node.node.landed / FEED / delivery, (moment, moment))


def stands(node: Settings, delivery: str) -> bool:
    """Whether anything of it does; key and files go together."""
    key = (node.node.vault / f"{delivery}.landing.key").exists()
    assert key == (node.node.landing / delivery).exists()
    return key


def test_a_delivery_not_yet_loaded_stands_for_a_month(
    node: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, retention=Retention(0, 90, 1825))
    fresh, old = receive(node, b"one", 29), receive(node, b"two", 31)
    assert upkeep.retain_node(node, trial=True) == {"landed": 0, "unfinished": 1}
    assert stands(node, fresh) and stands(node, old)
    assert upkeep.retain_node(node) == {"landed": 0, "unfinished": 1}
    assert stands(node, fresh) and not stands(node, old)
    assert upkeep.retain_node(node) == {"landed": 0, "unfinished": 0}


def test_a_loaded_one_stands_as_long_as_its_contract_says(
    node: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, retention=Retention(7, 90, 1825))
    found = receive(node, b"one")
    steps.dispose(node, FEED, found)
    age(node, found, 6.9)
    assert upkeep.retain_node(node) == {"landed": 0, "unfinished": 0}
    assert stands(node, found)
    age(node, found, 7.1)
    assert upkeep.retain_node(node) == {"landed": 1, "unfinished": 0}
    assert not stands(node, found)
    assert list(landed.entries(node.node.landed)) == []


def test_where_the_contract_keeps_none_it_goes_with_its_run(
    node: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, retention=Retention(0, 90, 1825))
    found = receive(node, b"one")
    steps.dispose(node, FEED, found)
    assert not stands(node, found)
    assert list(landed.entries(node.node.landed)) == []


def test_the_list_of_the_expunged_names_nobody(
    node: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch)
    asked = upkeep.request_expungement(node, FEED, "victim", ["SENTINEL-1", "SENTINEL-2"])
    assert asked["asked"] == 2
    [request] = node.hub.inbox.iterdir()
    listed = node.node.suppressed / f"{FEED}.json"
    assert listed.stat().st_mode & 0o077 == 0
    for path in (request, listed):
        assert "SENTINEL" not in path.read_text()
    # nor does what stays on the node lead to what the hub holds
    sent = set(request.read_text().replace('\\"', '"').split('"'))
    assert not {word for word in listed.read_text().split('"') if len(word) == 32} & sent


def test_asking_again_lists_nobody_twice_and_loses_none(
    node: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch)
    upkeep.request_expungement(node, FEED, "victim", ["1", "2"])
    upkeep.request_expungement(node, FEED, "victim", ["2", "3"])
    upkeep.request_expungement(node, FEED, "event", ["2"])
    found = places.suppression_list(node, FEED)._read()
    assert {domain: len(one["marks"]) for domain, one in found.items()} == {  # type: ignore[arg-type]
        "client": 3,
        "enrollment": 1,
    }


@pytest.mark.parametrize("given", [{"lane": "aggregate_only"}, {"agreement": None}])
def test_where_no_row_may_be_taken_nothing_is_stored(
    node: Settings, monkeypatch: pytest.MonkeyPatch, given: dict[str, object]
) -> None:
    contract = contract_named(FEED)
    if "agreement" in given:
        yesterday = datetime.now(UTC).date()
        given = {"agreement": replace(contract.agreement, terminated=yesterday)}
    feed(monkeypatch, **given)
    with pytest.raises(ContractError):
        receive(node, b"one")
    assert not node.node.landing.exists()
    assert not node.node.vault.exists()
