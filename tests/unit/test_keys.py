"""The key ring: every purpose its own key, nothing without one, and it shows none."""

import itertools
import os
import pickle
import traceback

import pytest

from anonymize.keys import KeyRing
from schemas.errors import PrivacyError, SettingsError

SECRET = bytes.fromhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")


def test_known_answer():
    """A change here turns every known record into a new one: it needs a new key epoch instead."""
    key = KeyRing(SECRET, "2026").derive("pseudonym", "county_coc", "client")
    assert key.hex() == "f45b6157bf1d4aa32d6640574e5868047f056543a9db5fe035800d85fbf850aa"


def test_every_part_counts():
    parts = [("pseudonym", "clk"), ("a", "b"), ("client", "enrollment"), ("2026", "2027")]
    keys = {
        KeyRing(SECRET, epoch).derive(purpose, agency, domain)
        for purpose, agency, domain, epoch in itertools.product(*parts)
    }
    assert len(keys) == 16
    assert all(len(key) == 32 for key in keys)
    assert KeyRing(os.urandom(32), "2026").derive("pseudonym", "a", "client") not in keys


def test_parts_do_not_run_together():
    ring = KeyRing(SECRET, "2026")
    assert ring.derive("p", "ab", "c") != ring.derive("p", "a", "bc")
    assert ring.derive("p", "a|b", "c") != ring.derive("p", "a", "b|c")
    assert KeyRing(SECRET, "6").derive("p", "a", "b202") != KeyRing(SECRET, "26").derive(
        "p", "a", "b20"
    )


@pytest.mark.parametrize("parts", [("", "a", "d"), ("p", "", "d"), ("p", "a", ""), ("p", "a", " ")])
def test_blank_part_makes_no_key(parts):
    with pytest.raises(PrivacyError, match="needs a purpose"):
        KeyRing(SECRET, "2026").derive(*parts)


def test_blank_epoch_makes_no_key():
    with pytest.raises(PrivacyError, match="epoch"):
        KeyRing(SECRET, "").derive("p", "a", "d")


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 31, b"\0" * 32, b"A" * 64])
def test_weak_secret_is_refused(secret):
    with pytest.raises(SettingsError):
        KeyRing(secret, "2026")


def test_secret_file_is_checked_like_every_secret(tmp_path):
    path = tmp_path / "secret"
    with pytest.raises(SettingsError, match="cannot be read"):
        KeyRing.from_file(path, "2026")
    path.write_bytes(SECRET)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="open to others"):
        KeyRing.from_file(path, "2026")
    path.chmod(0o600)
    opened = KeyRing.from_file(path, "2026")
    assert opened.derive("p", "a", "d") == KeyRing(SECRET, "2026").derive("p", "a", "d")


def test_shows_no_secret():
    ring = KeyRing(SECRET, "2026")
    assert repr(ring) == f"{ring}" == "KeyRing(epoch='2026')"
    try:
        ring.derive("", "a", "d")
    except PrivacyError:
        assert SECRET.hex() not in traceback.format_exc()


def test_is_not_pickled_into_a_queue():
    with pytest.raises(PrivacyError, match="not passed between processes"):
        pickle.dumps(KeyRing(SECRET, "2026"))
