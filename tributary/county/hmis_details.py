"""The HMIS files with several rows a stay: health, income, services, contacts, assessments.

Each entry of ``DETAILS`` says how many rows a stay has and what stands in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tributary.county import rates
from tributary.county.hmis import Hmis, five_point, options
from tributary.county.hmis_sites import KIND, RHY
from tributary.county.seeds import Ints, Mask, chance
from tributary.county.text import Column, code, day, serial

#: HUD's disability types; 8 is HIV, 10 substance use.
_DISABILITIES = (5, 6, 7, 8, 9, 10)


@dataclass
class Detail:
    """Rows of one file in one batch: the stay each belongs to, and its number within the stay."""

    hmis: Hmis
    random: np.random.Generator
    row: Ints
    stay: Ints
    nth: Ints

    @property
    def rows(self) -> int:
        return len(self.row)

    @property
    def site_kind(self) -> Ints:
        return np.asarray(KIND[self.hmis.stays.site[self.stay]])

    @property
    def rhy(self) -> Mask:
        return np.asarray(RHY[self.hmis.stays.site[self.stay]])

    def columns(self, name: str, **more: Column) -> dict[str, Column]:
        """The row id ``name``, the stay's keys, entry information and the closing columns."""
        when = self.hmis.stays.entry[self.stay]
        return {
            name: self.hmis.row_id(name[:2].upper(), self.row),
            **self.hmis.keys(self.stay),
            **more,
            **self.hmis.tail(self.random, when),
        }

    def at_entry(self, name: str, **more: Column) -> dict[str, Column]:
        when = day(self.hmis.stays.entry[self.stay])
        return self.columns(name, InformationDate=when, DataCollectionStage=1, **more)

    def spread(self) -> pa.Array:
        """A day within the stay."""
        stays = self.hmis.stays
        last = np.where(np.isnat(stays.exit), self.hmis.county.period.last, stays.exit)[self.stay]
        length = np.maximum(0, (last - stays.entry[self.stay]).astype(int))
        offset = np.minimum(self.nth * 3, length)
        return day(stays.entry[self.stay] + offset.astype("timedelta64[D]"))


def _health(detail: Detail) -> dict[str, Column]:
    random, rows = detail.random, detail.rows
    survivor = five_point(random, float(rates.DV_SURVIVOR), 0.01, rows)
    yes = survivor == 1
    return detail.at_entry(
        "HealthAndDVID",
        DomesticViolenceSurvivor=pa.array(survivor),
        WhenOccurred=code(options(random, {4: 43, 1: 36, 3: 10, 2: 9, 99: 2}, rows), yes),
        CurrentlyFleeing=code(five_point(random, 0.33, 0.02, rows), yes),
        GeneralHealthStatus=code(options(random, {1: 2, 2: 3, 3: 4, 4: 3, 5: 1}, rows), detail.rhy),
        PregnancyStatus=code(five_point(random, 0.06, 0.03, rows), detail.rhy),
    )


def _disabilities(detail: Detail) -> dict[str, Column]:
    random, rows = detail.random, detail.rows
    kind = np.array(_DISABILITIES)[detail.nth]
    yes = chance(random, np.where(kind == 9, 0.35, np.where(kind == 8, 0.01, 0.15)), rows)
    substance = np.where(kind == 10, options(random, {1: 4, 2: 4, 3: 2}, rows), 1)
    return detail.at_entry(
        "DisabilitiesID",
        DisabilityType=pa.array(kind),
        DisabilityResponse=pa.array(np.where(yes, substance, 0)),
        IndefiniteAndImpairs=code(five_point(random, 0.8, 0.03, rows), yes),
    )


def _income(detail: Detail) -> dict[str, Column]:
    random, rows = detail.random, detail.rows
    some, earned = chance(random, 0.55, rows), chance(random, 0.45, rows)
    amount = random.integers(20, 260, rows) * 10
    insured = chance(random, 0.75, rows)
    money = {
        "IncomeFromAnySource": pa.array(some.astype(np.int64)),
        "TotalMonthlyIncome": code(amount, some),
        "Earned": code((some & earned).astype(np.int64), some),
        "EarnedAmount": code(amount, some & earned),
        "BenefitsFromAnySource": pa.array(chance(random, 0.5, rows).astype(np.int64)),
        "InsuranceFromAnySource": pa.array(insured.astype(np.int64)),
        "Medicaid": pa.array(insured.astype(np.int64)),
    }
    return detail.at_entry("IncomeBenefitsID", **money)


def _services(detail: Detail) -> dict[str, Column]:
    random, rows = detail.random, detail.rows
    rhy = options(
        random, {2: 2, 5: 4, 6: 4, 7: 3, 8: 6, 14: 4, 17: 1, 18: 1, 26: 1, 28: 1, 29: 2}, rows
    )
    return detail.columns(
        "ServicesID",
        DateProvided=detail.spread(),
        RecordType=pa.array(np.where(detail.rhy, 142, 200)),
        TypeProvided=pa.array(np.where(detail.rhy, rhy, 200)),
    )


def _living(detail: Detail) -> dict[str, Column]:
    situation = options(
        detail.random, {116: 60, 101: 15, 336: 8, 335: 5, 314: 6, 37: 4, 99: 2}, detail.rows
    )
    return detail.columns(
        "CurrentLivingSitID",
        InformationDate=detail.spread(),
        CurrentLivingSituation=pa.array(situation),
        LocationDetails=pa.array(["Seen near the usual place"] * detail.rows, pa.string()),
    )


