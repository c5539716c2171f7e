"""``core``: pseudonymous records in IC-TIP units (event, victim, perpetrator, reporting entity).

Keys are random (``linkage.source_token`` holds what they stand for) and scoped to the agency.
Every row says which agency, feed and delivery it comes from. ``stale`` marks the last accepted
version of a record whose newest version was quarantined.

Parts of an event or victim go with it, and cannot stand without it. Triggers see to that, once per
statement: foreign keys do it once per row, which took as long as all the rest of a load together.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import Double, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import INDICATOR_KINDS
from warehouse.models import base
from warehouse.models.base import Base, Code, Flag

EXPLOITATION = ("isForcedLabour", "isSexualExploit", "isOtherExploit")
MEANS = (
    "meansDebtBondageEarnings",
    "meansThreats",
    "meansAbusePsyPhySex",
    "meansFalsePromises",
    "meansDrugsAlcohol",
    "meansDenyBasicNeeds",
    "meansExcessiveWorkHours",
    "meansWithholdDocs",
)
LABOUR = (
    "typeOfLabourAgriculture",
    "typeOfLabourConstruction",
    "typeOfLabourDomesticWork",
    "typeOfLabourHospitality",
)
SEX = ("typeOfSexProstitution", "typeOfSexPornography")
RECRUITERS = (
    "recruiterRelationIntimatePartner",
    "recruiterRelationFriend",
    "recruiterRelationFamily",
    "recruiterRelationOther",
)


class ReportingEntity(Base):
    """An agency that delivers, as its contracts describe it."""

    __tablename__ = "reporting_entity"
    __table_args__ = (*base.codes("sector"), {"schema": "core"})

    agency: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    sector: Mapped[str] = mapped_column(Text)
    feeds: Mapped[list[str]] = mapped_column(ARRAY(Text))


class _Origin:
    """Where a row comes from; the loader fills it."""

    agency: Mapped[str] = mapped_column(Text)
    feed: Mapped[str] = mapped_column(Text)
    delivery_id: Mapped[str] = mapped_column(Text)


class Event(_Origin, Base):
    """An incident, an arrest, an enrolment, a case.

    ``trafficking_flagged_not_64x``: 1 where the incident's signals or texts say trafficking and no
    offence of it is 64A or 64B; 0 where one is, or where the texts say nothing of the kind.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index(None, "agency", "feed", "event_month"),
        base.one_of("event_type", base.EVENT_TYPES),
        base.one_of("venue", base.VENUES),
        base.one_of("trafficking_status", base.TRAFFICKING_STATUSES),
        *base.first_of_month("event_month", "end_month"),
        *base.flags(*EXPLOITATION, "trafficking_flagged_not_64x"),
        *base.codes("location_code", "status_decided_by", "referral_source", "service_status"),
        base.long("state", 2),
        base.long("county_fips", 5),
        base.long("zip3", 3),
        base.long("coc_code", 6),
        base.long("h3_cell", 15),
        base.long("CountryOfExploitation", 3),
        *base.not_negative("offender_count", "arrestee_count", "victim_count"),
        {"schema": "core"},
    )

    event_key: Mapped[UUID] = mapped_column(primary_key=True)
    stale: Mapped[bool]
    event_type: Mapped[str] = mapped_column(Text)
    event_month: Mapped[date | None]
    end_month: Mapped[date | None]
    state: Mapped[Code]
    county_fips: Mapped[Code]
    zip3: Mapped[Code]
    coc_code: Mapped[Code]
    h3_cell: Mapped[Code]
    location_code: Mapped[Code]
    venue: Mapped[Code]
    country_of_exploitation: Mapped[Code] = mapped_column("CountryOfExploitation")
    trafficking_status: Mapped[Code]
    status_decided_by: Mapped[Code]
    is_forced_labour: Mapped[Flag] = mapped_column("isForcedLabour")
    is_sexual_exploit: Mapped[Flag] = mapped_column("isSexualExploit")
    is_other_exploit: Mapped[Flag] = mapped_column("isOtherExploit")
    trafficking_flagged_not_64x: Mapped[Flag]
    referral_source: Mapped[Code]
    service_status: Mapped[Code]
    offender_count: Mapped[int | None]
    arrestee_count: Mapped[int | None]
    victim_count: Mapped[int | None]


