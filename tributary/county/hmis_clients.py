"""Client.csv: who the shelters think their clients are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county.hmis import Hmis, five_point, hashed_names, hashed_ssn, sha256
from tributary.county.misspell import Style, Written, write_down
from tributary.county.people import CULTURE_NAMES, MALE, RACES, People
from tributary.county.seeds import Ints, Mask, chance
from tributary.county.text import Column, code, day, where

#: One column a race; NIBRS's U (unknown) has none.
_RACE_COLUMNS = {
    "AmIndAKNative": "I",
    "Asian": "A",
    "BlackAfAmerican": "B",
    "NativeHIPacific": "P",
    "White": "W",
}
_NAMES = ("FirstName", "MiddleName", "LastName", "NameSuffix")


def client_columns(
    hmis: Hmis, random: np.random.Generator, client: Ints, deleted: Mask
) -> tuple[dict[str, Column], Ints]:
    """Columns of the clients' rows, and what each record gets wrong (``misspell.CHANGES``)."""
    county, person = hmis.county, hmis.stays.client[client]
    someone = county.people.take(person)
    written = write_down(county.people, person, random, Style())
    columns: dict[str, Column] = {
        "PersonalID": hmis.person_id(client),
        **_identity(hmis, random, written),
        "DOB": county.canary.born(day(written.born), county.minor(person)),
        "DOBDataQuality": pa.array(np.where(np.isnat(written.born), 99, 1)),
        **_sex(hmis, random, someone),
        **_race(hmis, random, someone),
        **_veteran(random, ~county.minor(person)),
        **hmis.tail(random, county.period.draw(random, len(client)), deleted),
    }
    columns = county.canary.overlay(
        "hmis", "Client", columns, len(client), ["AdditionalRaceEthnicity"]
    )
    return columns, written.changes


def _identity(hmis: Hmis, random: np.random.Generator, written: Written) -> dict[str, Column]:
    rows = len(written.changes)
    columns: dict[str, Column] = {
        "FirstName": written.given,
        "MiddleName": written.middle,
        "LastName": written.surname,
        "NameSuffix": where(chance(random, 0.01, rows), "Jr", pa.scalar(None, pa.string())),
        "NameDataQuality": pa.array(np.where(written.changes & 2 > 0, 2, 1)),
        "SSN": written.ssn,
    }
    known = pc.is_valid(written.ssn).to_numpy(zero_copy_only=False)
    columns["SSNDataQuality"] = pa.array(np.where(written.ssn_full, 1, np.where(known, 2, 99)))
    columns = hmis.county.canary.overlay("hmis", "Client", columns, rows, [*_NAMES, "SSN"])
    if hmis.hashed:
        columns |= {name: _hashed(hmis, columns[name]) for name in _NAMES}
        columns["SSN"] = hashed_ssn(columns["SSN"])
        if hmis.county.canary.word is not None:
            hmis.county.canary.keep(columns["SSN"][0].as_py())
    return columns


def _hashed(hmis: Hmis, names: pa.Array) -> pa.Array:
    canary = hmis.county.canary
    if canary.word is None:
        return hashed_names(names)
    return pa.array([canary.keep(sha256(canary.word))] * len(names), pa.string())


def _sex(hmis: Hmis, random: np.random.Generator, someone: People) -> dict[str, Column]:
    rows = len(someone)
    male = someone.sex == MALE
    if hmis.version == "2026":
        return {"Sex": pa.array(five_point(random, male, 0.02, rows))}
    diverse = someone.diverse
    kind = random.integers(0, 3, rows)
    flags = {
        "Woman": ~male,
        "Man": male,
        "NonBinary": diverse & (kind == 0),
        "CulturallySpecific": np.zeros(rows, np.bool_),
        "Transgender": diverse & (kind == 1),
        "Questioning": diverse & (kind == 2),
        "DifferentIdentity": np.zeros(rows, np.bool_),
    }
    return {name: pa.array(flag.astype(np.int64)) for name, flag in flags.items()}


def _race(hmis: Hmis, random: np.random.Generator, someone: People) -> dict[str, Column]:
    rows = len(someone)
    letter = np.array(RACES)[someone.race]
    columns: dict[str, Column] = {
        name: pa.array((letter == race).astype(np.int64)) for name, race in _RACE_COLUMNS.items()
    }
    hispanic = "HispanicLatinao" if hmis.version == "2026" else "HispanicLatinaeo"
    columns[hispanic] = pa.array(someone.hispanic.astype(np.int64))
    arabic = someone.culture == CULTURE_NAMES.index("arabic")
    columns["MidEastNAfrican"] = pa.array(arabic.astype(np.int64))
    nothing = (letter == "U") & ~someone.hispanic & ~arabic
    unknown = np.array([8, 9, 99])[random.integers(0, 3, rows)]
    columns["RaceNone"] = code(unknown, nothing)
    return columns


def _veteran(random: np.random.Generator, adult: Mask) -> dict[str, Column]:
    rows = len(adult)
    answer = five_point(random, 0.07, 0.02, rows)
    return {"VeteranStatus": pa.array(np.where(adult, answer, 0))}
