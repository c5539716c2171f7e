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
from anonymize.encoding.encode import Own, encode
from linkage.evaluate import Quality, by_group
from linkage.link import Links, link
from linkage.quality import run_quality
from schemas.linkage import MODES, LinkageSchema, load_schema
from tributary.county.misspell import Style, write_down
from tributary.county.people import CULTURE_NAMES, FEMALE, People, invent

Ints = npt.NDArray[np.int64]

#: Anybody's: nothing here is of a real person.
SECRET = bytes(range(32))
_START = date(2026, 1, 1)
_AGES = (12, 18, 25, 45, 65)
_AGE_NAMES = ("0 to 11", "12 to 17", "18 to 24", "25 to 44", "45 to 64", "65 and more")


def county_schema() -> LinkageSchema:
    """The schema the county's agencies agreed on."""
    with as_file(files("schemas") / "linkage_schemas" / "county.yaml") as path:
        return load_schema(path)


def county(
    size: int, *, hardened: bool = True, mode: str = MODES[0], seed: int = 1
) -> dict[str, Any]:
    """Link ``size`` records of one agency with ``size`` of another; half are of the same people.

    Returns:
        quality at the chosen threshold, also by group of persons, what was expected, and seconds
        with keying included.
    """
    schema = replace(county_schema(), mode=mode)
    if not hardened:
        schema = replace(schema, flip=0, dummies=0.0)
    people = invent(size * 3 // 2, seed, _START)
    random = np.random.default_rng(seed)
    persons = np.arange(size), random.permutation(np.arange(size // 2, size // 2 + size))
    tables = [
        written(people, index, np.random.default_rng([seed, side]), Style(capitals=bool(side)))
        for side, index in enumerate(persons)
    ]
    groups = _groups(people)
    del people
    started = time.perf_counter()
    mixed = [disguised(tables[side], schema, _own_secret(side)) for side in range(2)]
    tables.clear()
    one, other = (
        encode(made.columns, schema, SECRET, made.fakes, own=_noise(side, len(made.origin)))
        for side, made in enumerate(mixed)
    )
    encoding = time.perf_counter() - started
    links = link(one, other)
    seconds = time.perf_counter() - started
    who = [
        np.where(made.origin >= 0, index[made.origin], -1)
        for made, index in zip(mixed, persons, strict=True)
    ]
    both = np.intersect1d(*persons)
    matched = _matched(links, who[0], who[1])
    right = int((matched[0] == matched[1]).sum())
    told = run_quality(links, one, other)
    return {
        "records": [size, size],
        "hardened": hardened,
        "mode": mode,
        **asdict(Quality.of(right, len(matched[0]), len(both))),
        "groups": {
            name: [asdict(found) for found in by_group(matched, both, group, names)]
            for name, (group, names) in groups.items()
        },
        "threshold": links.threshold,
        "expected": {"precision": told.expected_precision, "recall": told.expected_recall},
        "most_frequent_token": told.most_frequent_token,
        "candidates": links.candidates,
        "seconds": {"encoding": round(encoding, 2), "total": round(seconds, 2)},
        "records_encoded_per_second": round(2 * size / encoding),
    }


def _own_secret(side: int) -> bytes:
    return bytes((byte + side + 1) % 256 for byte in SECRET)


def _noise(side: int, count: int) -> Own:
    return Own(_own_secret(side), np.arange(count, dtype=np.uint64))


def _matched(links: Links, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """The persons of each match; without those of fake records."""
    matched = links.probability >= links.threshold
    one, other = left[links.left[matched]], right[links.right[matched]]
    real = (one >= 0) & (other >= 0)
    return one[real], other[real]


def _groups(people: People) -> dict[str, tuple[Ints, tuple[str, ...]]]:
    """What links may be worse for: of every person the number of its group, and groups' names."""
    age = people.age(np.arange(len(people)), np.array(_START, "datetime64[D]"))
    return {
        "culture": (people.culture, CULTURE_NAMES),
        "sex": (people.sex, ("female", "male")),
        "age": (np.searchsorted(_AGES, age, side="right"), _AGE_NAMES),
    }


def written(
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
