"""HUD's hashed HMIS exports: what their hashes say, re-keyed at once.

With HashStatus 4 a name is the SHA-256 of its Soundex code and a Social Security number its last
four digits in clear and the SHA-256 of all nine; the date of birth stays in clear. No key is in it:
of the 6,734 codes a table is made in a moment, and a nine-digit number of known ending is found by
trying 100,000. So the hash protects nothing, and says no less than an agency with plain names can
say of its own: the name's sound, and whether two numbers are the same. As a normalised value it is

    #m620                       a name that sounds like this
    #6789<32 hex digits>        a number that ends so, and the first half of its hash

Plain numbers enter block tokens by the same half of the same hash, so that both meet. What looks
like a hash and is none of HUD's says nothing (domain.md: the header lies).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from itertools import product
from string import ascii_uppercase

from schemas.linkage import NAMES

#: First character of a normalised value that came hashed; no other has it.
HASHED = "#"
HASHED_KINDS = (*NAMES, "ssn")
_NAME = re.compile(r"[0-9a-f]{32,}")
_SSN = re.compile(r"(?P<last4>.{4})(?P<hash>[0-9a-f]{64})")
_HALF = 32


def from_hud(kind: str, value: str) -> str | None:
    """The normalised value of a hash, empty where it says nothing; None where it is no hash.

    Args:
        value: in lower case, without blanks around it.
    """
    if kind in NAMES and _NAME.fullmatch(value):
        code = _codes().get(value)
        return "" if code is None else HASHED + code
    if kind == "ssn" and len(value) >= _HALF:
        found = _SSN.fullmatch(value)
        if found is None or not found["last4"].isdigit() or found["hash"] in _no_numbers():
            return ""
        if found["hash"] == _sha256("xxxxx" + found["last4"]):
            return found["last4"]
        return HASHED + found["last4"] + found["hash"][:_HALF]
    return None


def hash_of_number(number: str) -> str:
    """What ``from_hud`` keeps of the hash of nine digits."""
    return hashlib.sha256(number.encode()).hexdigest()[:_HALF]


def hash_part(value: str) -> str:
    """That part of a normalised number that came hashed; empty for any other."""
    return value[5:] if value.startswith(HASHED) else ""


def in_form_of(value: str, number: str) -> str:
    """``number``, hashed where ``value`` came so: among hashed ones a plain one would stand out."""
    return number[-4:] + _sha256(number) if len(value) >= _HALF else number


@cache
def _codes() -> Mapping[str, str]:
    """SHA-256 to the Soundex code it was made of, in lower case. Codes end in zeros, not begin."""
    digits = ("".join(found) for found in product("0123456", repeat=3))
    tails = [tail for tail in digits if not re.search(r"0[1-6]", tail)]
    codes = ("".join(found) for found in product(ascii_uppercase, tails))
    return {_sha256(code): code.lower() for code in codes}


@cache
def _no_numbers() -> frozenset[str]:
    """Hashes of what clerks write where they know no number."""
    same = [str(digit) * 9 for digit in range(10)]
    return frozenset(map(_sha256, ("", "123456789", "987654321", "x" * 9, *same)))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
