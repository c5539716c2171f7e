"""Columns of the HMIS CSV files, in the order in which HUD's FY2026 sample has them.

FY2024 differs in two files (HMIS CSV Format Specifications FY2024 and FY2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from tributary.county.data import load

Version = Literal["2024", "2026"]

#: Every file but ``Export`` and ``User`` ends with these.
TAIL: Final = ("DateCreated", "DateUpdated", "UserID", "DateDeleted", "ExportID")

_COLUMNS: Final[Mapping[str, str]] = load("hmis.yaml")
_GENDER_2024: Final = (
    "Woman",
    "Man",
    "NonBinary",
    "CulturallySpecific",
    "Transgender",
    "Questioning",
    "DifferentIdentity",
    "GenderNone",
    "DifferentIdentityText",
)
#: Columns about race and ethnicity, which stand between sex and veteran status.
_RACE_COLUMNS: Final = 9

#: The files in the order in which they stand in the archive.
FILES: Final = tuple(_COLUMNS)


def header(table: str, version: Version = "2026") -> list[str]:
    """Column names of one file."""
    columns = _COLUMNS[table].split()
    if table not in ("Export", "User"):
        columns += TAIL
    if version == "2024":
        columns = _as_2024(table, columns)
    return columns


def _as_2024(table: str, columns: list[str]) -> list[str]:
    if table == "Client":
        at = columns.index("Sex")
        columns[columns.index("HispanicLatinao")] = "HispanicLatinaeo"
        races = at + 1 + _RACE_COLUMNS
        return [*columns[:at], *columns[at + 1 : races], *_GENDER_2024, *columns[races:]]
    if table == "Enrollment":
        columns.remove("MentalHealthConsultation")
        at = columns.index("RunawayYouth") + 1
        columns[at:at] = ["SexualOrientation", "SexualOrientationOther"]
        at = columns.index("ThresholdScore") + 1
        columns[at:at] = ["TranslationNeeded", "PreferredLanguage", "PreferredLanguageDifferent"]
    return columns
