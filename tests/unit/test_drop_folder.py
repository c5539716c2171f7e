"""The drop folder: what is taken, in which order, and what an interrupted worker leaves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from connectors.transports.folder import DropFolder
from schemas.errors import TransientError
from tests.contracts import contract


@pytest.fixture
def folder(tmp_path: Path) -> DropFolder:
    found = DropFolder.of(contract(), tmp_path)
    found.prepare()
    return found


def put(folder: DropFolder, name: str, age: int) -> Path:
    path = folder.incoming / name
    path.write_text("x")
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return path


def test_one_folder_per_feed(tmp_path: Path) -> None:
    assert DropFolder.of(contract(), tmp_path).root == tmp_path / "test_agency" / "feed"


def test_oldest_first_and_nothing_unfinished(folder: DropFolder) -> None:
    new, old = put(folder, "b.zip", age=1), put(folder, "a.zip", age=9)
    for name in ("c.zip.part", "d.TMP", ".hidden", "e.filepart"):
        put(folder, name, age=5)
    assert folder.waiting() == [old, new]


def test_an_interrupted_delivery_comes_first(folder: DropFolder) -> None:
    taken = folder.take(put(folder, "a.zip", age=1))
    older = put(folder, "b.zip", age=9)
    assert folder.waiting() == [taken, older]
    assert folder.take(taken) == taken


def test_the_same_delivery_is_not_taken_twice(folder: DropFolder) -> None:
    path = put(folder, "a.zip", age=1)
    folder.take(path)
    with pytest.raises(TransientError):
        folder.take(path)
    with pytest.raises(TransientError):
        folder.take(put(folder, "a.zip", age=0))


def test_a_receipt_appears_whole(folder: DropFolder) -> None:
    path = folder.put_receipt("ab12", {"status": "accepted"})
    assert json.loads(path.read_text()) == {"status": "accepted"}
    assert [p.name for p in folder.receipts.iterdir()] == ["ab12.receipt.json"]
