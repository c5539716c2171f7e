"""Eastlake's police export: a row a victim of a case, names and dates of birth, no narratives.

Some of its victims are known to Harbor City's police as well, which is what deconfliction is for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from tributary.county import rates
from tributary.county.county import County
from tributary.county.faults import Planter
from tributary.county.misspell import Style, write_down
from tributary.county.people import LABOUR, MALE, NOT_TRAFFICKED
from tributary.county.seeds import Days, Ints, chance
from tributary.county.text import Column, choose, day, join, lines, number, payload, serial, where

CONTRACT: Final = "eastlake_police.rms"
COLUMNS: Final = ("Case No", "Date", "NIBRS", "Role", "Name ID", "Last", "First", "DOB", "Sex")
_DIRECT: Final = ("Last", "First")
#: Fault, rule, column and what is written into it.
_CELL_FAULTS: Final = (
    ("unknown_involvement", "RMS-INVOLVEMENT", "Role", "ZZZ"),
    ("bad_date", "DATE", "Date", "13/45/2025"),
)
#: Offenses of cases with a victim: trafficking in sex and in labour, then what else there is.
_OFFENSES: Final = ("64A", "64B", "13B", "13C", "120", "23H")


def write_eastlake(county: County) -> Path:
    """Write the export and its truth."""
    person, date = _victims(county)
    planter = Planter(county.stream("eastlake", "faults"), len(person), enough=50)
    faults = {name: planter.rows() for name, *_ in _CELL_FAULTS}
    path = county.place(CONTRACT, f"cases_{county.period.end.astype(object):%Y%m%d}.csv")
    with path.open("wb") as file:
        file.write((",".join(COLUMNS) + "\n").encode())
        for _, random, index in county.batches("eastlake", len(person)):
            columns = _columns(county, random, index, person, date, path.name)
            _spoil(county, columns, faults, index, path.name)
            file.write(payload(lines(COLUMNS, columns, len(index), None)))
    return path


def _victims(county: County) -> tuple[Ints, Days]:
    """Victims by the day of their case; some have two."""
    random, people = county.stream("eastlake", "cases"), county.people
    rate = np.where(people.victim, rates.EASTLAKE_TRAFFICKED, rates.EASTLAKE_VICTIM)
    once = np.flatnonzero(chance(random, rate, len(people)))
    person = np.concatenate([once, once[chance(random, 0.08, len(once))]])
    date = county.period.draw(random, len(person))
    order = np.lexsort((person, date))
    return person[order], date[order]


def _columns(
    county: County,
    random: np.random.Generator,
    index: Ints,
    person: Ints,
    date: Days,
    file: str,
) -> dict[str, Column]:
    """The columns of the cases ``index``, and the truth about them."""
    who, when = person[index], date[index]
    written = write_down(county.people, who, random, Style(capitals=True))
    prefix = county.canary.prefix("", "ECASE")
    years = number(when.astype("datetime64[Y]").astype(int) + 1970 - 2000, 2)
    columns = {
        "Case No": serial(prefix, index + 1) if prefix else join("E", years, number(index + 1, 5)),
        "Date": day(when),
        "NIBRS": _offenses(county, random, who),
        "Role": "VIC",
        "Name ID": serial(county.canary.prefix("", "EMNI") or "N", who + 1),
        "Last": written.surname,
        "First": written.given,
        "DOB": county.canary.born(day(written.born), county.minor(who)),
        "Sex": choose(["F", "M"], (county.people.sex[who] == MALE).astype(np.int64)),
    }
    columns = county.canary.overlay("eastlake", "", columns, len(index), _DIRECT)
    county.truth.records(
        CONTRACT,
        file,
        "involvement",
        rows=index + 1,
        ids=columns["Name ID"],
        person=who,
        unit=columns["Case No"],
        role="VIC",
        changes=written.changes,
    )
    return columns


def _spoil(
    county: County, columns: dict[str, Column], faults: dict[str, Ints], index: Ints, file: str
) -> None:
    """Plant the faults of these cases, and write down where they are."""
    for name, rule, column, value in _CELL_FAULTS:
        mask = np.isin(index, faults[name])
        columns[column] = where(mask, county.canary.text(value, "BADCELL"), columns[column])
        county.truth.faults(
            CONTRACT,
            file,
            "involvement",
            name,
            rule,
            rows=index[mask] + 1,
            keys=columns["Case No"].filter(pa.array(mask)),
            field=column,
        )


def _offenses(county: County, random: np.random.Generator, who: Ints) -> pa.Array:
    kind = county.people.kind[who]
    coded = (kind != NOT_TRAFFICKED) & chance(random, rates.CODED_AS_TRAFFICKING, len(who))
    other = random.integers(2, len(_OFFENSES), len(who))
    return choose(_OFFENSES, np.where(coded, np.where(kind == LABOUR, 1, 0), other))
