"""Archives somebody else made: broken, hostile or merely odd."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile

import pytest

from connectors.formats import zip_archive
from connectors.formats.zip_archive import ZipArchive
from schemas.errors import DeliveryError

NAME = "Canary Zeta.csv"


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def refusal(data: bytes, member: str | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        archive = ZipArchive(io.BytesIO(data))
        with archive.open(member or next(iter(archive.members))) as opened:
            while opened.read(1 << 16):
                pass
    # neither the message nor anything chained to it names a member
    assert "canary" not in str(caught.value).lower()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def test_members_are_found_by_base_name_in_any_case_and_folder() -> None:
    data = packed(
        ("Export 2026/Client.csv", b"a"),
        ("Export 2026/ENROLLMENT.CSV", b"b"),
        ("Export 2026\\Exit.csv", b"c"),
        ("Export 2026/", b""),
        ("__MACOSX/Export 2026/._Client.csv", b"junk"),
        ("Export 2026/._Client.csv", b"junk"),
    )
    archive = ZipArchive(io.BytesIO(data))
    assert sorted(archive.members) == ["client.csv", "enrollment.csv", "exit.csv"]
    with archive.open("exit.csv") as member:
        assert member.read() == b"c"
    with archive.open("exit.csv") as member:  # again, from its start
        assert member.read() == b"c"


@pytest.mark.parametrize(
    "name",
    ["../Client.csv", "a/../../Client.csv", "/etc/Client.csv", "C:\\Client.csv", "..\\Client.csv"],
)
def test_paths_that_lead_outside(name: str) -> None:
    assert refusal(packed((name, b"x"))).code == "ZIP-TRAVERSAL"


def test_links() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo(NAME)
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert refusal(target.getvalue()).code == "ZIP-TRAVERSAL"


def test_no_archive() -> None:
    assert refusal(b"").code == "FILE-EMPTY"
    assert refusal(b"PersonalID,FirstName\n1,Canary\n").code == "FILE-FORMAT"
    assert refusal(b"PK").code == "FILE-TRUNCATED"


def test_every_truncation_is_an_error_of_ours() -> None:
    data = packed((NAME, bytes(range(256)) * 40))
    for cut in range(1, len(data), 7):
        assert refusal(data[:cut]).code in ("FILE-TRUNCATED", "FILE-FORMAT", "ZIP-BROKEN")


def test_damage_in_a_member() -> None:
    content = bytes(range(256)) * 40
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = bytearray(packed((NAME, content), method=method))
        data[60] ^= 0xFF
        assert refusal(bytes(data)).code in ("ZIP-BROKEN", "FILE-TRUNCATED")


def test_a_password() -> None:
    data = bytearray(packed((NAME, b"x")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + offset
        struct.pack_into("<H", data, at, 0x1)
    assert refusal(bytes(data)).code == "ZIP-ENCRYPTED"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_without_a_bound_on_memory(method: int) -> None:
    assert refusal(packed((NAME, b"x" * 99), method=method)).code == "ZIP-BROKEN"


def test_two_members_of_one_name() -> None:
    data = packed(("a/Client.csv", b"1"), ("b/client.csv", b"2"))
    assert refusal(data).code == "ZIP-BROKEN"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    zeros = packed((NAME, bytes(80 << 20)))
    tracemalloc.start()
    assert refusal(zeros).code == "ZIP-BOMB"
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_too_many_members() -> None:
    data = packed(*((f"{n}.csv", b"") for n in range(1_001)))
    assert refusal(data).code == "ZIP-BOMB"


def test_an_absurd_list_of_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "_MAX_LIST_BYTES", 1_000)
    data = packed(*((f"{n:0100d}.csv", b"") for n in range(100)))
    assert refusal(data).code == "ZIP-BOMB"


def test_a_size_that_lies_yields_no_more_than_it_claims() -> None:
    """The real content is larger than the list says: the surplus is never unpacked."""
    data = bytearray(packed((NAME, b"y" * 100_000)))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    assert refusal(bytes(data)).code == "ZIP-BROKEN"


def test_a_member_is_read_in_bounded_memory() -> None:
    data = packed(("Client.csv", b"0123456789abcdef" * (3 << 20)), method=zipfile.ZIP_STORED)
    archive = ZipArchive(io.BytesIO(data))
    tracemalloc.start()
    with archive.open("client.csv") as member:
        read = sum(len(part) for part in iter(lambda: member.read(1 << 16), b""))
    assert read == 48 << 20
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
