"""The landing zone: encrypted before it touches the disk, readable from anywhere, whole or not."""

import hashlib
import io
import os
import random
import stat
import zipfile

import pytest

from connectors.zones import landing, parts
from connectors.zones.vault import Vault
from schemas.errors import PrivacyError
from tests.crashes import killed_everywhere
from tests.plaintext import find_plaintext

PART = 1000


@pytest.fixture
def root(tmp_path):
    return tmp_path / "landing"


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault", bytes(range(32)))


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    for module in (landing, parts):
        monkeypatch.setattr(module, "PART_BYTES", PART)


def _land(content, vault, root, delivery_id="d1"):
    staged = landing.store(io.BytesIO(content), vault, root)
    staged.commit(delivery_id)
    return staged


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 7 * PART + 123])
def test_reads_back_what_was_written(size, vault, root):
    content = random.Random(size).randbytes(size)
    staged = _land(content, vault, root)
    assert (staged.sha256, staged.bytes) == (hashlib.sha256(content).hexdigest(), size)
    with landing.open_landing(root, "d1", vault) as file:
        assert file.read() == content


def test_reads_from_any_position_like_a_file(vault, root):
    content = random.Random(1).randbytes(9 * PART + 17)
    _land(content, vault, root)
    plain, moves = io.BytesIO(content), random.Random(2)
    with landing.open_landing(root, "d1", vault) as file:
        for _ in range(300):
            whence = moves.choice((io.SEEK_SET, io.SEEK_END))
            offset = moves.randrange(len(content) + 50) * (1 if whence == io.SEEK_SET else -1)
            offset = max(offset, -len(content)) if whence == io.SEEK_END else offset
            assert file.seek(offset, whence) == plain.seek(offset, whence)
            size = moves.randrange(3 * PART)
            assert file.read(size) == plain.read(size)
            assert file.tell() == plain.tell()


def test_a_zip_is_read_in_place(vault, root):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", os.urandom(5 * PART))
        archive.writestr("b.csv", "b" * 10)
    _land(buffer.getvalue(), vault, root)
    with zipfile.ZipFile(landing.open_landing(root, "d1", vault)) as archive:
        assert archive.testzip() is None
        assert archive.read("b.csv") == b"b" * 10


def test_keeps_few_parts_in_memory(vault, root):
    _land(os.urandom(20 * PART), vault, root)
    with landing.open_landing(root, "d1", vault) as file:
        file.read()
        assert len(file.raw._kept) <= parts.PARTS_KEPT


def test_nothing_on_disk_is_readable_or_open_to_others(vault, root, tmp_path):
    _land(b"Canary-Quillfeather" * 400, vault, root)
    assert find_plaintext([tmp_path], ["Canary-Quill"]) == []
    for path in root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_destroyed_delivery_cannot_be_read(vault, root, tmp_path):
    _land(b"x" * 3 * PART, vault, root)
    copies = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    landing.destroy(root, "d1", vault)
    landing.destroy(root, "d1", vault)
    assert not (root / "d1").exists()
    # Ciphertext kept by someone is of no use without its key.
    (root / "d1").mkdir()
    for path, content in copies.items():
        path.write_bytes(content)
    with pytest.raises(PrivacyError, match="destroyed"):
        landing.open_landing(root, "d1", vault)


def _swap(directory):
    a, b = directory / "part-000000.age", directory / "part-000001.age"
    first = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(first)


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "missing part": lambda d: (d / "part-000002.age").unlink(),
    "swapped parts": _swap,
    "changed part": lambda d: _flip(d / "part-000001.age"),
    "cut part": lambda d: os.truncate(d / "part-000001.age", 300),
    "empty part": lambda d: os.truncate(d / "part-000001.age", 0),
    "extra part": lambda d: (d / "part-000099.age").write_bytes(b"x"),
    "changed index": lambda d: _flip(d / "index"),
    "cut index": lambda d: os.truncate(d / "index", 5),
    "missing index": lambda d: (d / "index").unlink(),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_a_clear_error(kind, vault, root):
    _land(random.Random(3).randbytes(5 * PART), vault, root)
    DAMAGE[kind](root / "d1")
    with pytest.raises(PrivacyError, match=r"landed files of delivery d1 .* sent again"):
        landing.open_landing(root, "d1", vault).read()


