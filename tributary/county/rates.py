"""Every rate the invented county is drawn with, and where each one comes from.

"Assumption" marks what no source gives; such a rate is chosen so that a small county (2,000 people)
still has cells above the smallest publishable count. Section numbers refer to the project's domain
reference (``domain.md``) and privacy reference (``privacy.md``).

The people of the county are *not* a population sample: they are the people agencies meet. A real
county's share of trafficking offences is far smaller (Minnesota 2018: six 64A in 18,779 incidents).
"""

from __future__ import annotations

from typing import Final

_LSA = "HUD sample HMIS data for the LSA, 10,606 clients (domain.md 2.1)"
_PRIVACY = "error model of privacy.md 2.4"
_ASSUMED = "assumption"


class Rate(float):
    """A share between 0 and 1 (or a mean, where it says so) that knows its source."""

    source: str

    def __new__(cls, value: float, source: str) -> Rate:
        rate = super().__new__(cls, value)
        rate.source = source
        return rate


# --- who is a victim -----------------------------------------------------------------------------
VICTIMS: Final = Rate(
    0.12, f"{_ASSUMED}: share of the people agencies meet, chosen for usable cells"
)
SEX_ONLY: Final = Rate(0.62, f"{_ASSUMED}: victims exploited sexually only")
LABOUR_ONLY: Final = Rate(0.28, f"{_ASSUMED}: victims of forced labour only; the rest are both")
VICTIM_MINORS: Final = Rate(
    0.215, "OVC grantees: 78 % adult in 2016-17, 79 % in 2018-19 (domain.md 2.3)"
)
OLDER_TEENS: Final = Rate(
    0.72, "NCANDS, first year of sex-trafficking reports: 72 % older teens (2.4)"
)
SEX_VICTIMS_FEMALE: Final = Rate(0.89, "NCANDS: 89 % female; Illinois CPS: 92 % (domain.md 2.4)")
LABOUR_VICTIMS_FEMALE: Final = Rate(0.45, _ASSUMED)
FAMILY_RECRUITER_MINOR: Final = Rate(0.16, "NCANDS: 16 % parent-perpetrated (domain.md 2.4)")
VICTIM_FOREIGN: Final = Rate(0.35, f"{_ASSUMED}: victims with a foreign citizenship")
FOREIGN: Final = Rate(0.10, _ASSUMED)
FEMALE: Final = Rate(0.48, _ASSUMED)
MINORS: Final = Rate(0.20, _ASSUMED)
GENDER_DIVERSE: Final = Rate(0.015, _ASSUMED)

# --- who meets whom ------------------------------------------------------------------------------
HMIS_CLIENT: Final = Rate(0.17, f"{_ASSUMED}: people without trafficking known to the shelters")
HMIS_VICTIM: Final = Rate(0.47, f"{_ASSUMED}: victims known to the shelters")
HMIS_YOUTH: Final = Rate(0.50, f"{_ASSUMED}: people of 12 to 21 years known to the shelters")
YOUTH_PROJECT: Final = Rate(
    0.75, f"{_ASSUMED}: stays of people of 12 to 21 years at youth projects"
)
HMIS_TWICE: Final = Rate(
    233 / 10_606, "duplicate clients in an official kit (LSASampleCode #1006, 2.1)"
)
SECOND_STAY: Final = Rate(0.36, f"{_LSA}: 1.56 enrolments a client")
THIRD_STAY: Final = Rate(0.20, f"{_LSA}: 1.56 enrolments a client")
STAY_ENDED: Final = Rate(14_627 / 16_494, f"{_LSA}: exits by enrolments")
VSP_STAY: Final = Rate(0.08, f"{_ASSUMED}: a victim's stay at a victim service provider's project")
RMS_VICTIM: Final = Rate(
    0.09, f"{_ASSUMED}: people without trafficking who are victims in a police case"
)
RMS_TRAFFICKED: Final = Rate(
    0.30, f"{_ASSUMED}: trafficked people who are victims in a police case"
)
RMS_WITNESS: Final = Rate(0.35, f"{_ASSUMED}: cases with a witness or reporting party besides")
RMS_OTHER: Final = Rate(0.18, f"{_ASSUMED}: cases that list a relative or other involved person")
RMS_OFFICER: Final = Rate(0.22, f"{_ASSUMED}: cases that list a second officer as involved")
SIGNS_IN_40A: Final = Rate(
    0.40, f"{_ASSUMED}: prostitution arrests whose narrative tells of a trafficker"
)
RMS_SUSPECT: Final = Rate(0.45, f"{_ASSUMED}: cases with a named suspect or arrestee")
EASTLAKE_TRAFFICKED: Final = Rate(
    0.14, f"{_ASSUMED}: trafficked people who are victims in a case of Eastlake's police"
)
EASTLAKE_VICTIM: Final = Rate(
    0.02, f"{_ASSUMED}: people without trafficking who are victims in a case of Eastlake's police"
)
NIBRS_INCIDENTS: Final = Rate(0.16, f"{_ASSUMED}: Group A incidents a person of the county")
NIBRS_GROUP_B: Final = Rate(0.03, f"{_ASSUMED}: Group B arrests a person of the county")
HTCDS_CASE: Final = Rate(0.60, f"{_ASSUMED}: victims with a case at the nonprofit")
HTCDS_COMMENT: Final = Rate(0.70, f"{_ASSUMED}: cases with a case comment")
HTCDS_DETAILS: Final = Rate(0.75, f"{_ASSUMED}: cases with details of the referral")
HTCDS_VULNERABILITIES: Final = Rate(0.40, f"{_ASSUMED}: cases with details of vulnerabilities")
HTCDS_OBJECTIVES: Final = Rate(0.35, f"{_ASSUMED}: cases with objectives of a support plan")
HTCDS_NOT_VICTIM: Final = Rate(
    0.004, f"{_ASSUMED}: screened by the nonprofit, found not trafficked"
)

