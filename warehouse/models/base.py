"""What all models share: naming of constraints, column types, the closed vocabularies.

Unknown is NULL everywhere and never 0 (DESIGN.md rule 9). Names in quotes are CTDC-2024's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from sqlalchemy import CheckConstraint, DateTime, MetaData, SmallInteger, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

#: Constraint names; ``%(constraint_name)s`` of a check is the column it is about.
NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

EVENT_TYPES = ("incident", "group_b_arrest", "enrollment", "case")
VENUES = (
    "hotel_motel",
    "residence",
    "street",
    "cyberspace",
    "shelter",
    "transport",
    "commercial",
    "other",
)
TRAFFICKING_STATUSES = ("actual", "possible", "not")
VICTIM_ROLES = ("victim", "client", "minor_arrested")
PERPETRATOR_ROLES = ("offender", "arrestee")
GENDERS = ("Man", "Woman", "Trans/Transgender/NonConforming")
CTDC_AGES = (
    "0--8",
    "9--17",
    "18--20",
    "21--23",
    "24--26",
    "27--29",
    "30--38",
    "39--47",
    "48+",
)
FIVE_YEAR_AGES = (*(f"{low:02}-{low + 4:02}" for low in range(0, 90, 5)), "90+")
TRAFFICKED_MONTHS = ("0--12", "13--24", "25+")
DIRECTIONS = ("provided", "referred_in", "referred_out")
#: Kinds of text that is kept.
TEXT_KINDS = ("narrative",)
FILING_STATUSES = ("reported", "zero_report")
DELIVERY_STATUSES = ("accepted", "partial", "refused")

#: Longest code or label of an open list; what is longer is no code but text.
CODE_LENGTH = 64
#: Longest redacted text, in characters.
TEXT_LENGTH = 1_000_000


class Base(DeclarativeBase):
    """All tables of the warehouse."""

    metadata = MetaData(naming_convention=NAMES)


#: 1 yes, 0 known to be no, NULL unknown.
Flag = Annotated[int | None, mapped_column(SmallInteger)]
#: A code or label of an open list, never free text.
Code = Annotated[str | None, mapped_column(Text)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]


def one_of(column: str, words: Sequence[str]) -> CheckConstraint:
    """``column`` holds a word of a closed list, or is unknown."""
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def flags(*columns: str) -> tuple[CheckConstraint, ...]:
    """Each column holds 0 or 1, or is unknown."""
    return tuple(CheckConstraint(f'"{column}" IN (0, 1)', name=column) for column in columns)


def codes(*columns: str) -> tuple[CheckConstraint, ...]:
    """Each column is too short for free text."""
    return tuple(
        CheckConstraint(f'char_length("{column}") <= {CODE_LENGTH}', name=column)
        for column in columns
    )


def texts(*columns: str) -> tuple[CheckConstraint, ...]:
    """Each column holds a redacted text of bounded length."""
    return tuple(
        CheckConstraint(f'char_length("{column}") <= {TEXT_LENGTH}', name=column)
        for column in columns
    )


def shares(*columns: str) -> tuple[CheckConstraint, ...]:
    """Each column lies between 0 and 1."""
    return tuple(
        CheckConstraint(f'"{column}" >= 0 AND "{column}" <= 1', name=column) for column in columns
    )


def long(column: str, length: int) -> CheckConstraint:
    """``column`` is a code of a fixed length; a regular expression would cost more."""
    return CheckConstraint(f'char_length("{column}") = {length}', name=column)


def first_of_month(*columns: str) -> tuple[CheckConstraint, ...]:
    """Each column is the first day of a month."""
    return tuple(
        CheckConstraint(f'extract(day FROM "{column}") = 1', name=column) for column in columns
    )


def not_negative(*columns: str) -> tuple[CheckConstraint, ...]:
    return tuple(CheckConstraint(f'"{column}" >= 0', name=column) for column in columns)
