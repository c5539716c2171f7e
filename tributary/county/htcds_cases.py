"""The nonprofit's cases: the rows of its sheet, column by column, by label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from tributary.county import htcds_codes as codes
from tributary.county import rates
from tributary.county.county import County
from tributary.county.facts import INDUSTRIES, MEANS, METHODS, SEX_TYPES
from tributary.county.htcds_notes import Notes, notes
from tributary.county.misspell import Style, Written, write_down
from tributary.county.names import given_names, surnames
from tributary.county.people import LABOUR, SEX
from tributary.county.places import COUNTRIES, ORIGIN_STATES, PLACES, STATE
from tributary.county.planted import later
from tributary.county.seeds import Days, Ints, Mask, chance, pick
from tributary.county.text import Column, choose, join, number, serial, where

_ORGANISATIONS: Final = (
    "Ansel County Sheriff",
    "Harbor Youth House",
    "Legal Aid of Ansel",
    "County Hospital",
)


@dataclass
class Caseload:
    """One entry a case, in the order of the sheet; ``consent`` is one of the values below."""

    person: Ints
    referred: Days
    consent: Ints

    def __len__(self) -> int:
        return len(self.person)


#: Values of ``Caseload.consent``.
CONSENTED, NO_CONSENT, UNDATED, EXPIRED = range(4)


def caseload(county: County) -> Caseload:
    """Most victims, some of them twice, and a few people who turn out not to be any."""
    random, people = county.stream("htcds", "cases"), county.people
    rate = np.where(people.victim, rates.HTCDS_CASE, rates.HTCDS_NOT_VICTIM)
    known = np.flatnonzero(chance(random, rate, len(people)))
    again = known[chance(random, 0.03, len(known))]
    person = np.concatenate([known, again])
    referred = county.period.draw(random, len(person))
    referred = later(county, "htcds", referred, people.victim[person])
    order = np.lexsort((person, referred))
    lacks = (rates.NO_CONSENT, rates.UNDATED_CONSENT, rates.EXPIRED_CONSENT)
    consent = pick(random, (1 - sum(lacks), *lacks), len(person))
    return Caseload(person[order], referred[order], consent)


def columns(
    county: County, random: np.random.Generator, cases: Caseload, index: Ints
) -> tuple[dict[str, list[Any]], Written, list[Notes]]:
    """Cells of the cases ``index`` by column label, what was written down about each person, and
    the notes among the cells."""
    person = cases.person[index]
    written = write_down(county.people, person, random, Style(accents=True))
    spelled = chance(random, 0.15, len(index))  # rows filled by a system, with codes
    out = chance(random, 0.35, len(index))  # referred on
    cells: dict[str, Column] = {
        **_who(county, random, written, person, spelled),
        **_what(county, random, person, spelled),
        **_case(county, random, cases, index, spelled, out),
    }
    cells = county.canary.overlay("htcds", "", cells, len(index), codes.DIRECT)
    lists = {name: column.to_pylist() for name, column in cells.items()}
    lists |= _dates(county, random, cases, index, written, out)
    told = notes(county, random, person, lists["cas_IncomingReferralDate"], lists)
    lists |= {column.field: column.cells(len(index)) for column in told}
    return {_label(name): cell for name, cell in lists.items()}, written, told


def _label(name: str) -> str:
    """Cells stand under the labels, as people fill the sheet."""
    known = {
        "prs_MailingStreet": "Mailing Street",
        "prs_MailingCity": "Mailing City",
        "prs_MailingState": "Mailing State/Province",
        "prs_MailingPostalCode": "Mailing Zip/Postal Code",
        "prs_MailingCountry": "Mailing Country",
        "cas_ReasonForOutgoingReferral": "Reason for Outgoing Referral",
        "vic_TraffickingStatusDecisionMakingOrg": "Trafficking Status Decision Making Organization",
    }
    return known[name] if name in known else dict(codes.COLUMNS)[name]


def _choice(options: tuple[tuple[str, str], ...], index: Ints, spelled: Mask) -> pa.Array:
    by_label = choose([label for _, label in options], index)
    return where(spelled, choose([code for code, _ in options], index), by_label)


def _who(
    county: County, random: np.random.Generator, written: Written, person: Ints, spelled: Mask
) -> dict[str, Column]:
    people, size = county.people, len(person)
    gender = np.where(people.diverse[person], 2, people.sex[person])
    citizen = people.citizenship[person]
    country = where(
        spelled,
        choose([c.alpha2 for c in COUNTRIES], citizen),
        choose([c.name for c in COUNTRIES], citizen),
    )
    return {
        "prs_Salutation": choose(["Ms.", "Mr.", None], gender),
        "prs_FirstName": written.given,
        "prs_SecondName": written.surname,
        "prs_Gender": where(
            chance(random, 0.02, size), "NonSpecifiedUnknown", choose(codes.GENDERS, gender)
        ),
        "prs_Citizenship": where(chance(random, 0.04, size), None, country),
        "prs_Email": written.email,
        "prs_HomePhone": where(chance(random, 0.2, size), written.telephone, None),
        "prs_MobilePhone": written.telephone,
        "prs_MailingStreet": written.address,
        "prs_MailingCity": written.town,
        "prs_MailingState": choose([STATE], np.zeros(size, np.int64)),
        "prs_MailingPostalCode": written.zip_code,
        "prs_MailingCountry": choose([COUNTRIES[0].name], np.zeros(size, np.int64)),
    }


def _what(
    county: County, random: np.random.Generator, person: Ints, spelled: Mask
) -> dict[str, Column]:
    facts, size = county.facts, len(person)
    slot = facts.slot[person]
    victim = slot >= 0
    kind = np.where(victim, county.people.kind[person], 0)
    labour, sex = (kind & LABOUR) > 0, (kind & SEX) > 0
    status = np.where(victim, chance(random, 0.3, size).astype(np.int64), 2)
    decider = pick(random, (4, 4, 1, 1), size)
    bits = labour.astype(np.int64) + 2 * sex
    return {
        "vic_TraffickingStatus": _choice(codes.STATUSES, status, spelled),
        "vic_TraffickingStatusDecisionMakingOrg": _choice(codes.DECIDERS, decider, spelled),
        "vic_LocationOfRecruitment": where(
            victim, _origin(facts.origin[slot], facts.origin_state[slot]), None
        ),
        "vic_TypeOfExploitation": where(
            victim, _several(bits, codes.EXPLOITATION[:2], spelled), None
        ),
        **_ways(county, random, slot, (labour, sex), spelled),
        "vic_RelationshipToTrafficker": where(
            victim & chance(random, 0.8, size),
            choose(codes.RELATIONSHIPS, facts.recruiter[slot]),
            None,
        ),
        "vic_AgeWhenTrafficked": where(
            victim & chance(random, 0.7, size),
            number(county.people.age(person, facts.began[slot])),
            None,
        ),
        "vic_CountryOfExploitation": where(victim, pa.scalar(COUNTRIES[0].name), None),
        "vic_MonthsTrafficked": where(
            victim & chance(random, 0.6, size), number(facts.months[slot]), None
        ),
        "vic_LocationOfExploitation": where(
            victim, choose([f"{p.town}, {STATE}" for p in PLACES], county.people.home[person]), None
        ),
    }


def _ways(
    county: County,
    random: np.random.Generator,
    slot: Ints,
    exploited: tuple[Mask, Mask],
    spelled: Mask,
) -> dict[str, Column]:
    """How people were recruited, controlled and exploited; ``exploited``: in labour, in sex."""
    facts, size = county.facts, len(slot)
    victim, (labour, sex) = slot >= 0, exploited
    means = _several(facts.means[slot], tuple(zip(MEANS, codes.MEANS, strict=True)), spelled)
    sex_types = tuple(zip(SEX_TYPES, codes.SEX_TYPES, strict=True))
    methods = tuple(zip(METHODS, codes.METHODS, strict=True))
    industries = tuple(codes.INDUSTRIES[letter] for letter in INDUSTRIES)
    method = _choice(methods, facts.method[slot], spelled)
    industry = _choice(industries, np.maximum(facts.industry[slot], 0), spelled)
    kinds = _several(facts.sex_types[slot], sex_types, spelled)
    return {
        "vic_MethodOfRecruitment": where(victim & chance(random, 0.85, size), method, None),
        "vic_MethodsOfControl": where(victim & chance(random, 0.9, size), means, None),
        "vic_ForcedLabourIndustry": where(labour & chance(random, 0.9, size), industry, None),
        "vic_TypeOfSexExploitation": where(sex & chance(random, 0.9, size), kinds, None),
    }


def _origin(country: Ints, state: Ints) -> pa.Array:
    """Where someone was recruited: a state of the Union, or a country."""
    at_home = choose([*ORIGIN_STATES, None], state % (len(ORIGIN_STATES) + 1))
    return where(state >= 0, at_home, choose([c.name for c in COUNTRIES], country))


def _several(bits: Ints, options: tuple[tuple[str, str], ...], spelled: Mask) -> pa.Array:
    """Multi-select cells, ``;`` between; null where nothing was chosen. Each distinct set once."""
    distinct, inverse = np.unique(bits, return_inverse=True)
    texts: list[list[str | None]] = []
    for part in (1, 0):
        chosen = [
            [o[part] for i, o in enumerate(options) if value >> i & 1]
            for value in distinct.tolist()
        ]
        texts.append([";".join(names) or None for names in chosen])
    return where(spelled, choose(texts[1], inverse), choose(texts[0], inverse))


def _case(
    county: County,
    random: np.random.Generator,
    cases: Caseload,
    index: Ints,
    spelled: Mask,
    out: Mask,
) -> dict[str, Column]:
    size = len(index)
    closed = pick(random, (5, 2, 3), size)
    worker = _workers(county, random, size)
    reason = choose(codes.REASONS, pick(random, (7, 2, 1), size))
    sender = pick(random, (4, 3, 2, 2), size)
    year = cases.referred[index].astype("datetime64[Y]").astype(int) + 1970
    usual = join(pa.scalar("SP"), number(year), number(index + 1, 5), by="-")
    marked = county.canary.prefix("", "HCASE")
    return {
        "cas_CaseNumber": serial(marked, index + 1) if marked else usual,
        "cas_CaseOwner": worker,
        "cas_Status": _choice(codes.CASE_STATUSES, closed, spelled),
        "cas_ReferringOrganisation": choose(_ORGANISATIONS, sender),
        "cas_ReferringOrganisationType": _choice(codes.ORGANISATION_TYPES, sender, spelled),
        "cas_ReferringPrimaryCaseWorker": _workers(county, random, size),
        "cas_ReasonForIncomingReferral": reason,
        "cas_ReferredOrganisation": where(
            out, choose(_ORGANISATIONS, pick(random, (1, 2, 4, 3), size)), None
        ),
        "cas_ReferredPrimaryCaseWorker": where(out, _workers(county, random, size), None),
        "cas_ReasonForOutgoingReferral": where(out, reason, None),
        "cas_ReasonForCaseClosure": where(closed == 2, pa.scalar("Goals reached"), None),
    }


def _workers(county: County, random: np.random.Generator, size: int) -> pa.Array:
    """One of 15 case workers."""
    staff = county.stream("htcds", "workers")
    given = given_names().names.take(pa.array(staff.integers(0, len(given_names().names), 15)))
    surname = surnames().names.take(pa.array(staff.integers(0, len(surnames().names), 15)))
    return join(given, surname, by=" ").take(pa.array(random.integers(0, 15, size)))


def _dates(
    county: County,
    random: np.random.Generator,
    cases: Caseload,
    index: Ints,
    written: Written,
    out: Mask,
) -> dict[str, list[Any]]:
    """Date cells as dates, some birth dates as text; and the consent itself."""
    size, referred, consent = len(index), cases.referred[index], cases.consent[index]
    signed = referred + random.integers(0, 5, size)
    expires = signed + random.integers(36, 42, size) * 30
    expires = np.where(consent == EXPIRED, np.minimum(signed + 60, county.period.end - 1), expires)
    nothing = np.datetime64("NaT")
    born = county.canary.born_days(written.born, county.minor(cases.person[index]))
    yes = choose(["Yes", "TRUE", "x"], pick(random, (8, 1, 1), size))
    no = choose(["No", None], pick(random, (1, 1), size))
    return {
        "con_Consent": where(consent == NO_CONSENT, no, yes).to_pylist(),
        "con_ConsentDate": _days(
            np.where(np.isin(consent, (NO_CONSENT, UNDATED)), nothing, signed)
        ),
        "con_ConsentExpiry": _days(np.where(consent == NO_CONSENT, nothing, expires)),
        "prs_Birthdate": _days(born, chance(random, 0.05, size)),
        "cas_IncomingReferralDate": _days(referred),
        "cas_OutgoingReferralDate": _days(
            np.where(out, referred + random.integers(1, 60, size), nothing)
        ),
    }


def _days(days: Days, as_text: Mask | None = None) -> list[Any]:
    """Dates as ``date``; where ``as_text``, as the text a clerk types."""
    cells: list[Any] = days.astype("datetime64[D]").tolist()
    if as_text is not None:
        for row in np.flatnonzero(as_text & ~np.isnat(days)).tolist():
            cells[row] = cells[row].strftime("%d %b %Y")
    return cells
