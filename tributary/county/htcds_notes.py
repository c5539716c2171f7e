"""Notes of the nonprofit's case workers, in the text columns of its sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from tributary.county import rates
from tributary.county.county import County
from tributary.county.narratives import Person, Records, Told, tell
from tributary.county.narratives.agreement import barred, origins
from tributary.county.people import BOTH, FEMALE, LABOUR, NOT_TRAFFICKED, SEX
from tributary.county.seeds import Ints, Mask, chance

#: Column, the kind of story it tells (``None``: by the person) and how many cases have one.
FIELDS: Final = (
    ("cco_CaseComment", None, rates.HTCDS_COMMENT),
    ("cas_IncomingReferralDetails", "referral", rates.HTCDS_DETAILS),
    ("vic_DetailsOfVulnerabilities", "vulnerability", rates.HTCDS_VULNERABILITIES),
    ("spl_Objectives", "objective", rates.HTCDS_OBJECTIVES),
)
_STORIES: Final = {NOT_TRAFFICKED: "note_other", SEX: "note_sex", LABOUR: "note_labour"}


class Notes:
    """A column of notes: one for each of the cases ``rows`` of a batch that have one."""

    def __init__(self, field: str, rows: Ints, stories: Sequence[str], told: list[Told]) -> None:
        self.field, self.rows, self.stories, self.told = field, rows, stories, told

    def cells(self, size: int) -> list[str | None]:
        found: list[str | None] = [None] * size
        for row, one in zip(self.rows.tolist(), self.told, strict=True):
            found[row] = one.text
        return found


def notes(
    county: County,
    random: np.random.Generator,
    person: Ints,
    referred: Sequence[date],
    cells: Mapping[str, Sequence[Any]],
) -> list[Notes]:
    """Of the cases of ``person``, whose fields hold ``cells`` (by system name, marked for a canary
    test)."""
    stories = _stories(county, random, person)
    found = []
    for field, story, rate in FIELDS:
        rows = np.flatnonzero(chance(random, rate, len(person)))
        worker = "cas_ReferringPrimaryCaseWorker" if story == "referral" else "cas_CaseOwner"
        records = _records(county, rows, person, referred, cells, worker)
        kinds = [story or stories[row] for row in rows.tolist()]
        found.append(Notes(field, rows, kinds, list(tell(kinds, records, random))))
    return found


def _stories(county: County, random: np.random.Generator, person: Ints) -> list[str]:
    kind = county.people.kind[person]
    either: Mask = chance(random, 0.5, len(kind))
    kind = np.where(kind == BOTH, np.where(either, SEX, LABOUR), kind)
    return [_STORIES[number] for number in kind.tolist()]


def _records(
    county: County,
    rows: Ints,
    person: Ints,
    referred: Sequence[date],
    cells: Mapping[str, Sequence[Any]],
    worker: str,
) -> Records:
    def column(name: str) -> list[Any]:
        return [cells[name][row] for row in rows.tolist()]

    female = (county.people.sex[person[rows]] == FEMALE).tolist()
    given, surname = column("prs_FirstName"), column("prs_SecondName")
    return Records(
        day=[referred[row] for row in rows.tolist()],
        people={
            "victim": [
                Person(*names, own=True) for names in zip(given, surname, female, strict=True)
            ],
            "worker": [_staff(name) for name in column(worker)],
        },
        values={
            "case": column("cas_CaseNumber"),
            "phone": [number and re.sub(r"\D", "", number) for number in column("prs_MobilePhone")],
            "email": column("prs_Email"),
            "home": column("prs_MailingStreet"),
            "dob": [_day(cell) for cell in column("prs_Birthdate")],
            "org": column("cas_ReferringOrganisation"),
            "origin": origins(county.facts, person[rows]),
        },
        exact=county.canary.word is not None,
        barred=barred(county.facts, person[rows]),
    )


def _staff(name: str) -> Person:
    given, _, surname = name.partition(" ")
    return Person(given, surname, female=True, own=True)


def _day(cell: date | str | None) -> date | None:
    """Some clerks type dates of birth as text."""
    return datetime.strptime(cell, "%d %b %Y").date() if isinstance(cell, str) else cell