class Victim(_Origin, Base):
    """A victim, a client, or a minor arrested for what may have been done to them."""

    __tablename__ = "victim"
    __table_args__ = (
        Index(None, "agency", "feed"),
        base.one_of("victim_role", base.VICTIM_ROLES),
        base.one_of("gender", base.GENDERS),
        base.one_of("ageBroad", base.CTDC_AGES),
        base.one_of("age_band", base.FIVE_YEAR_AGES),
        base.one_of("traffickMonths", base.TRAFFICKED_MONTHS),
        *base.codes("race", "ethnicity"),
        base.long("citizenship", 3),
        *base.flags(*EXPLOITATION, *MEANS, *LABOUR, *SEX, *RECRUITERS),
        {"schema": "core"},
    )

    victim_key: Mapped[UUID] = mapped_column(primary_key=True)
    stale: Mapped[bool]
    victim_role: Mapped[str] = mapped_column(Text)
    year_of_registration: Mapped[int | None] = mapped_column("yearOfRegistration")
    gender: Mapped[Code]
    age_broad: Mapped[Code] = mapped_column("ageBroad")
    age_band: Mapped[Code]
    race: Mapped[Code]
    ethnicity: Mapped[Code]
    citizenship: Mapped[Code]
    traffick_months: Mapped[Code] = mapped_column("traffickMonths")
    means_debt_bondage_earnings: Mapped[Flag] = mapped_column("meansDebtBondageEarnings")
    means_threats: Mapped[Flag] = mapped_column("meansThreats")
    means_abuse_psy_phy_sex: Mapped[Flag] = mapped_column("meansAbusePsyPhySex")
    means_false_promises: Mapped[Flag] = mapped_column("meansFalsePromises")
    means_drugs_alcohol: Mapped[Flag] = mapped_column("meansDrugsAlcohol")
    means_deny_basic_needs: Mapped[Flag] = mapped_column("meansDenyBasicNeeds")
    means_excessive_work_hours: Mapped[Flag] = mapped_column("meansExcessiveWorkHours")
    means_withhold_docs: Mapped[Flag] = mapped_column("meansWithholdDocs")
    is_forced_labour: Mapped[Flag] = mapped_column("isForcedLabour")
    is_sexual_exploit: Mapped[Flag] = mapped_column("isSexualExploit")
    is_other_exploit: Mapped[Flag] = mapped_column("isOtherExploit")
    labour_agriculture: Mapped[Flag] = mapped_column("typeOfLabourAgriculture")
    labour_construction: Mapped[Flag] = mapped_column("typeOfLabourConstruction")
    labour_domestic_work: Mapped[Flag] = mapped_column("typeOfLabourDomesticWork")
    labour_hospitality: Mapped[Flag] = mapped_column("typeOfLabourHospitality")
    sex_prostitution: Mapped[Flag] = mapped_column("typeOfSexProstitution")
    sex_pornography: Mapped[Flag] = mapped_column("typeOfSexPornography")
    recruiter_intimate_partner: Mapped[Flag] = mapped_column("recruiterRelationIntimatePartner")
    recruiter_friend: Mapped[Flag] = mapped_column("recruiterRelationFriend")
    recruiter_family: Mapped[Flag] = mapped_column("recruiterRelationFamily")
    recruiter_other: Mapped[Flag] = mapped_column("recruiterRelationOther")


class VictimEvent(_Origin, Base):
    """A victim's part in an event."""

    __tablename__ = "victim_event"
    __table_args__ = (
        Index(None, "event_key"),
        base.one_of("role", base.VICTIM_ROLES),
        base.one_of("ageBroad", base.CTDC_AGES),
        *base.flags("sex_trafficking_indicator", "labour_trafficking_indicator"),
        {"schema": "core"},
    )

    victim_key: Mapped[UUID] = mapped_column(primary_key=True)
    event_key: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    age_broad: Mapped[Code] = mapped_column("ageBroad")
    minor: Mapped[bool | None]
    sex_trafficking_indicator: Mapped[Flag]
    labour_trafficking_indicator: Mapped[Flag]


