"""Fake records among the real ones, and all in an order of their own.

Who has the encodings of a whole agency can look for the pattern of a population he knows: which
records resemble which (Vidanage et al. 2020). Records of nobody spoil it. They take every value
from another record; numbers that belong to one person are made up.

Fakes stay: the same fakes come with every delivery, and their values change no faster than the
records do, so that nobody tells them by their coming and going.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymize.encoding.encode import Texts, coded
from anonymize.encoding.hud import in_form_of
from anonymize.encoding.row_codes import row_codes
from connectors.zones.secret import derive_key, require_strong
from schemas.linkage import LinkageSchema

Codes = npt.NDArray[np.uint64]

#: Kinds whose values belong to one person, and how many digits are made up for one.
_OWN = {"ssn": 9, "phone": 10, "email": 12}


@dataclass(frozen=True)
class Disguised:
    """Columns to encode, and whose they are; only the agency itself keeps ``origin``.

    Attributes:
        origin: the row of the delivery that each record was; -1 for a fake.
        records: a number for each record (``Own.records``).
        codes: 128 bit for each fake, in their order: what its token is made of.
    """

    columns: Mapping[str, pa.Array]
    origin: npt.NDArray[np.int64]
    records: Codes
    codes: Codes

    @property
    def fakes(self) -> int:
        return len(self.codes)


def disguised(
    columns: Mapping[str, Texts],
    schema: LinkageSchema,
    secret: bytes,
    records: Codes | None = None,
) -> Disguised:
    """Mix fakes in, as many as the schema says; the same every time for the same records and
    secret (the agency's own, not the agreement's).

    Args:
        records: a number for each record that is random and stays the same in every delivery; the
            row where left out.
    """
    secret = require_strong(secret, "the secret of the disguise")
    key = derive_key(secret, "linkage-disguise", schema.name, str(schema.version))
    real = {name: coded(columns[name]) for name in schema.kinds}
    count = len(next(iter(real.values())))
    if records is None:
        records = row_codes([np.arange(count, dtype=np.uint64)], key)[:, 0]
    fakes = round(count * schema.dummies)
    numbers = np.arange(fakes, dtype=np.uint64)
    codes = _codes(numbers, 0, key)
    everyone = np.concatenate([records, codes[:, 0]])
    order = _order(_codes(everyone, 1, key)[:, 0])
    ring = _order(records)
    ends = records[ring]
    mixed = {}
    for place, (name, column) in enumerate(real.items(), start=2):
        fake = _codes(numbers, place, key)
        # Values of the records that follow the codes on the ring of all records (consistent
        # hashing): a record that comes or goes changes few of them.
        taken = column.take(pa.array(ring[np.searchsorted(ends, fake[:, 0]) % max(count, 1)]))
        if schema.kinds[name] in _OWN:
            taken = _made_up(taken, _OWN[schema.kinds[name]], fake[:, 1])
        mixed[name] = pa.concat_arrays([column, taken]).take(pa.array(order))
    origin = np.where(order < count, order, -1)
    return Disguised(mixed, origin, everyone[order], codes[order[order >= count] - count])


def _codes(numbers: Codes, purpose: int, key: bytes) -> Codes:
    return row_codes([numbers, np.full(len(numbers), purpose, np.uint64)], key)


def _made_up(values: pa.DictionaryArray, digits: int, codes: Codes) -> pa.DictionaryArray:
    """A number of its own for each value, in the value's form."""
    least = 10 ** (digits - 1)
    made = (codes % np.uint64(9 * least) + np.uint64(least)).astype(str).tolist()
    found = [in_form_of(v, n) if v else None for v, n in zip(values.to_pylist(), made, strict=True)]
    return pa.array(found, pa.string()).dictionary_encode()


def _order(codes: Codes) -> npt.NDArray[np.int64]:
    """Stable order of codes: sorted by code, then by code's rank and place, both at once; twice as
    fast as numpy's stable sort."""
    order = np.argsort(codes)
    ranked = codes[order]
    rank = np.cumsum(np.append(False, ranked[1:] != ranked[:-1])[: len(codes)])
    found: npt.NDArray[np.int64] = np.sort(rank * len(codes) + order) % max(len(codes), 1)
    return found
