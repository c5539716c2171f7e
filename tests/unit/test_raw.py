"""The raw zone: encrypted Parquet that opens under its own key, in its own place, unchanged."""

import os
import shutil
import stat

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet.encryption import create_decryption_properties

from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from connectors.zones import raw
from connectors.zones.raw import RawZone, StoredVerdict
from connectors.zones.secret import derive_key, joined
from connectors.zones.vault import Vault
from schemas.errors import PrivacyError
from tests.crashes import killed_everywhere
from tests.plaintext import find_plaintext

CANARY = "Canary-Quillfeather"
SCHEMA = pa.schema([pa.field(ROW, pa.int64(), nullable=False), pa.field("name", pa.string())])


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault", bytes(range(32)))


@pytest.fixture
def zone(tmp_path, vault):
    return RawZone.create(tmp_path / "raw", "d1", vault)


def _rows(start, stop, name=CANARY):
    return pa.record_batch(
        [pa.array(range(start, stop)), pa.array([name] * (stop - start))], SCHEMA
    )


def _write(zone, table="Client", rows=10, name=CANARY):
    with zone.writer(table, SCHEMA) as writer:
        writer.write(_rows(0, rows, name))


def _numbers(batches):
    return [n for batch in batches for n in batch.column(ROW).to_pylist()]


def test_reads_back_rows_in_order_by_bounded_row_groups(zone, monkeypatch):
    monkeypatch.setattr(raw, "ROW_GROUP_ROWS", 100)
    with zone.writer("Client", SCHEMA) as writer:
        for start, stop in ((0, 30), (30, 250), (250, 250), (250, 999)):
            writer.write(_rows(start, stop))
    assert writer.rows == 999
    assert zone.row_groups("Client") == (100,) * 9 + (99,)
    assert _numbers(zone.read("Client")) == list(range(999))
    assert _numbers(zone.read("Client", [ROW], range(2, 4))) == list(range(200, 400))
    assert [b.num_rows for b in zone.read("Client", ["name"], None, 400)] == [400, 400, 199]
    assert zone.schema("Client") == SCHEMA


def test_bytes_of_a_column_stand_in_the_file_itself(zone, monkeypatch):
    monkeypatch.setattr(raw, "ROW_GROUP_ROWS", 10)
    schema = pa.schema([("text", pa.string()), ("other", pa.string())])
    texts = [f"{n:03}" * 1_000 for n in range(25)]
    with zone.writer("Notes", schema) as writer:
        writer.write(pa.record_batch([texts, ["x"] * 25], schema=schema))
    first, second, rest = zone.column_bytes("Notes", {"text"})
    assert 30_000 < first == second < 40_000, "ten texts of 3,000, and what Parquet adds"
    assert 15_000 < rest < 25_000
    assert zone.column_bytes("Notes", ()) == (0, 0, 0)


def test_an_empty_table_can_be_read(zone):
    with zone.writer("Client", SCHEMA):
        pass
    assert zone.row_groups("Client") == ()
    assert zone.column_bytes("Client", {"name"}) == ()
    assert _numbers(zone.read("Client", None, range(0))) == []


def test_nothing_on_disk_is_readable_or_open_to_others(zone, tmp_path):
    _write(zone)
    zone.write_verdict(StoredVerdict({"note": CANARY}))
    assert find_plaintext([tmp_path], [CANARY, "name", ROW]) == []
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_plaintext_file_in_its_place_is_refused(zone, tmp_path):
    pq.write_table(pa.table({ROW: [1], "name": ["x"]}), tmp_path / "raw/d1/Client.parquet")
    with pytest.raises(PrivacyError, match="not its own"):
        list(zone.read("Client"))


def test_file_of_another_table_is_refused(zone, tmp_path):
    _write(zone, "Client")
    _write(zone, "Exit")
    shutil.copy(tmp_path / "raw/d1/Client.parquet", tmp_path / "raw/d1/Exit.parquet")
    with pytest.raises(PrivacyError, match="not its own"):
        list(zone.read("Exit"))


def test_file_of_another_delivery_is_refused_even_under_the_same_key(tmp_path):
    root, key = tmp_path / "raw", os.urandom(32)
    for delivery in ("d1", "d2"):
        (root / delivery).mkdir(parents=True)
    _write(RawZone(root, "d1", key))
    RawZone(root, "d1", key).write_verdict(StoredVerdict({}))
    for name in ("Client.parquet", "verdict"):
        shutil.copy(root / "d1" / name, root / "d2" / name)
    with pytest.raises(PrivacyError, match="not its own"):
        list(RawZone(root, "d2", key).read("Client"))
    with pytest.raises(PrivacyError, match="not its own"):
        RawZone(root, "d2", key).read_verdict()


def test_another_key_opens_nothing(zone, tmp_path):
    _write(zone)
    other = RawZone(tmp_path / "raw", "d1", os.urandom(32))
    for look in (other.row_groups, other.schema, lambda t: list(other.read(t))):
        with pytest.raises(PrivacyError, match="not its own"):
            look("Client")


