"""Harbor City's records management export: one row an involvement, the case's columns repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county import rates
from tributary.county.county import County
from tributary.county.data import load
from tributary.county.faults import Planter
from tributary.county.misspell import Style, Written, write_down
from tributary.county.names import given_names, surnames
from tributary.county.narratives import Told
from tributary.county.people import MALE, RACES, addresses, coordinates
from tributary.county.places import PLACES, STATE, STREETS
from tributary.county.planted import Degrees
from tributary.county.rms_cases import CODED, ROLES, STORIES, TYPES, VICTIM, Cases, cases
from tributary.county.rms_narratives import narratives
from tributary.county.seeds import TEXTS, Ints, chance
from tributary.county.text import Column, choose, day, join, lines, number, payload, serial, where
from tributary.county.truth_narratives import Narratives

CONTRACT: Final = "harbor_police.rms"
#: The report as a New Jersey department has it (31 columns) ...
CASE_COLUMNS: Final = tuple(load("rms.yaml")["case"])
#: ... and what an involvement export adds.
PERSON_COLUMNS: Final = tuple(load("rms.yaml")["person"])
_DIRECT: Final = tuple(load("rms.yaml")["direct"])
_DATE: Final = "%m/%d/%Y"
#: Fault, rule, column and what is written into it.
_CELL_FAULTS: Final = (
    ("case_number_missing", "RMS-CASE-NUMBER", "Case Number", ""),
    ("unknown_involvement", "RMS-INVOLVEMENT", "Involvement", "ZZZ"),
    ("bad_date", "DATE", "Incident Date", "13/45/2025"),
    ("report_before_incident", "RMS-REPORT-ORDER", "Report Date", "01/02/2019"),
)


def write_rms(county: County) -> Path:
    """Write the export and its truth."""
    found = cases(county)
    path = county.place(CONTRACT, f"rms_{county.period.end.astype(object):%Y%m%d}.csv")
    writer = _Writer(county, found, path)
    with path.open("wb") as file:
        file.write((",".join([*CASE_COLUMNS, *PERSON_COLUMNS]) + "\n").encode())
        for _, random, index in county.batches("rms", len(found.day), TEXTS):
            file.write(payload(writer.batch(random, index)))
        for repeated in writer.repeated:
            file.write(payload(pa.concat_arrays([repeated])))
    writer.record_faults()
    return path


class _Writer:
    def __init__(self, county: County, found: Cases, path: Path) -> None:
        self._county, self._cases, self._file = county, found, path.name
        keep = county.canary.prefix
        self._case_prefix, self._mni_prefix = keep("", "CASE"), keep("", "MNI")
        self.repeated: list[pa.Array] = []
        self._faults = self._plan()
        _, self._mni = np.unique(found.person, return_inverse=True)
        again = county.stream("rms", "mni")
        self._mni = again.permutation(self._mni.max() + 1)[self._mni]
        twice = chance(again, 0.04, len(found.person))
        self._mni = np.where(twice, len(found.person) + np.arange(len(found.person)), self._mni)

    def batch(self, random: np.random.Generator, index: Ints) -> pa.Array:
        """Records of the cases ``index``, which follow one another."""
        found = self._cases
        rows = np.arange(*np.searchsorted(found.case, [index[0], index[-1] + 1]))
        of = pa.array(found.case[rows] - index[0])
        written = write_down(self._county.people, found.person[rows], random, Style(capitals=True))
        case = self._case(random, index)
        columns = {name: _take(column, of) for name, column in case.items()}
        columns |= self._person(random, rows, written)
        columns = self._county.canary.overlay("rms", "", columns, len(rows), _DIRECT)
        told = narratives(self._county, found, index, rows, columns, random)
        columns["Narrative"] = pa.array([one.text for one in told], pa.string()).take(of)
        self._record_narratives(index, rows, columns, told)
        self._record(rows, columns, written)
        return self._render(columns, rows)

    def _case(self, random: np.random.Generator, index: Ints) -> dict[str, Column]:
        found, size = self._cases, len(index)
        when, place = found.day[index], found.ground.place[index]
        at = addresses(random, size)
        where_ = coordinates(random, place)
        town = choose([f"{p.town}, {STATE} {p.zip_code}" for p in PLACES], place)
        street = join(number(at["house"]), choose(STREETS, at["street"]), by=" ")
        types = [TYPES[t] for t in range(len(TYPES))]
        reported = when + random.integers(0, 4, size)
        officer = self._officers(random, size)
        return {
            "Case Number": self._case_numbers(index),
            "Incident Date": day(when, _DATE),
            "Incident Time": _clock(random, size),
            "Report Date": day(
                np.maximum(when, np.minimum(reported, self._county.period.last)), _DATE
            ),
            "Report Time": _clock(random, size),
            "Incident Type_1": choose([t.first for t in types], found.type[index]),
            "Incident Type_2": choose([t.second for t in types], found.type[index]),
            "FullAddress": join(street, town, by=", "),
            "Grid": join(
                choose(list("ABCDEFGH"), random.integers(0, 8, size)),
                number(random.integers(1, 9, size)),
                by="-",
            ),
            "Zone": number(random.integers(1, 9, size)),
            "Registration 1": where(chance(random, 0.2, size), _plates(random, size), None),
            "Reviewed By": self._officers(random, size),
            "CompleteCalc": choose(["Y", "N"], random.integers(0, 2, size)),
            "Officer of Record": officer,
            "Squad": choose(["A-Squad", "B-Squad", "C-Squad"], random.integers(0, 3, size)),
            "Det_Assigned": where(chance(random, 0.4, size), self._officers(random, size), None),
            "Case_Status": choose(
                ["Open", "Closed", "Under Investigation"], random.integers(0, 3, size)
            ),
            "NIBRS Classification": choose([t.nibrs for t in types], found.type[index]),
            "Location Type": number(found.location[index], 2),
            "County": "Ansel",
            "ZIP Code": choose([p.zip_code for p in PLACES], place),
            "Latitude": _degrees(found.ground.latitude[index], where_["latitude"]),
            "Longitude": _degrees(found.ground.longitude[index], where_["longitude"]),
        }

    def _person(
        self, random: np.random.Generator, rows: Ints, written: Written
    ) -> dict[str, Column]:
        found, people = self._cases, self._county.people
        person, size = found.person[rows], len(rows)
        adult = ~self._county.minor(person)
        years = people.age(person, found.day[found.case[rows]])
        culprit = np.isin(found.role[rows], (1, 2))
        return {
            "Involvement": choose(ROLES, found.role[rows]),
            "MNI": serial(self._mni_prefix, self._mni[rows] + 1),
            "Last Name": written.surname,
            "First Name": written.given,
            "Middle Name": written.middle,
            "Alias": where(
                chance(random, 0.06, size), pc.utf8_slice_codeunits(written.given, 0, 3), None
            ),
            "DOB": self._county.canary.born(day(written.born, _DATE), ~adult, _DATE),
            "Age": number(years),
            "Sex": choose(["F", "M"], (people.sex[person] == MALE).astype(np.int64)),
            "Race": choose(RACES, people.race[person]),
            "Ethnicity": choose(["N", "H"], people.hispanic[person].astype(np.int64)),
            "SSN": where(written.ssn_full & chance(random, 0.4, size), written.ssn, None),
            "OLN": where(
                adult & chance(random, 0.5, size), serial("D", 7_000_000 + person, 8), None
            ),
            "OLN State": where(adult, pa.scalar(STATE), None),
            "FBI Number": where(
                culprit & chance(random, 0.3, size), serial("", 500_000 + person, 9), None
            ),
            "State ID": where(culprit & chance(random, 0.3, size), serial("XX", person, 8), None),
            "Phone": written.telephone,
            "Email": written.email,
            "Home Address": written.full_address,
            "Employer": where(adult & chance(random, 0.1, size), pa.scalar("Harbor Cannery"), None),
        }

    def _render(self, columns: dict[str, Column], rows: Ints) -> pa.Array:
        for name, _, column, value in _CELL_FAULTS:
            mask = np.isin(rows, self._faults[name])
            if mask.any():
                if value and column != "Report Date":
                    value = self._county.canary.text(value, "BADCELL")
                columns[column] = where(mask, value, columns[column])
        ragged = np.isin(rows, self._faults["ragged"])
        text = lines(
            [*CASE_COLUMNS, *PERSON_COLUMNS], columns, len(rows), None, ("FullAddress", ragged)
        )
        repeat = np.isin(rows, self._faults["repeated_row"])
        if repeat.any():
            self.repeated.append(text.filter(pa.array(repeat)))
        return text

    def _plan(self) -> dict[str, Ints]:
        found = self._cases
        planter = Planter(self._county.stream("rms", "faults"), len(found.case), enough=50)
        alone = np.bincount(found.case, minlength=len(found.day))[found.case] == 1
        plan = {"ragged": planter.rows(rate=rates.RAGGED)}
        for name, *_ in _CELL_FAULTS:
            plan[name] = planter.rows(alone)
        return plan | {"repeated_row": planter.rows(found.role == VICTIM)}

    def record_faults(self) -> None:
        """Write the truth about the planted faults."""
        rules = {name: (rule, column) for name, rule, column, _ in _CELL_FAULTS}
        rules |= {
            "ragged": ("ROW-RAGGED", "FullAddress"),
            "repeated_row": ("RMS-REPEATED", "Case Number"),
        }
        for name, rows in self._faults.items():
            numbers = rows + 1
            if name == "repeated_row":
                numbers = len(self._cases.case) + np.arange(len(rows)) + 1
            self._county.truth.faults(
                CONTRACT,
                self._file,
                "involvement",
                name,
                rules[name][0],
                rows=numbers,
                keys=self._case_numbers(self._cases.case[rows]),
                field=rules[name][1],
            )

    def _record(self, rows: Ints, columns: dict[str, Column], written: Written) -> None:
        self._county.truth.records(
            CONTRACT,
            self._file,
            "involvement",
            rows=rows + 1,
            ids=columns["MNI"],
            person=self._cases.person[rows],
            unit=columns["Case Number"],
            role=choose(ROLES, self._cases.role[rows]),
            changes=written.changes,
        )

    def _record_narratives(
        self, index: Ints, rows: Ints, columns: dict[str, Column], told: list[Told]
    ) -> None:
        first = np.searchsorted(self._cases.case[rows], index)
        self._county.truth.narratives(
            CONTRACT,
            self._file,
            "Narrative",
            Narratives(
                rows=(rows[first] + 1).tolist(),
                units=columns["Case Number"].take(pa.array(first)).to_pylist(),
                stories=[STORIES[story] for story in self._cases.story[index]],
                told=told,
                coded=np.isin(self._cases.type[index], CODED).tolist(),
            ),
        )

    def _case_numbers(self, index: Ints) -> pa.Array:
        """``YY-NNNNNN``."""
        if self._case_prefix:
            return serial(self._case_prefix, index + 1)
        year = self._cases.day[index].astype("datetime64[Y]").astype(int) + 1970
        return join(number(year % 100, 2), number(index + 1, 6), by="-")

    def _officers(self, random: np.random.Generator, size: int) -> pa.Array:
        """One of 40 officers."""
        staff = self._county.stream("rms", "officers")
        initials = pc.utf8_slice_codeunits(given_names().plain, 0, 1)
        given = initials.take(pa.array(staff.integers(0, len(initials), 40)))
        surname = surnames().plain.take(pa.array(staff.integers(0, len(surnames().plain), 40)))
        names = join(pa.scalar("Ofc. "), given, pa.scalar(". "), surname)
        return names.take(pa.array(random.integers(0, 40, size)))


def _take(column: Column, index: pa.Array) -> Column:
    return column if isinstance(column, str) else column.take(index)


def _degrees(out: Degrees, in_town: Degrees) -> pa.Array:
    return pc.cast(pa.array(np.where(np.isnan(out), in_town, out)), pa.string())


def _clock(random: np.random.Generator, size: int) -> pa.Array:
    return join(
        number(random.integers(0, 24, size), 2), number(random.integers(0, 60, size), 2), by=":"
    )


def _plates(random: np.random.Generator, size: int) -> pa.Array:
    letters = [
        choose(list("ABCDEFGHJKLMNPRSTUVWXYZ"), random.integers(0, 23, size)) for _ in range(3)
    ]
    return join(*letters, number(random.integers(0, 10_000, size), 4))
