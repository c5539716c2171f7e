"""Which rows of an HMIS delivery may be stored at all.

Decided from a first pass over the identifiers alone (``Organization``, ``Project``, ``Funder``,
``Enrollment`` and, where an agency sends it, ``Consent``), before any row is yielded:

* **Victim service providers** (34 U.S.C. 12291(b)(2); HUD check 139). No row of a project of an
  organisation with ``VictimServiceProvider = 1`` is stored. A flag that is neither 0 nor 1, and a
  project whose organisation is not in the file, count the same: nobody could show that storing
  them is lawful. A client whose enrolments are all at such projects is left out of every table; a
  deleted enrolment elsewhere does not count as being elsewhere.
* **Runaway and homeless youth** (45 CFR 1351.21(a)). The same for enrolments at projects that are
  or were funded by Funder 22 to 26, unless the contract cites a statistical basis or the client's
  consent is on file. The project's own rows are about no person and are kept. A funder that is no
  number counts as RHY; a project without any readable funder counts as RHY only where rows of
  ``Funder`` could not be read.
* An enrolment at a project that is not in ``Project`` proves nothing and is quarantined (HUD check
  10), and so is every row that belongs to no enrolment in the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.formats.consent import scope_covers
from connectors.formats.hmis_keys import KeyIndex, Numbers
from schemas.linkage_faults import CONSENT, NOT_RHY, STATISTICAL

#: HHS runaway and homeless youth programmes in HUD's list 2.06.1.
RHY_FUNDERS = range(22, 27)


class Fate(IntEnum):
    """What becomes of a row; where several apply, the greatest does."""

    ALLOWED = 0
    NO_ENROLLMENT = 1
    NO_PROJECT = 2
    RHY_UNKNOWN = 3
    RHY = 4
    VSP_UNKNOWN = 5
    VSP = 6


#: Never stored; counted.
REFUSED = {
    Fate.RHY_UNKNOWN: "HMIS-RHY-UNKNOWN",
    Fate.RHY: "HMIS-RHY",
    Fate.VSP_UNKNOWN: "HMIS-VSP-UNKNOWN",
    Fate.VSP: "HMIS-VSP",
}
#: Set aside with their row numbers.
QUARANTINED = {Fate.NO_ENROLLMENT: "HMIS-ORPHAN", Fate.NO_PROJECT: "HMIS-010"}

#: How each table's rows are tied to a person's enrolments or to a project. Tables of a contract
#: that stand in none of these cannot be read (``hmis_csv`` refuses the contract).
BY_ENROLLMENT = (
    "Assessment",
    "AssessmentQuestions",
    "AssessmentResults",
    "CurrentLivingSituation",
    "Disabilities",
    "EmploymentEducation",
    "Enrollment",
    "Event",
    "Exit",
    "HealthAndDV",
    "IncomeBenefits",
    "Services",
    "YouthEducationStatus",
)
BY_PROJECT = (
    "Affiliation",
    "CEParticipation",
    "Funder",
    "HMISParticipation",
    "Inventory",
    "Project",
    "ProjectCoC",
)
TIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(BY_ENROLLMENT, ("EnrollmentID", "PersonalID")),
    **dict.fromkeys(BY_PROJECT, ("ProjectID",)),
    "Affiliation": ("ProjectID", "ResProjectID"),
    "Enrollment": ("EnrollmentID", "PersonalID", "ProjectID"),
    "Organization": ("OrganizationID",),
    "Client": ("PersonalID",),
    "Consent": ("PersonalID",),
    "Export": (),  # about the export
    "User": (),  # about staff; every column of it is dropped
}


@dataclass(frozen=True)
class Structure:
    """What the first pass read. ``unreadable`` counts rows that could not be read, by table."""

    organizations: pa.Table
    projects: pa.Table
    funders: pa.Table
    enrollments: pa.Table
    consents: pa.Table | None
    unreadable: Mapping[str, int]


class Lanes:
    """Decides for rows of any table."""

    def __init__(
        self,
        found: Structure,
        *,
        statistical_basis: bool,
        today: date,
        scopes: Collection[str] = (),
        changes_only: bool = False,
    ) -> None:
        self.statistical_basis = statistical_basis and found.consents is None
        self._changes_only = changes_only
        self._organizations = dict(_organization_fates(found.organizations))
        self._projects = dict(self._project_fates(found.projects))
        consents = {} if found.consents is None else _consents(found.consents, today, scopes)
        self._consents = KeyIndex(
            pa.chunked_array([pa.array(list(consents), pa.string())]),
            np.array(list(consents.values()), np.int8),
        )
        funding = self._funding_fates(found)
        self._index_enrollments(found.enrollments, {} if self.statistical_basis else funding)
        self._bases = self._linkage_bases(found.enrollments, funding)
        # An enrolment nobody could read may be the one that shows a client to be of a VSP only.
        blind = bool(found.unreadable.get("Enrollment")) and any(
            fate >= Fate.VSP_UNKNOWN for fate in self._projects.values()
        )
        self._unplaced = Fate.NO_ENROLLMENT if blind else Fate.ALLOWED

    def fates(self, table: str, rows: pa.RecordBatch) -> Numbers:
        """The ``Fate`` of each row; ``rows`` holds the columns ``TIES[table]``."""
        fates = np.zeros(rows.num_rows, np.int8)
        if table in BY_ENROLLMENT:
            fates = self._enrollments.find(rows["EnrollmentID"], Fate.NO_ENROLLMENT)
            fates = np.maximum(fates, self._clients.find(rows["PersonalID"], Fate.ALLOWED))
        if table == "Client":
            fates = self._clients.find(rows["PersonalID"], self._unplaced)
        if table == "Consent":
            fates = self._clients.find(rows["PersonalID"], Fate.ALLOWED)
        if table == "Organization":
            fates = _mapped(rows["OrganizationID"], self._organizations, Fate.VSP_UNKNOWN)
        if table in BY_PROJECT:
            for column in TIES[table]:
                own = _mapped(rows[column], self._projects, Fate.VSP_UNKNOWN)
                fates = np.maximum(fates, own)
        return fates

    def bases(self, persons: pa.Array) -> pa.Array:
        """On what basis each client's stored rows may be linked; one of ``RHY_BASES``.

        ``statistical`` where the rows of a youth are stored on the contract's statistical basis
        alone, and wherever nothing shows that somebody is not such a youth: in an export of changes
        the enrolment that would show it may have been left out.
        """
        elsewhere = np.equal(self._bases.find(persons, _NOTHING), _ELSEWHERE)
        elsewhere &= not (self._changes_only and self.statistical_basis)
        found = np.where(elsewhere, NOT_RHY, STATISTICAL)
        found[self.consented(persons)] = CONSENT
        return pa.array(found, pa.string())

    def consented(self, persons: pa.Array) -> NDArray[np.bool_]:
        """Whether each person's consent is on file and in force."""
        return np.equal(self._consents.find(persons, _NO_CONSENT), _CONSENT)

    def withdrawn(self, rows: pa.RecordBatch, fates: Numbers) -> pa.RecordBatch:
        """Enrolments that may have been stored under a consent withdrawn since.

        Columns ``EnrollmentID`` and ``PersonalID``, the latter blank for a client who is still
        known from elsewhere.
        """
        gone = np.equal(self._consents.find(rows["PersonalID"], _NO_CONSENT), _WITHDRAWN)
        gone &= np.isin(fates, [Fate.RHY, Fate.RHY_UNKNOWN])
        stays = pa.array(self._clients.find(rows["PersonalID"], Fate.ALLOWED) == Fate.ALLOWED)
        persons = pc.if_else(stays, pa.scalar(None, pa.string()), rows["PersonalID"])
        rows = rows.set_column(rows.schema.get_field_index("PersonalID"), "PersonalID", persons)
        return rows.filter(pa.array(gone))

    def _project_fates(self, projects: pa.Table) -> Iterator[tuple[str, Fate]]:
        fates: dict[str, Fate] = {}
        for project, organization in _pairs(projects, "ProjectID", "OrganizationID"):
            fate = self._organizations.get(organization or "", Fate.VSP_UNKNOWN)
            if project:
                fates[project] = max(fate, fates.get(project, fate))
        return iter(fates.items())

    def _funding_fates(self, found: Structure) -> dict[str, Fate]:
        fates: dict[str, Fate] = {}
        for project, funder in _pairs(found.funders, "ProjectID", "Funder"):
            code = _integer(funder)
            fate = Fate.RHY_UNKNOWN if code is None else Fate.ALLOWED
            fate = Fate.RHY if code in RHY_FUNDERS else fate
            fates[project or ""] = max(fate, fates.get(project or "", fate))
        if found.unreadable.get("Funder") or "" in fates:
            for project in self._projects:
                fates.setdefault(project, Fate.RHY_UNKNOWN)
        return fates

    def _linkage_bases(self, enrollments: pa.Table, funding: Mapping[str, Fate]) -> KeyIndex:
        """What a client's enrolments show, the greatest of it: nothing, elsewhere, youth.

        Where no statistical basis holds, rows of youth without consent are not stored; who is
        stored is so for what is elsewhere.
        """
        projects = enrollments["ProjectID"]
        placed = _mapped(projects, self._projects, Fate.NO_PROJECT)
        funded = _mapped(projects, funding, Fate.ALLOWED)
        elsewhere = (placed == Fate.ALLOWED) & (funded == Fate.ALLOWED)
        shown = np.where(elsewhere, _ELSEWHERE, _NOTHING).astype(np.int8)
        if self.statistical_basis:
            shown[(funded > Fate.ALLOWED) | (placed == Fate.NO_PROJECT)] = _YOUTH
        return KeyIndex(enrollments["PersonalID"], shown)

    def _index_enrollments(self, enrollments: pa.Table, funding: Mapping[str, Fate]) -> None:
        persons = enrollments["PersonalID"]
        fates = _mapped(enrollments["ProjectID"], self._projects, Fate.NO_PROJECT)
        funded = _mapped(enrollments["ProjectID"], funding, Fate.ALLOWED)
        funded[self.consented(persons.combine_chunks())] = Fate.ALLOWED
        fates = np.maximum(fates, funded)
        elsewhere = (fates == Fate.ALLOWED) & enrollments["DateDeleted"].is_null().to_numpy()
        self._enrollments = KeyIndex(enrollments["EnrollmentID"], fates)
        placed = KeyIndex(persons, elsewhere.astype(np.int8))
        left_out = np.where(placed.find(persons.combine_chunks(), 0) == 1, Fate.ALLOWED, fates)
        self._clients = KeyIndex(persons, left_out.astype(np.int8))


