"""The vault: keys are wrapped, bound to their delivery and zone, and gone once destroyed."""

import os
import stat

import pytest

from connectors.zones.secret import derive_key, joined, read_secret
from connectors.zones.vault import Vault
from schemas.errors import PrivacyError, SettingsError
from tests.crashes import killed_everywhere
from tests.plaintext import find_plaintext

KEK = bytes(range(32))


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault", KEK)


def test_keeps_one_random_key_per_delivery_and_zone(vault):
    keys = {vault.create(d, z) for d in ("d1", "d2") for z in ("landing", "raw")}
    assert len(keys) == 4
    assert vault.open("d1", "raw") in keys
    assert all(len(key) == 32 for key in keys)


def test_key_files_are_private_and_hold_no_plain_key(vault, tmp_path):
    vault.create("d1", "landing", b"AGE-SECRET-KEY-1CANARY")
    (file,) = (tmp_path / "vault").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700
    assert find_plaintext([tmp_path], ["SECRET-KEY", "CANARY"]) == []


def test_destroyed_key_is_gone_for_good_and_says_what_to_do(vault, tmp_path):
    vault.create("d1", "raw")
    vault.create("d2", "raw")
    vault.destroy("d1", "raw")
    vault.destroy("d1", "raw")
    assert not vault.exists("d1", "raw")
    assert vault.exists("d2", "raw")
    assert len(list((tmp_path / "vault").iterdir())) == 1
    with pytest.raises(PrivacyError, match=r"destroyed.*sent again"):
        vault.open("d1", "raw")


def test_key_of_another_delivery_or_zone_does_not_open(vault, tmp_path):
    vault.create("d1", "raw")
    directory = tmp_path / "vault"
    for name in ("d2.raw.key", "d1.landing.key"):
        (directory / name).write_bytes((directory / "d1.raw.key").read_bytes())
    for delivery, zone in (("d2", "raw"), ("d1", "landing")):
        with pytest.raises(PrivacyError, match="cannot be unwrapped"):
            vault.open(delivery, zone)


def test_another_kek_opens_nothing(vault, tmp_path):
    vault.create("d1", "raw")
    with pytest.raises(PrivacyError, match="key-encryption key"):
        Vault(tmp_path / "vault", bytes(range(1, 33))).open("d1", "raw")


@pytest.mark.parametrize("delivery_id", ["../x", "a/b", "", ".hidden", "a b", "x" * 200])
def test_delivery_id_cannot_lead_elsewhere(vault, delivery_id):
    with pytest.raises(PrivacyError, match="delivery id"):
        vault.create(delivery_id, "raw")


def test_shows_no_key(vault):
    assert KEK.hex() not in repr(vault) + repr(vars(vault))
    assert str(KEK) not in repr(vault) + repr(vars(vault))


def test_core_dumps_are_off(vault):
    import resource

    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_killed_while_replacing_a_key_leaves_the_old_or_the_new(vault, tmp_path):
    old, new = b"o" * 32, b"n" * 32
    seen = set()
    for _ in killed_everywhere(
        lambda: vault.create("d1", "raw", old), lambda: vault.create("d1", "raw", new)
    ):
        seen.add(vault.open("d1", "raw"))
        vault.create("d1", "raw", old)
    assert seen == {old, new}


def test_killed_while_destroying_can_be_repeated(vault):
    for _ in killed_everywhere(
        lambda: vault.create("d1", "raw"), lambda: vault.destroy("d1", "raw")
    ):
        vault.destroy("d1", "raw")
        assert not vault.exists("d1", "raw")


# --- secrets ---------------------------------------------------------------------------------


def _secret(path, content, mode=0o600):
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_secret_is_read_raw_or_as_hex(tmp_path):
    content = os.urandom(32)
    assert read_secret(_secret(tmp_path / "raw", content)) == content
    assert read_secret(_secret(tmp_path / "hex", content.hex().encode() + b"\n")) == content


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (b"Tiny-Secret", 0o600, "fewer than 32 bytes"),
        (b"ab" * 31, 0o600, "fewer than 32 bytes"),  # 62 hex digits are 31 bytes
        (b"", 0o600, "fewer than 32 bytes"),
        (b"A" * 64, 0o600, "not random"),
        (b"00" * 32, 0o600, "not random"),
        (bytes(range(32)), 0o640, "open to others"),
        (bytes(range(32)), 0o604, "open to others"),
        (bytes(range(32)), 0o620, "open to others"),
    ],
)
def test_weak_or_open_secret_is_refused(tmp_path, content, mode, says):
    with pytest.raises(SettingsError, match=says) as error:
        read_secret(_secret(tmp_path / "s", content, mode))
    assert content == b"" or content.decode("latin-1") not in str(error.value)


def test_missing_secret_is_refused(tmp_path):
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_secret(path)


def test_derived_keys_match_rfc_5869():
    """Known answer: HKDF written out with ``hmac``, as RFC 5869 section 2 defines it."""
    import hmac

    secret = bytes(range(40))
    info = joined("tributary/v1", "raw file", "Client.parquet")
    extracted = hmac.digest(bytes(32), secret, "sha256")
    expanded = hmac.digest(extracted, info + b"\x01", "sha256")
    assert derive_key(secret, "raw file", "Client.parquet") == expanded


def test_purposes_do_not_run_together():
    keys = {derive_key(KEK, *parts) for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""))}
    assert len(keys) == 4