def _employment(detail: Detail) -> dict[str, Column]:
    random, rows = detail.random, detail.rows
    employed = five_point(random, 0.3, 0.03, rows)
    return detail.at_entry(
        "EmploymentEducationID",
        LastGradeCompleted=pa.array(options(random, {3: 2, 4: 6, 5: 4, 7: 1, 10: 1, 99: 1}, rows)),
        SchoolStatus=pa.array(options(random, {1: 5, 2: 3, 3: 2, 5: 4, 6: 1, 99: 1}, rows)),
        Employed=pa.array(employed),
        EmploymentType=code(options(random, {1: 2, 2: 5, 3: 3}, rows), employed == 1),
        NotEmployedReason=code(options(random, {1: 6, 2: 2, 3: 2}, rows), employed == 0),
    )


def _school(detail: Detail) -> dict[str, Column]:
    random, rows = detail.random, detail.rows
    attends = options(random, {0: 4, 1: 2, 2: 4, 99: 1}, rows)
    return detail.at_entry(
        "YouthEducationStatusID",
        CurrentSchoolAttend=pa.array(attends),
        MostRecentEdStatus=code(options(random, {0: 3, 1: 1, 2: 5, 3: 1}, rows), attends == 0),
        CurrentEdStatus=code(options(random, {0: 8, 1: 1, 4: 1}, rows), np.isin(attends, (1, 2))),
    )


def _assessment(detail: Detail) -> dict[str, Column]:
    random, rows = detail.random, detail.rows
    columns = detail.columns(
        "AssessmentID",
        AssessmentDate=day(detail.hmis.stays.entry[detail.stay]),
        AssessmentLocation="Coordinated Entry Desk",
        AssessmentType=pa.array(options(random, {3: 6, 1: 3, 2: 1}, rows)),
        AssessmentLevel=pa.array(options(random, {1: 1, 2: 1}, rows)),
        PrioritizationStatus=pa.array(options(random, {1: 2, 2: 1}, rows)),
    )
    return columns | {"AssessmentID": _assessment_id(detail)}


def _assessment_id(detail: Detail) -> pa.Array:
    return serial(detail.hmis.prefixes["row"] + "AS", detail.stay + 1)


def _questions(detail: Detail) -> dict[str, Column]:
    return detail.columns(
        "AssessmentQuestionID",
        AssessmentID=_assessment_id(detail),
        AssessmentQuestionGroup="Safety",
        AssessmentQuestionOrder=pa.array(detail.nth + 1),
        AssessmentQuestion="Do you feel safe where you sleep",
        AssessmentAnswer="No",
    )


def _results(detail: Detail) -> dict[str, Column]:
    return detail.columns(
        "AssessmentResultID",
        AssessmentID=_assessment_id(detail),
        AssessmentResultType="Total",
        AssessmentResult="7",
    )


def _event(detail: Detail) -> dict[str, Column]:
    random, rows = detail.random, detail.rows
    when = day(detail.hmis.stays.entry[detail.stay])
    kind = options(random, {10: 4, 13: 3, 14: 2, 11: 1}, rows)
    result = options(random, {1: 5, 2: 2, 3: 2}, rows)
    return detail.columns(
        "EventID",
        EventDate=when,
        Event=pa.array(kind),
        ReferralResult=pa.array(result),
        ResultDate=when,
    )


@dataclass(frozen=True)
class Kind:
    """``repeats(hmis, random)`` gives the number of rows of every stay."""

    repeats: Callable[[Hmis, np.random.Generator], Ints]
    columns: Callable[[Detail], dict[str, Column]]


def _where(
    mask_of: Callable[[Hmis], Mask], most: int = 1
) -> Callable[[Hmis, np.random.Generator], Ints]:
    """1 to ``most`` rows for every stay where the mask is true, none elsewhere."""

    def repeats(hmis: Hmis, random: np.random.Generator) -> Ints:
        mask = mask_of(hmis)
        return np.where(mask, random.integers(1, most + 1, len(mask)), 0)

    return repeats


def _everyone(hmis: Hmis) -> Mask:
    return np.ones(len(hmis.stays.of), np.bool_)


def _adults(hmis: Hmis) -> Mask:
    return ~hmis.stays.minor


def _rhy(hmis: Hmis) -> Mask:
    return np.asarray(RHY[hmis.stays.site])


def _entry_desk(hmis: Hmis) -> Mask:
    return np.asarray(KIND[hmis.stays.site] == 14)


def _outreach(hmis: Hmis) -> Mask:
    return np.isin(KIND[hmis.stays.site], (4, 14))


def _served(hmis: Hmis) -> Mask:
    return np.asarray(_rhy(hmis) | (KIND[hmis.stays.site] == 1))


def _six(hmis: Hmis, _: np.random.Generator) -> Ints:
    return np.full(len(hmis.stays.of), len(_DISABILITIES), np.int64)


def _two_at_desk(hmis: Hmis, _: np.random.Generator) -> Ints:
    return np.where(_entry_desk(hmis), 2, 0)


DETAILS: dict[str, Kind] = {
    "HealthAndDV": Kind(_where(_everyone), _health),
    "Disabilities": Kind(_six, _disabilities),
    "IncomeBenefits": Kind(_where(_adults), _income),
    "Services": Kind(_where(_served, most=6), _services),
    "CurrentLivingSituation": Kind(_where(_outreach, most=3), _living),
    "EmploymentEducation": Kind(_where(_rhy), _employment),
    "YouthEducationStatus": Kind(_where(_rhy), _school),
    "Assessment": Kind(_where(_entry_desk), _assessment),
    "AssessmentQuestions": Kind(_two_at_desk, _questions),
    "AssessmentResults": Kind(_where(_entry_desk), _results),
    "Event": Kind(_where(_entry_desk), _event),
}
