"""A feed's contract as frozen objects. ``schemas.odcs`` builds them from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from schemas.errors import ContractError
from schemas.release import ReleaseOptions
from schemas.vocabulary import AGGREGATE_LANE, COUNTS_FORMAT, TEXT_OPERATORS


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Deidentification:
    """What happens to a field before anything leaves the agency node."""

    operator: str
    parameters: Mapping[str, Any] = field(default_factory=_nothing)


@dataclass(frozen=True)
class Lookup:
    """A field filled on the agency node from another table of the same delivery.

    Needed where a decision spans tables: the age at exit needs the date of birth, which HMIS keeps
    in ``Client``. The looked-up value lives in the raw zone only.
    """

    table: str
    key: str
    column: str


@dataclass(frozen=True)
class Field:
    """One field of a delivery and the decision about it.

    ``invalid`` says what a value that breaks a check does: ``quarantine`` sets the row aside,
    ``blank`` keeps the row and makes the value unknown (reported as a warning).
    ``rules`` maps a check kind (``required``, ``codes``, ``date``, ...) to a rule code other than
    the generic one, where the field's publisher has a number of its own for it.
    ``copy_of`` names the field of the same row whose values this one takes, so that one column can
    leave in two forms. ``identifies`` says what is looked for in the texts of the record (a word of
    ``IDENTIFIER_KINDS``).
    """

    name: str
    logical_type: str
    classification: str
    deidentification: Deidentification
    description: str = ""
    required: bool = False
    unique: bool = False
    primary_key: bool = False
    output: str = ""
    aliases: tuple[str, ...] = ()
    codes: str | None = None
    pattern: str | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    formats: tuple[str, ...] = ()
    invalid: str = "quarantine"
    rules: Mapping[str, str] = field(default_factory=_nothing)
    lookup: Lookup | None = None
    copy_of: str | None = None
    identifies: str | None = None

    @property
    def source(self) -> str:
        """The column whose values the field takes."""
        return self.copy_of or self.name

    @property
    def delivered(self) -> bool:
        """Whether it is a column of its own, neither looked up nor a copy."""
        return self.lookup is None and self.copy_of is None

    @property
    def only_identifies(self) -> bool:
        """Whether it serves nothing but to be masked in texts: a delivery may well lack it."""
        return self.dropped and self.identifies is not None

    @property
    def dropped(self) -> bool:
        return self.deidentification.operator == "drop"


@dataclass(frozen=True)
class Table:
    """One table (file, segment level, sheet) of a delivery.

    ``record`` names the fields that bind rows of several tables into one record that stands or
    falls whole (a NIBRS incident). ``loads`` names the ``core`` table that must receive exactly one
    row per accepted row; the loader refuses a mapping that loses or doubles any.
    """

    name: str
    fields: tuple[Field, ...]
    description: str = ""
    presence: str = "required"
    record: tuple[str, ...] = ()
    loads: str | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return MappingProxyType({one.name: one for one in self.fields})

    @property
    def kept(self) -> tuple[Field, ...]:
        """Fields that leave the privacy step in some form."""
        return tuple(one for one in self.fields if not one.dropped)

    @property
    def texts(self) -> tuple[Field, ...]:
        """Fields whose text is read as such: redacted, or searched for indicators."""
        return tuple(one for one in self.fields if one.deidentification.operator in TEXT_OPERATORS)

    @property
    def redacts(self) -> bool:
        """Whether text leaves: what identifies is then looked for in it."""
        return any(one.deidentification.operator == "redact" for one in self.fields)

    @property
    def identifying(self) -> tuple[Field, ...]:
        """Fields that hold what is looked for in texts."""
        return tuple(one for one in self.fields if one.identifies not in (None, "nothing"))

    @property
    def primary_key(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.fields if one.primary_key)


@dataclass(frozen=True)
class Agreement:
    """The data sharing agreement a feed stands on.

    Attributes:
        expires: the last day on which it holds.
        terminated: the first day on which it no longer holds, where a party ended it before.
        grace_days: how long the feed's rows are kept after its end; analysts no longer see them.
    """

    id: str
    expires: date
    terminated: date | None = None
    grace_days: int = 30

    @property
    def last_day(self) -> date:
        """The last day on which the agreement holds."""
        if self.terminated is None:
            return self.expires
        return min(self.expires, self.terminated - timedelta(days=1))

    def holds(self, day: date) -> bool:
        return day <= self.last_day


@dataclass(frozen=True)
class Schedule:
    """When deliveries are looked for (cron, UTC) and how old the newest may become."""

    cron: str
    deadline_hours: int


@dataclass(frozen=True)
class Retention:
    """How long each form of a delivery is kept, in days."""

    landing_days: int
    deidentified_days: int
    core_days: int


@dataclass(frozen=True)
class Thresholds:
    """Limits beyond which a whole delivery is refused, or its deletes are not believed.

    Shares are fractions of the rows of the table concerned (0 to 1).
    """

    max_quarantined_share: float
    max_delete_share: float
    min_rows: int


@dataclass(frozen=True)
class Linkage:
    """What of a feed is encoded for linkage, and by what right; nothing where a contract has none.

    Attributes:
        schema: the linkage schema the agencies agreed on (``schemas/linkage_schemas``).
        epochs: versions of the linkage keys, newest first; two while a rotation lasts, and each row
            is encoded under either.
        unit: table of ``core`` the persons become units of: ``victim``.
        table: table of the delivery whose rows are persons.
        token: output column that names a person there.
        basis: legal basis of linking them.
        fields: field of the linkage schema to field of the table; those left out are unknown.
        where: field to the values its rows must have to be encoded; None is a blank. Who may not be
            linked is kept out here, besides the lane.
        consent: where the lane is one of consent: the words of the release that cover linkage.
    """

    schema: str
    epochs: tuple[str, ...]
    unit: str
    table: str
    token: str
    basis: str
    fields: Mapping[str, str]
    where: Mapping[str, tuple[str | None, ...]] = field(default_factory=_nothing)
    consent: str | None = None


@dataclass(frozen=True)
class Publication:
    """What published tables must know of a feed.

    Attributes:
        state, county: where the agency answers (USPS code, county FIPS), for records that do not
            say where something happened; blank where it is no single place.
        public: the records are published by somebody else anyway (the FBI publishes NIBRS), so that
            nobody is given away by a cell that comes from this source alone.
        deconfliction: the agreement allows telling another police agency, blindly, that it knows
            the same person.
    """

    state: str = ""
    county: str = ""
    public: bool = False
    deconfliction: bool = False


@dataclass(frozen=True)
class Contract:
    """One feed of one agency. ``digest`` is the SHA-256 of the contract and its mapping.

    ``units`` names, for each unit of ``core`` (event, victim), the fields (``table.field``) whose
    pseudonyms are its tokens: what the agency itself calls the record, by which it is expunged.
    """

    name: str
    version: str
    agency: str
    agency_name: str
    sector: str
    format: str
    lane: str
    custody: str
    profile: str
    legal_basis: str
    agreement: Agreement
    schedule: Schedule
    retention: Retention
    thresholds: Thresholds
    key_epoch: str
    tables: tuple[Table, ...]
    digest: str
    mapping_sql: str
    options: Mapping[str, Any] = field(default_factory=_nothing)
    units: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)
    statistical_basis: str | None = None
    publication: Publication = Publication()
    release: ReleaseOptions = field(default_factory=ReleaseOptions)
    linkage: Linkage | None = None
    description: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Table]:
        return MappingProxyType({table.name: table for table in self.tables})

    @property
    def may_deconflict(self) -> bool:
        """Whether the agency may learn, blindly, which other police agency knows a person.

        Never a service provider, and never rows that are there by consent: it was given for
        another purpose.
        """
        police = self.sector == "law_enforcement" and self.lane == "row_level"
        return police and self.publication.deconfliction

    def table(self, name: str) -> Table:
        try:
            return self.by_name[name]
        except KeyError:
            raise ContractError(f"contract {self.name} has no table {name}") from None

    def require_in_force(self, today: date) -> None:
        """Raise ``ContractError`` once the agreement has ended."""
        if not self.agreement.holds(today):
            raise ContractError(
                f"contract {self.name}: agreement {self.agreement.id} ended on "
                f"{self.agreement.last_day.isoformat()}; nothing is taken in until it is "
                "renewed and `agreement` in the contract is updated"
            )

    def require_rows(self) -> None:
        """Raise ``ContractError`` where rows of persons would come in by the lane of counts."""
        if self.lane == AGGREGATE_LANE and self.format != COUNTS_FORMAT:
            raise ContractError(
                f"contract {self.name}: the lane is {AGGREGATE_LANE}, so rows of persons are not "
                "taken, in any encoding; nothing was stored. Send unduplicated counts"
            )
