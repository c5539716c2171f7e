"""Linkage measured: the invented county at any size, or any two files with their true pairs."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import date
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.encoding.disguise import disguised
from anonymize.encoding.encode import encode
from linkage.evaluate import Quality
from linkage.link import Links, link
from schemas.linkage import LinkageSchema, load_schema
from tributary.county.misspell import Style, write_down
from tributary.county.people import FEMALE, People, invent

Ints = npt.NDArray[np.int64]

#: Anybody's: nothing here is of a real person.
SECRET = bytes(range(32))
_START = date(2026, 1, 1)


def county_schema() -> LinkageSchema:
    """The schema the county's agencies agreed on."""
    with as_file(files("schemas") / "linkage_schemas" / "county.yaml") as path:
        return load_schema(path)


def county(size: int, *, hardened: bool = True, seed: int = 1) -> dict[str, Any]:
    """Link ``size`` records of one agency with ``size`` of another; half are of the same people.

    Returns:
        quality at the chosen threshold, what was expected, and seconds with keying included.
    """
    schema = county_schema()
    if not hardened:
        schema = replace(schema, flip=0, dummies=0.0)
    people = invent(size * 3 // 2, seed, _START)
    random = np.random.default_rng(seed)
    persons = np.arange(size), random.permutation(np.arange(size // 2, size // 2 + size))
    tables = [
        _records(people, index, np.random.default_rng([seed, side]), Style(capitals=bool(side)))
        for side, index in enumerate(persons)
    ]
    del people
    started = time.perf_counter()
    mixed = [disguised(tables[side], schema, _own_secret(side)) for side in range(2)]
    tables.clear()
    one, other = (encode(one.columns, schema, SECRET, one.fakes) for one in mixed)
    encoding = time.perf_counter() - started
    links = link(one, other)
    seconds = time.perf_counter() - started
    who = [
        np.where(made.origin >= 0, index[made.origin], -1)
        for made, index in zip(mixed, persons, strict=True)
    ]
    return {
        "records": [size, size],
        "hardened": hardened,
        **asdict(_quality(links, who[0], who[1], 2 * size - len(np.union1d(*persons)))),
        "threshold": links.threshold,
        "expected": {"precision": links.expected_precision, "recall": links.expected_recall},
        "candidates": links.candidates,
        "seconds": {"encoding": round(encoding, 2), "total": round(seconds, 2)},
        "records_encoded_per_second": round(2 * size / encoding),
    }


def _own_secret(side: int) -> bytes:
    return bytes((byte + side + 1) % 256 for byte in SECRET)


def _quality(links: Links, left: Ints, right: Ints, true: int) -> Quality:
    matched = links.probability >= links.threshold
    one, other = left[links.left[matched]], right[links.right[matched]]
    real = (one >= 0) & (other >= 0)
    return Quality.of(int((real & (one == other)).sum()), int(real.sum()), true)


def _records(
    people: People, index: Ints, random: np.random.Generator, style: Style
) -> dict[str, pa.Array]:
    written = write_down(people, index, random, style)
    born = pa.array(written.born.astype("datetime64[D]"), pa.date32())
    return {
        "given_name": written.given,
        "surname": written.surname,
        "date_of_birth": pc.cast(born, pa.string()),
        "sex": pa.array(np.where(people.sex[index] == FEMALE, "F", "M")),
        "zip": written.zip_code,
        "ssn": written.ssn,
    }
