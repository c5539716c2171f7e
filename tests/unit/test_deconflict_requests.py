"""From an agency's own ids to a signed question, and from the hub's answer back to its lines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anonymize.package import public_key, signing_key
from anonymize.requests import DeconflictRequest, ExpungeRequest, hand_over, read_question, waiting
from schemas.contract import Contract
from schemas.errors import ContractError, DeliveryError, PackageError
from schemas.odcs import contract as contract_named
from schemas.odcs import contracts, paths
from tributary import deconfliction
from tributary.places import drop_folder, trusted
from tributary.secrets import ensure_secrets
from tributary.settings import Settings, settings

FEED = "county_sheriff.nibrs"
IDS = "001\tXX0010000\t26-000001"


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    found = settings({"TRIBUTARY_HOME": str(tmp_path)})
    ensure_secrets(found)
    return found


@pytest.fixture
def agreed(monkeypatch: pytest.MonkeyPatch) -> Contract:
    """The sheriff's contract, deconfliction agreed."""
    made = contract_named(FEED)
    made = replace(made, publication=replace(made.publication, deconfliction=True))
    monkeypatch.setattr(deconfliction, "contract_named", lambda _: made)
    return made


#: The feeds of the two invented police agencies whose agreements say so.
ALLOWED = {"eastlake_police.rms", "harbor_police.rms"}


def test_it_is_off_in_every_contract_that_says_nothing_of_it(here: Settings) -> None:
    assert {name for name, one in contracts().items() if one.may_deconflict} == ALLOWED
    for name in contracts().keys() - ALLOWED:
        assert "deconfliction" not in path_of(name).read_text("utf-8").replace("# ", "")
        with pytest.raises(ContractError, match="does not allow deconfliction"):
            deconfliction.ask(here, name, [IDS])
    assert not waiting(here.hub.requests, DeconflictRequest)


def path_of(name: str) -> Path:
    agency, _, feed = name.partition(".")
    return next(one for one in paths() if one.parts[-2:] == (agency, f"{feed}.odcs.yaml"))


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_it_is_off_where_the_agreement_is_taken_back(here: Settings, name: str) -> None:
    made = contract_named(name)
    for other in (
        replace(made, publication=replace(made.publication, deconfliction=False)),
        replace(made, sector="nonprofit"),
        replace(made, lane="row_level_with_consent"),
    ):
        assert not other.may_deconflict


def asked(here: Settings, *lines: str) -> tuple[dict[str, Any], DeconflictRequest]:
    found = deconfliction.ask(here, FEED, lines)
    [path] = waiting(here.hub.requests, DeconflictRequest)
    return found, read_question(path, trusted(here), contracts())


def test_a_question_holds_tokens_and_no_id(here: Settings, agreed: Contract) -> None:
    found, request = asked(here, IDS, "", "001\tXX0010000\t26-000002", IDS)
    assert found["rows"] == [1, 3, 4]
    assert request.tokens[0] == request.tokens[2] != request.tokens[1]
    [path] = waiting(here.hub.requests, DeconflictRequest)
    assert "26-000001" not in path.read_text()


def test_nothing_is_asked_without_a_line(here: Settings, agreed: Contract) -> None:
    with pytest.raises(DeliveryError):
        deconfliction.ask(here, FEED, ["", "\n"])
    with pytest.raises(DeliveryError) as caught:
        deconfliction.ask(here, FEED, ["26-000001"])
    assert "26-000001" not in str(caught.value)
    assert not waiting(here.hub.requests, DeconflictRequest)


def test_a_question_and_a_request_to_expunge_are_two_things(
    here: Settings, agreed: Contract
) -> None:
    """A question that could be passed off as a request to expunge would delete a case."""
    key = signing_key(here.node.signing_file)
    question = DeconflictRequest.of(agreed, "node", ["0" * 32])
    path = hand_over(question, here.hub.requests, key)
    assert not waiting(here.hub.requests)
    erasure = hand_over(
        ExpungeRequest.of(agreed, "node", "victim", ["0" * 32]), here.hub.requests, key
    )
    for one in (path, erasure):
        outer = json.loads(one.read_text())
        inner = {name: value for name, value in json.loads(outer["request"]).items()
                 if name != "unit"}  # fmt: skip
        one.write_text(json.dumps({**outer, "request": json.dumps(inner, sort_keys=True)}))
    known = {"node": public_key(key)}
    assert read_question(path, known, contracts()).tokens == question.tokens
    with pytest.raises(PackageError):
        read_question(erasure, known, contracts())


def test_an_answer_comes_back_line_by_line_and_is_removed(here: Settings, agreed: Contract) -> None:
    found, _ = asked(here, "", IDS, "001\tXX0010000\t26-000002")
    assert deconfliction.answer(here, FEED, found) is None
    folder = drop_folder(here, FEED)
    folder.put_answer(found["request_id"], {"contacts": [["harbor_police"], []]})
    assert deconfliction.answer(here, FEED, found) == [
        {"row": 2, "contact": ["harbor_police"]},
        {"row": 3, "contact": []},
    ]
    assert list(folder.receipts.iterdir()) == []


def test_a_refusal_comes_back_as_one(
    here: Settings, agreed: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = asked(here, IDS)

    def refuse(_warehouse: object, _request: object) -> None:
        raise ContractError("enough for a day")

    monkeypatch.setattr("warehouse.deconflict.deconflict", refuse)
    monkeypatch.setattr(deconfliction, "warehouse", lambda _: None)
    assert deconfliction.answer_waiting(here)["refused"] == [found["request_id"]]
    assert not waiting(here.hub.requests, DeconflictRequest)
    with pytest.raises(ContractError, match="enough for a day"):
        deconfliction.answer(here, FEED, found)


def test_a_question_nobody_signed_is_not_answered_and_stays(
    here: Settings, agreed: Contract
) -> None:
    asked(here, IDS)
    [path] = waiting(here.hub.requests, DeconflictRequest)
    outer = json.loads(path.read_text())
    path.write_text(json.dumps({**outer, "signature": "00" * 64}))
    with pytest.raises(PackageError):
        deconfliction.answer_waiting(here)
    assert path.exists()