def _organization_fates(organizations: pa.Table) -> Iterator[tuple[str, Fate]]:
    meaning: dict[int | None, Fate] = {0: Fate.ALLOWED, 1: Fate.VSP}
    fates: dict[str, Fate] = {}
    for organization, flag in _pairs(organizations, "OrganizationID", "VictimServiceProvider"):
        fate = meaning.get(_integer(flag), Fate.VSP_UNKNOWN)
        if organization:
            fates[organization] = max(fate, fates.get(organization, fate))
    return iter(fates.items())


_NO_CONSENT, _WITHDRAWN, _CONSENT = range(3)
_NOTHING, _ELSEWHERE, _YOUTH = range(3)


def _consents(consents: pa.Table, today: date, scopes: Collection[str]) -> dict[str, int]:
    """For each person: a consent that is dated, not expired and not withdrawn since, or a
    withdrawn one.

    A consent without a date of its own or of its end is none; a withdrawal whose date cannot be
    read withdraws everything. Where the file states scopes at all, a consent counts that states one
    of ``scopes``.
    """
    scoped = consents["Scope"].null_count < consents.num_rows
    signed: dict[str, date] = {}
    withdrawn: dict[str, date] = {}
    for row in consents.to_pylist():
        person = row["PersonalID"]
        if not person:
            continue
        if row["WithdrawnDate"]:
            day = _day(row["WithdrawnDate"]) or date.max
            withdrawn[person] = max(day, withdrawn.get(person, day))
        begins, ends = _day(row["SignedDate"]), _day(row["ExpiresDate"])
        covers = not scoped or scope_covers(row["Scope"], scopes)
        if covers and begins and ends and begins <= today <= ends:
            signed[person] = max(begins, signed.get(person, begins))
    in_force = {
        person: _CONSENT
        for person, day in signed.items()
        if person not in withdrawn or withdrawn[person] < day
    }
    return {**dict.fromkeys(withdrawn, _WITHDRAWN), **in_force}


def _mapped(keys: pa.Array | pa.ChunkedArray, fates: Mapping[str, Fate], absent: Fate) -> Numbers:
    """The fate of each key of a short list (projects, organisations); ``absent`` if unlisted."""
    listed = pa.array(list(fates), pa.string())
    numbers = np.array([*fates.values(), absent], np.int8)
    places = pc.index_in(keys, listed).fill_null(len(fates))
    return np.asarray(numbers[places.to_numpy(zero_copy_only=False)])


def _pairs(table: pa.Table, *columns: str) -> Iterable[tuple[str | None, str | None]]:
    first, second = (table[column].to_pylist() for column in columns)
    return zip(first, second, strict=True)


def _integer(text: str | None) -> int | None:
    """A code as a number; some exports write ``1.0``."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _day(text: str | None) -> date | None:
    try:
        return datetime.fromisoformat(text or "").date()
    except ValueError:
        return None
