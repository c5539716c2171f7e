"""Codes of rows of numbers, beside another implementation's."""

from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES128, AES256
from cryptography.hazmat.primitives.cmac import CMAC

from anonymize.encoding.row_codes import row_codes

KEY = bytes(range(32))
ROWS = 70_000


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("key", "cipher"), [(KEY, AES256), (KEY[:16], AES128)])
def test_a_row_has_the_cmac_of_its_words(
    columns: int, key: bytes, cipher: type[AES128 | AES256]
) -> None:
    drawn = np.random.default_rng(columns)
    words = [drawn.integers(0, 2**64, ROWS, dtype=np.uint64) for _ in range(columns)]
    found = row_codes(words, key)
    for row in (*range(0, ROWS, 977), ROWS - 1):
        other = CMAC(cipher(key))
        other.update(b"".join(int(column[row]).to_bytes(8, "little") for column in words))
        assert found[row].tobytes() == other.finalize()


def test_no_rows_have_no_codes() -> None:
    assert len(row_codes([np.empty(0, np.uint64)] * 2, KEY)) == 0
