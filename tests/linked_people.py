"""Invented people and their encodings, as a package holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from anonymize.encoding.columns import Epoch, as_batch
from anonymize.encoding.encode import encode, key_check
from schemas.linkage import LinkageSchema, agreed_schema
from tributary.county.names import given_names, surnames

SECRET = bytes(range(32))

#: Columns of a person, by field of the county's schema.
Person = Mapping[str, str | None]


@cache
def schema() -> LinkageSchema:
    return agreed_schema("county")


def person(number: int, **other: str | None) -> Person:
    """An invented person, the same for the same number; ``other`` says what is different."""
    random = np.random.default_rng(number)
    given, family = given_names().names, surnames().names
    year, month, day = random.integers([1960, 1, 1], [2010, 13, 28])
    return {
        "given_name": given[int(random.integers(len(given)))].as_py(),
        "surname": family[int(random.integers(len(family)))].as_py(),
        "date_of_birth": f"{year}-{month:02}-{day:02}",
        "sex": "FM"[number % 2],
        "zip": f"{random.integers(10000, 10040)}",
        "ssn": f"{random.integers(10**8, 9 * 10**8)}",
        **other,
    }


def encodings(
    persons: Sequence[tuple[str, Person]],
    *,
    epoch: str = "2026",
    fakes: int = 0,
    secret: bytes = SECRET,
) -> list[tuple[Epoch, pa.RecordBatch]]:
    """Encodings of persons by the token (32 hex digits) of the record; ``fakes`` of nobody."""
    columns = {name: [one[name] for _, one in persons] for name in schema().kinds}
    made = encode(columns, schema(), secret, fakes, epoch=epoch, rarity_from=1_000)
    tokens = pa.array([token for token, _ in persons], pa.string())
    keys = key_check(schema(), secret, epoch)
    return [(Epoch.of(schema(), epoch, fakes, keys), as_batch(tokens, made))]