class Offense(_Origin, Base):
    """An offence of an incident, by its NIBRS code."""

    __tablename__ = "offense"
    __table_args__ = (
        base.long("offense_code", 3),
        *base.codes("location_code"),
        {"schema": "core"},
    )

    event_key: Mapped[UUID] = mapped_column(primary_key=True)
    offense_code: Mapped[str] = mapped_column(Text, primary_key=True)
    attempted: Mapped[bool | None]
    location_code: Mapped[Code]
    criminal_activity: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class EventIndicator(_Origin, Base):
    """What a text about an event says, as a code: with the rule that found it and how likely it is.

    It stands beside what the agency states in columns of its own and never changes that.
    """

    __tablename__ = "event_indicator"
    __table_args__ = (
        base.one_of("kind", INDICATOR_KINDS),
        *base.codes("code", "rule"),
        *base.shares("confidence"),
        {"schema": "core"},
    )

    event_key: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    rule: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float] = mapped_column(Double)


class EventText(_Origin, Base):
    """A text about an event with everything masked that identifies; only where a contract lets it.

    The texts of an event are numbered from 1. A stand-in (``<PERSON_1>``) means the same within one
    text and nothing beyond it.
    """

    __tablename__ = "event_text"
    __table_args__ = (
        base.one_of("kind", base.TEXT_KINDS),
        *base.not_negative("number"),
        *base.texts("redacted"),
        {"schema": "core"},
    )

    event_key: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    redacted: Mapped[str] = mapped_column(Text)


class PerpetratorCount(_Origin, Base):
    """How many offenders or arrestees of one description an event has.

    Counts alone: no suspect is ever keyed or linked, so the table has no key either.
    """

    __tablename__ = "perpetrator_count"
    __table_args__ = (
        Index(None, "event_key"),
        base.one_of("role", base.PERPETRATOR_ROLES),
        base.one_of("gender", base.GENDERS),
        base.one_of("ageBroad", base.CTDC_AGES),
        *base.not_negative("count"),
        {"schema": "core"},
    )

    event_key: Mapped[UUID]
    role: Mapped[str] = mapped_column(Text)
    gender: Mapped[Code]
    age_broad: Mapped[Code] = mapped_column("ageBroad")
    minor: Mapped[bool | None]
    count: Mapped[int]

    __mapper_args__ = {  # noqa: RUF012 - read by SQLAlchemy, never changed
        "primary_key": ["event_key", "role", "gender", "age_broad", "minor"]
    }


class Service(_Origin, Base):
    """A service given within an event, or a referral into or out of it."""

    __tablename__ = "service"
    __table_args__ = (
        Index(None, "event_key"),
        Index(None, "victim_key", postgresql_where=text("victim_key IS NOT NULL")),
        base.one_of("direction", base.DIRECTIONS),
        *base.first_of_month("service_month"),
        *base.codes("service_code"),
        {"schema": "core"},
    )

    event_key: Mapped[UUID]
    victim_key: Mapped[UUID | None]
    service_code: Mapped[str] = mapped_column(Text)
    service_month: Mapped[date | None]
    direction: Mapped[str] = mapped_column(Text)

    __mapper_args__ = {  # noqa: RUF012 - read by SQLAlchemy, never changed
        "primary_key": ["event_key", "victim_key", "service_code", "service_month", "direction"]
    }


class Filing(_Origin, Base):
    """That an agency reported for a month, be it nothing: silence is not safety."""

    __tablename__ = "filing"
    __table_args__ = (
        base.one_of("status", base.FILING_STATUSES),
        *base.first_of_month("reporting_month"),
        *base.codes("unit"),
        {"schema": "core"},
    )

    agency: Mapped[str] = mapped_column(Text, primary_key=True)
    feed: Mapped[str] = mapped_column(Text, primary_key=True)
    unit: Mapped[str] = mapped_column(Text, primary_key=True)
    reporting_month: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(Text)