def test_a_part_that_another_wrote_with_the_public_key_is_refused(vault, root):
    """age alone does not say who encrypted; the index does."""
    import pyrage

    staged = landing.store(io.BytesIO(b"a" * PART), vault, root)
    recipients = staged._writer._recipients
    staged.commit("d1")
    genuine = (root / "d1" / "part-000000.age").read_bytes()
    # age pads its header with a stanza of random length: try until the file's size gives no hint.
    tries = (pyrage.encrypt(b"b" * PART, recipients) for _ in range(5000))
    forged = next(forged for forged in tries if len(forged) == len(genuine))
    (root / "d1" / "part-000000.age").write_bytes(forged)
    with pytest.raises(PrivacyError, match="not its own"):
        landing.open_landing(root, "d1", vault).read()


def test_files_of_another_delivery_are_refused(vault, root):
    _land(b"a" * PART, vault, root, "d1")
    _land(b"b" * PART, vault, root, "d2")
    for name in ("part-000000.age", "index"):
        (root / "d1" / name).write_bytes((root / "d2" / name).read_bytes())
    with pytest.raises(PrivacyError, match="not its own"):
        landing.open_landing(root, "d1", vault).read()


def test_the_same_delivery_again_keeps_the_landed_one(vault, root):
    _land(b"a" * 3000, vault, root)
    before = {p.name: p.read_bytes() for p in (root / "d1").iterdir()}
    _land(b"a" * 3000, vault, root)
    assert {p.name: p.read_bytes() for p in (root / "d1").iterdir()} == before
    assert [p.name for p in root.iterdir()] == ["d1"]


@pytest.mark.parametrize("kind", ["missing part", "changed index"])
def test_a_resend_replaces_a_damaged_delivery(kind, vault, root):
    _land(b"a" * 5000, vault, root)
    DAMAGE[kind](root / "d1")
    _land(b"a" * 5000, vault, root)
    assert landing.open_landing(root, "d1", vault).read() == b"a" * 5000


def test_a_resend_replaces_a_destroyed_delivery(vault, root):
    _land(b"a" * 5000, vault, root)
    vault.destroy("d1", "landing")  # killed before its files went
    _land(b"a" * 5000, vault, root)
    assert landing.open_landing(root, "d1", vault).read() == b"a" * 5000


def test_a_stream_that_breaks_leaves_nothing(vault, root):
    class Broken(io.RawIOBase):
        reads = 0

        def read(self, size=-1):
            self.reads += 1
            if self.reads > 4:
                raise OSError("connection reset")
            return b"x" * PART

    with pytest.raises(OSError, match="connection reset"):
        landing.store(Broken(), vault, root)
    assert list(root.iterdir()) == []


def test_discard_removes_what_was_written(vault, root, tmp_path):
    landing.store(io.BytesIO(b"x" * 5000), vault, root).discard()
    assert list(root.iterdir()) == []
    assert list((tmp_path / "vault").iterdir()) == []


def test_sweep_lets_a_delivery_in_progress_alone(vault, root):
    staged = landing.store(io.BytesIO(b"x" * 5000), vault, root)
    assert landing.sweep(root) == 0
    staged.commit("d1")
    assert landing.open_landing(root, "d1", vault).read() == b"x" * 5000


@pytest.mark.parametrize("landed_before", [False, True])
def test_killed_at_any_step_leaves_a_whole_delivery_or_none(landed_before, vault, root, tmp_path):
    content = b"Canary-Quillfeather" * 150

    def prepare():
        landing.destroy(landing.make_private(root), "d1", vault)
        if landed_before:
            _land(content, vault, root)

    outcomes = set()
    for _ in killed_everywhere(prepare, lambda: _land(content, vault, root)):
        assert find_plaintext([tmp_path], ["Canary-Quill"]) == []
        there = (root / "d1").exists()
        outcomes.add(there)
        assert there or not landed_before
        if there:
            assert landing.open_landing(root, "d1", vault).read() == content
        landing.sweep(root)
        assert {path.name for path in root.iterdir()} <= {"d1"}
        _land(content, vault, root)
        assert landing.open_landing(root, "d1", vault).read() == content
    assert True in outcomes
    assert landed_before or False in outcomes
