"""Narratives of the police cases, with the names and numbers that their records hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from tributary.county.county import County
from tributary.county.narratives import Person, Records, Told, tell
from tributary.county.narratives.agreement import barred, origins
from tributary.county.people import FEMALE
from tributary.county.rms_cases import (
    OFFICER,
    OTHER,
    REPORTER,
    STORIES,
    WITNESS,
    Cases,
)
from tributary.county.seeds import Ints
from tributary.county.text import Column

#: Columns of the export that narratives take from.
_USED: Final = ("First Name", "Last Name", "Phone", "DOB", "OLN", "SSN", "Email", "Home Address",
                "Employer", "FullAddress", "Case Number", "Registration 1",
                "Officer of Record")  # fmt: skip
_PROSTITUTION: Final = STORIES.index("prostitution")


def narratives(
    county: County,
    found: Cases,
    index: Ints,
    rows: Ints,
    columns: Mapping[str, Column],
    random: np.random.Generator,
) -> list[Told]:
    """One for each of the cases ``index``, whose involvements are ``rows`` with ``columns``."""
    cells = {name: _listed(columns.get(name), len(rows)) for name in _USED}
    members = _members(found, index, rows)
    female = (county.people.sex[found.person[rows]] == FEMALE).tolist()

    def people(role: str) -> list[Person | None]:
        return [
            None
            if at is None
            else Person(cells["First Name"][at], cells["Last Name"][at], female[at], own=True)
            for at in members[role]
        ]

    def cell(name: str, role: str) -> list[str | None]:
        return [None if at is None else cells[name][at] for at in members[role]]

    # a case of prostitution is told of its arrestee, who is the suspect
    subject = members["subject"]
    values: dict[str, list[Any]] = {
        "case": [cells["Case Number"][at] for at in subject],
        "street": [cells["FullAddress"][at].split(", ")[0] for at in subject],
        "plate": [cells["Registration 1"][at] for at in subject],
        "phone": [_digits(text) for text in cell("Phone", "victim")],
        "phone2": [_digits(text) for text in cell("Phone", "suspect")],
        "dob": [_day(text) for text in cell("DOB", "victim")],
        "dob2": [_day(text) for text in cell("DOB", "suspect")],
        "home": [text and text.split(", ")[0] for text in cell("Home Address", "victim")],
        "email": cell("Email", "victim"),
        "ssn": cell("SSN", "victim"),
        "employer": cell("Employer", "victim"),
        "oln": cell("OLN", "suspect"),
        "origin": origins(county.facts, found.subject[index]),
    }
    records = Records(
        day=found.day[index].astype("datetime64[D]").astype(object).tolist(),
        people={
            "officer": [_officer(cells["Officer of Record"][at]) for at in subject],
            **{role: people(role) for role in ("victim", "suspect", "witness", "relative",
                                               "backup")},
        },
        values=values,
        exact=county.canary.word is not None,
        barred=barred(county.facts, found.subject[index]),
    )  # fmt: skip
    return list(tell([STORIES[story] for story in found.story[index]], records, random))


def _members(found: Cases, index: Ints, rows: Ints) -> dict[str, list[Any]]:
    """Which of ``rows`` plays each part in each case; ``None`` where nobody does."""
    local, role = found.case[rows] - index[0], found.role[rows]
    first = np.searchsorted(local, np.arange(len(index)))
    arrested = found.story[index] == _PROSTITUTION

    def place(*roles: int) -> Ints:
        at = np.full(len(index), -1, np.int64)
        mine = np.flatnonzero(np.isin(role, roles) & (np.arange(len(rows)) != first[local]))
        at[local[mine]] = mine
        return at

    suspect = np.where(arrested, first, place(1, 2))
    parts = {
        "subject": first,
        "victim": np.where(arrested, -1, first),
        "suspect": suspect,
        "witness": place(WITNESS, REPORTER),
        "relative": place(OTHER),
        "backup": place(OFFICER),
    }
    return {name: [None if row < 0 else row for row in at.tolist()] for name, at in parts.items()}


def _listed(column: Column, size: int) -> list[Any]:
    if column is None or isinstance(column, str):
        return [column] * size
    return list(column.to_pylist())


def _digits(text: str | None) -> str | None:
    return re.sub(r"\D", "", text) if text else None


def _day(text: str | None) -> date | None:
    return datetime.strptime(text, "%m/%d/%Y").date() if text else None


def _officer(text: str) -> Person:
    """``Ofc. J. Smith``: initial and family name."""
    given, _, surname = text.removeprefix("Ofc. ").partition(". ")
    return Person(given, surname, female=False, own=True)
