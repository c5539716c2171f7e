"""Fake records among the real ones, and all in an order of their own.

Who has the encodings of a whole agency can look for the pattern of a population he knows: which
records resemble which (Vidanage et al. 2020). Records of nobody spoil it. They take every value
from another record at random; numbers that belong to one person are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymize.encoding.encode import Texts, as_texts
from connectors.zones.secret import derive_key, require_strong
from schemas.linkage import LinkageSchema

#: Kinds whose values belong to one person, and how many digits are made up for one.
_OWN = {"ssn": 9, "phone": 10, "email": 12}


@dataclass(frozen=True)
class Disguised:
    """Columns to encode, and the row of the delivery that each record was; -1 for a fake. Only the
    agency itself keeps ``origin``."""

    columns: Mapping[str, pa.Array]
    origin: npt.NDArray[np.int64]

    @property
    def fakes(self) -> int:
        return int((self.origin < 0).sum())


def disguised(columns: Mapping[str, Texts], schema: LinkageSchema, secret: bytes) -> Disguised:
    """Mix fakes in, as many as the schema says; the same every time for the same records and
    secret (the agency's own, not the agreement's)."""
    secret = require_strong(secret, "the secret of the disguise")
    key = derive_key(secret, "linkage-disguise", schema.name, str(schema.version))
    random = np.random.default_rng(list(key))
    real = {name: as_texts(columns[name]) for name in schema.kinds}
    count = len(next(iter(real.values())))
    fakes = round(count * schema.dummies)
    order = random.permutation(count + fakes)
    mixed = {
        name: pa.concat_arrays([column, _fake(column, schema.kinds[name], fakes, random)]).take(
            pa.array(order)
        )
        for name, column in real.items()
    }
    return Disguised(mixed, np.where(order < count, order, -1))


def _fake(column: pa.Array, kind: str, count: int, random: np.random.Generator) -> pa.Array:
    taken = column.take(pa.array(random.integers(0, max(len(column), 1), count)))
    if kind not in _OWN:
        return taken
    digits = _OWN[kind]
    numbers = random.integers(10 ** (digits - 1), 10**digits, count)
    return pa.array(numbers, mask=np.asarray(taken.is_null())).cast(pa.string())