def test_every_file_has_a_key_of_its_own(tmp_path):
    """GCM weakens with every file under one key, so the delivery's key itself encrypts none."""
    (tmp_path / "raw/d1").mkdir(parents=True)
    data_key = os.urandom(32)
    _write(RawZone(tmp_path / "raw", "d1", data_key))

    def opens(key):
        properties = create_decryption_properties(key, aad_prefix=joined("d1", "Client"))
        try:
            path = tmp_path / "raw/d1/Client.parquet"
            return pq.read_table(path, decryption_properties=properties).num_rows > 0
        except OSError:
            return False

    assert opens(derive_key(data_key, "raw file", "Client.parquet"))
    assert not opens(data_key)
    assert not opens(derive_key(data_key, "raw file", "Exit.parquet"))


@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_flipped_bit_anywhere_is_an_error_without_detail(zone, tmp_path, place):
    with zone.writer("Client", SCHEMA) as writer:
        names = pa.array([f"{CANARY}-{n}" for n in range(20_000)])
        writer.write(pa.record_batch([pa.array(range(20_000)), names], SCHEMA))
    path = tmp_path / "raw/d1/Client.parquet"
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)
    with pytest.raises(PrivacyError, match="not its own") as error:
        list(zone.read("Client"))
    assert CANARY not in str(error.value)
    assert error.value.__suppress_context__


def test_a_cut_file_is_an_error(zone, tmp_path):
    _write(zone, rows=5000)
    path = tmp_path / "raw/d1/Client.parquet"
    os.truncate(path, path.stat().st_size - 20)
    with pytest.raises(PrivacyError, match="not its own"):
        list(zone.read("Client"))


def test_a_write_that_fails_leaves_no_table(zone, tmp_path):
    with pytest.raises(KeyError), zone.writer("Client", SCHEMA) as writer:
        writer.write(_rows(0, 10))
        raise KeyError("reader failed")
    assert zone.tables() == ()
    assert list((tmp_path / "raw/d1").iterdir()) == []


def test_several_tables_are_written_in_turn(zone):
    schema = pa.schema([*SCHEMA, pa.field(ACCEPTED, pa.bool_())])
    with zone.writers() as tables:
        for start in range(0, 40, 10):
            for table in ("Client", "Exit"):
                rows = _rows(start, start + 10).append_column(ACCEPTED, pa.array([True] * 10))
                tables.write(table, rows.cast(schema))
        load = tables.finish()
    assert zone.tables() == ("Client", "Exit")
    batches = list(load("Exit", ("name",)))
    assert batches[0].schema.names == [ROW, ACCEPTED, "name"]
    assert _numbers(batches) == list(range(40))
    assert list(load("Nothing", ("name",))) == []


@pytest.mark.parametrize("table", ["../Client", "a/b", "", ".hidden", "a.b"])
def test_table_name_cannot_lead_elsewhere(zone, table):
    with pytest.raises(PrivacyError, match="table name"):
        list(zone.read(table))


def test_verdict_comes_back_and_its_absence_says_what_to_do(zone):
    with pytest.raises(PrivacyError, match="validation again"):
        zone.read_verdict()
    rows = np.array([1, 5, 2**40])
    zone.write_verdict(StoredVerdict({"status": "partial"}, {"Client": rows, "Exit": rows[:0]}))
    found = zone.read_verdict()
    assert found.report == {"status": "partial"}
    assert found.quarantined["Client"].tolist() == rows.tolist()
    assert found.quarantined["Exit"].tolist() == []


def test_changed_verdict_is_refused(zone, tmp_path):
    zone.write_verdict(StoredVerdict({}))
    path = tmp_path / "raw/d1/verdict"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(PrivacyError, match="not its own"):
        zone.read_verdict()
    path.write_bytes(b"")
    with pytest.raises(PrivacyError, match="not its own"):
        zone.read_verdict()


def test_creating_again_starts_empty_under_a_new_key(zone, tmp_path, vault):
    _write(zone)
    kept = (tmp_path / "raw/d1/Client.parquet").read_bytes()
    again = RawZone.create(tmp_path / "raw", "d1", vault)
    assert again.tables() == ()
    (tmp_path / "raw/d1/Client.parquet").write_bytes(kept)
    with pytest.raises(PrivacyError, match="not its own"):
        list(again.read("Client"))


def test_destroyed_zone_cannot_be_opened(zone, tmp_path, vault):
    _write(zone)
    raw.destroy(tmp_path / "raw", "d1", vault)
    raw.destroy(tmp_path / "raw", "d1", vault)
    assert not (tmp_path / "raw/d1").exists()
    with pytest.raises(PrivacyError, match="destroyed"):
        RawZone.open(tmp_path / "raw", "d1", vault)


def test_killed_at_any_step_leaves_the_old_table_or_the_new(zone, tmp_path):
    seen = set()
    for _ in killed_everywhere(lambda: _write(zone, name="old"), lambda: _write(zone, name=CANARY)):
        (found,) = {n for b in zone.read("Client") for n in b.column("name").to_pylist()}
        seen.add(found)
        assert zone.tables() == ("Client",)
        assert find_plaintext([tmp_path], [CANARY]) == []
    assert seen == {"old", CANARY}