HAVEN_CLIENTS: Final = Rate(
    0.014, f"{_ASSUMED}: new clients of Haven House a quarter, by people of the county"
)
DOOR_CLIENTS: Final = Rate(
    0.010, f"{_ASSUMED}: new clients of The Open Door a quarter, by people of the county"
)
#: New clients a quarter of either where the county is small: both serve beyond it.
CLIENTS_LEAST: Final = 60
CLIENT_STAYS: Final = Rate(0.40, f"{_ASSUMED}: clients who are there in the next quarter, too")
CLIENT_LATE: Final = Rate(0.05, f"{_ASSUMED}: clients entered after the quarter was reported")
CLIENT_UNKNOWN: Final = Rate(0.15, f"{_ASSUMED}: clients whose citizenship is not asked for")

# --- what is recorded ----------------------------------------------------------------------------
RHY_TELLS: Final = Rate(0.75, f"{_ASSUMED}: exploited youth who answer R15/R16 with yes at exit")
RHY_CONSENT: Final = Rate(0.82, f"{_ASSUMED}: clients of RHY projects with a consent in force")
RHY_NO_CONSENT: Final = Rate(0.11, f"{_ASSUMED}: clients of RHY projects without any consent")
RHY_EXPIRED: Final = Rate(0.04, f"{_ASSUMED}: clients of RHY projects whose consent has run out")
RHY_WITHDRAWN: Final = Rate(0.03, f"{_ASSUMED}: clients of RHY projects who withdrew their consent")
RHY_UNKNOWN: Final = Rate(0.12, f"{_ASSUMED}: R15/R16 answered 8, 9 or 99")
CODED_AS_TRAFFICKING: Final = Rate(
    0.45, "NIJ study NCJ 252520: trafficking is often coded as another offence (1.7); share assumed"
)
DV_SURVIVOR: Final = Rate(4_205 / 13_100, _LSA)
MINOR_ARRESTED_40A: Final = Rate(0.20, f"{_ASSUMED}: arrests for prostitution of a person under 18")

# --- what goes wrong when a name is written down --------------------------------------------------
TYPO: Final = Rate(0.12, _PRIVACY)
MOVED: Final = Rate(0.15, _PRIVACY)
DOB_MISSING: Final = Rate(0.06, _PRIVACY)
NAMES_SWAPPED: Final = Rate(0.03, _PRIVACY)
DOB_DAY_MONTH: Final = Rate(0.02, f"{_ASSUMED}: day and month exchanged, where the date allows it")
NICKNAME: Final = Rate(0.10, f"{_ASSUMED}: short form used, where the name has one")
OTHER_SPELLING: Final = Rate(0.25, f"{_ASSUMED}: another romanisation, where the name has one")
ONE_SURNAME: Final = Rate(0.40, f"{_ASSUMED}: second surname dropped, where there are two")
MIDDLE_KEPT: Final = Rate(0.55, f"{_ASSUMED}: middle name written down, where there is one")
SSN_KNOWN: Final = Rate(9_143 / 10_606, f"{_LSA}: full SSN")
SSN_PARTIAL: Final = Rate(84 / 10_606, f"{_LSA}: partial SSN")
OTHER_PHONE: Final = Rate(0.25, f"{_ASSUMED}: another telephone number than at other agencies")
PHONE_KNOWN: Final = Rate(0.75, _ASSUMED)
EMAIL_KNOWN: Final = Rate(0.40, _ASSUMED)

# --- planted faults, as a share of the rows of their table ----------------------------------------
FAULT: Final = Rate(0.004, f"{_ASSUMED}: each kind of planted fault")
NIBRS_FAULT: Final = Rate(0.0015, f"{_ASSUMED}: each kind of planted fault, by incident")
RAGGED: Final = Rate(
    0.01, "police RMS sample: unquoted commas in the address (domain.md 1.7); share assumed"
)
DELETED: Final = Rate(
    0.01, f"{_ASSUMED}: HMIS rows with DateDeleted; NIBRS incidents deleted later"
)
NO_CONSENT: Final = Rate(0.06, f"{_ASSUMED}: nonprofit cases without consent")
UNDATED_CONSENT: Final = Rate(0.03, f"{_ASSUMED}: consent without a date")
EXPIRED_CONSENT: Final = Rate(0.05, f"{_ASSUMED}: consent that has run out")
