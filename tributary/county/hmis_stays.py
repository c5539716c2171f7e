"""Enrollment.csv and Exit.csv: where clients stayed, and what youth said at exit (R15, R16)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tributary.county import rates
from tributary.county.hmis import UNKNOWN, Hmis, date_or_blank, five_point, options
from tributary.county.hmis_sites import KIND, RHY
from tributary.county.people import LABOUR, SEX
from tributary.county.places import COC
from tributary.county.seeds import Ints, Mask, chance
from tributary.county.text import Column, code, day, where

#: Weights of the commonest codes, after HUD's sample; 335 and 336: with family, with friends.
_LIVING = {116: 30, 101: 24, 336: 13, 335: 8, 314: 5, 206: 4, 410: 4, 207: 2, 215: 2, 99: 3}
_LENGTH = {2: 22, 11: 21, 10: 15, 3: 14, 4: 10, 5: 8, 8: 1, 9: 1, 99: 1}
_TIMES = {1: 37, 4: 28, 2: 18, 3: 10, 8: 1, 99: 1}
_MONTHS = {101: 30, 113: 28, 102: 10, 103: 7, 106: 5, 104: 5, 112: 4, 105: 3, 99: 1}
_REFERRAL = {1: 18, 2: 16, 7: 12, 28: 8, 30: 16, 34: 8, 35: 10, 38: 6, 39: 4, 99: 2}
_DESTINATION = {
    410: 20,
    116: 14,
    312: 10,
    313: 8,
    435: 12,
    101: 12,
    302: 4,
    207: 2,
    215: 2,
    314: 3,
    332: 1,
}
_DESTINATION_UNKNOWN = {30: 14, 99: 4, 8: 2, 17: 1}


def enrollment_columns(
    hmis: Hmis, random: np.random.Generator, stay: Ints, deleted: Mask
) -> dict[str, Column]:
    """One row a stay."""
    stays, rows = hmis.stays, len(stay)
    head = stays.leader[stay] == stay
    minor, site = stays.minor[stay], stays.site[stay]
    asked = head | ~minor
    relation = np.where(minor, 2, options(random, {3: 6, 4: 2, 5: 1}, rows))
    moved_in = np.isin(KIND[site], (3, 13)) & chance(random, 0.6, rows)
    columns: dict[str, Column] = {
        **hmis.keys(stay),
        "ProjectID": hmis.project_id(stay),
        "EntryDate": day(stays.entry[stay]),
        "HouseholdID": hmis.household_id(stay),
        "RelationshipToHoH": pa.array(np.where(head, 1, relation)),
        "EnrollmentCoC": where(head, pa.scalar(COC), pa.scalar(None, pa.string())),
        "LivingSituation": code(options(random, _LIVING, rows), asked),
        "LengthOfStay": code(options(random, _LENGTH, rows), asked),
        "DateToStreetESSH": date_or_blank(stays.entry[stay] - random.integers(0, 400, rows), asked),
        "TimesHomelessPastThreeYears": code(options(random, _TIMES, rows), asked),
        "MonthsHomelessPastThreeYears": code(options(random, _MONTHS, rows), asked),
        "DisablingCondition": pa.array(five_point(random, 0.53, 0.01, rows)),
        "DateOfEngagement": date_or_blank(stays.entry[stay] + 3, KIND[site] == 4),
        "MoveInDate": date_or_blank(stays.entry[stay] + 5, moved_in & head),
        **_youth(random, RHY[site], rows),
        **hmis.tail(random, stays.entry[stay], deleted),
    }
    if hmis.version == "2024":
        columns |= _only_2024(random, RHY[site], rows)
    return columns


def _youth(random: np.random.Generator, rhy: Mask, rows: int) -> dict[str, Column]:
    """Elements asked in Runaway and Homeless Youth projects only."""
    welfare, justice = five_point(random, 0.3, 0.05, rows), five_point(random, 0.18, 0.05, rows)
    return {
        "ReferralSource": code(options(random, _REFERRAL, rows), rhy),
        "EligibleForRHY": code(np.ones(rows, np.int64), rhy),
        "RunawayYouth": code(five_point(random, 0.4, 0.05, rows), rhy),
        "FormerWardChildWelfare": code(welfare, rhy),
        "ChildWelfareYears": code(options(random, {1: 3, 2: 4, 3: 3}, rows), rhy & (welfare == 1)),
        "FormerWardJuvenileJustice": code(justice, rhy),
        "JuvenileJusticeYears": code(
            options(random, {1: 5, 2: 4, 3: 1}, rows), rhy & (justice == 1)
        ),
        "IncarceratedParent": code(five_point(random, 0.15, 0.05, rows), rhy),
    }


def _only_2024(random: np.random.Generator, rhy: Mask, rows: int) -> dict[str, Column]:
    return {
        "SexualOrientation": code(
            options(random, {1: 80, 2: 5, 3: 5, 4: 6, 5: 1, 99: 3}, rows), rhy
        ),
        "TranslationNeeded": pa.array(five_point(random, 0.06, 0.03, rows)),
        "PreferredLanguage": code(options(random, {171: 1}, rows), chance(random, 0.5, rows)),
    }


def exit_columns(
    hmis: Hmis, random: np.random.Generator, stay: Ints, deleted: Mask
) -> dict[str, Column]:
    """One row a stay that has ended."""
    stays, rows = hmis.stays, len(stay)
    left, rhy = stays.exit[stay], RHY[stays.site[stay]]
    known = chance(random, 0.72, rows)
    destination = np.where(
        known, options(random, _DESTINATION, rows), options(random, _DESTINATION_UNKNOWN, rows)
    )
    return {
        "ExitID": hmis.row_id("X", stay),
        **hmis.keys(stay),
        "ExitDate": day(left),
        "Destination": pa.array(destination),
        "DestinationSubsidyType": code(
            options(random, {431: 8, 420: 5, 433: 2}, rows), destination == 435
        ),
        "OtherDestination": where(
            destination == 17, pa.scalar("Other"), pa.scalar(None, pa.string())
        ),
        "ProjectCompletionStatus": code(options(random, {1: 5, 2: 4, 3: 1}, rows), rhy),
        **_exploitation(hmis, random, stays.person[stay], rhy),
        **_safety(random, rhy, rows),
        **hmis.tail(random, left, deleted),
    }


def _exploitation(
    hmis: Hmis, random: np.random.Generator, person: Ints, rhy: Mask
) -> dict[str, Column]:
    """R15 and R16. Follow-up questions are asked only after a yes."""
    rows, kind = len(person), hmis.county.people.kind[person]
    sex = ((kind & SEX) > 0) & chance(random, rates.RHY_TELLS, rows)
    labour = ((kind & LABOUR) > 0) & chance(random, rates.RHY_TELLS, rows)
    exchange = five_point(random, sex, rates.RHY_UNKNOWN, rows)
    violence = five_point(random, labour & chance(random, 0.6, rows), rates.RHY_UNKNOWN, rows)
    promise = five_point(random, labour & chance(random, 0.8, rows), rates.RHY_UNKNOWN, rows)
    told, worked = rhy & (exchange == 1), rhy & ((violence == 1) | (promise == 1))
    asked = five_point(random, 0.7, 0.05, rows)
    coerced = five_point(random, 0.65, 0.05, rows)
    recent = five_point(random, 0.4, 0.05, rows)
    counted = np.where(
        chance(random, 0.1, rows), UNKNOWN[0], options(random, {1: 4, 2: 3, 3: 2, 4: 3}, rows)
    )
    return {
        "ExchangeForSex": code(exchange, rhy),
        "ExchangeForSexPastThreeMonths": code(recent, told),
        "CountOfExchangeForSex": code(counted, told & (recent == 1)),
        "AskedOrForcedToExchangeForSex": code(asked, told),
        "AskedOrForcedToExchangeForSexPastThreeMonths": code(recent, told & (asked == 1)),
        "WorkplaceViolenceThreats": code(violence, rhy),
        "WorkplacePromiseDifference": code(promise, rhy),
        "CoercedToContinueWork": code(coerced, worked),
        "LaborExploitPastThreeMonths": code(recent, worked),
    }


def _safety(random: np.random.Generator, rhy: Mask, rows: int) -> dict[str, Column]:
    counselled = rhy & chance(random, 0.5, rows)
    return {
        "CounselingReceived": code(counselled.astype(np.int64), rhy),
        "IndividualCounseling": code(five_point(random, 0.8, 0.0, rows), counselled),
        "SessionCountAtExit": code(random.integers(1, 12, rows), counselled),
        "DestinationSafeClient": code(five_point(random, 0.7, 0.1, rows), rhy),
        "DestinationSafeWorker": code(options(random, {1: 7, 0: 2, 2: 1}, rows), rhy),
        "PosAdultConnections": code(options(random, {1: 7, 0: 2, 2: 1}, rows), rhy),
    }
