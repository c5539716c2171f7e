"""Whether a row may be stored at all: consent recorded, dated, not expired, not withdrawn.

Sources: 34 U.S.C. 12291(b)(2)(B) (a release is informed, written and reasonably time-limited; for
an unemancipated minor a parent or guardian signs too). What cannot be read is no consent.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from connectors.formats.dates import parsed_dates

Mask = npt.NDArray[np.bool_]
Texts = pd.Series  # of str, blank as missing

#: "yes", "yes, 2025-03-01", "2025-03-01 (signed)": a word, a date, or a word and a date.
_WORD_THEN_DATE = r"^(?P<word>[^\d]*?)[\s,;:(]*(?P<date>\d.*?)?\s*\)?\s*$"
_ADULT_MONTHS = 18 * 12
_BETWEEN_SCOPES = re.compile(r"[;,|/\n]")


def scope_covers(stated: str | None, covering: Collection[str]) -> bool:
    """Whether a stated scope (``sharing; statistics``) has one of ``covering`` among its parts."""
    parts = _BETWEEN_SCOPES.split(stated or "")
    return any(part.strip().casefold() in covering for part in parts)


@dataclass(frozen=True)
class ConsentRule:
    """A contract's ``formatOptions.consent``.

    Attributes:
        yes: words that say consent was given, in lower case; any other text says it was not.
        no: words that say a consent was *not* withdrawn; any other text says it was.
        valid_months: months a consent holds that states no expiry of its own.
        formats: strptime formats of a date within the consent cell itself.
        covers: scopes, in lower case, of which a consent must state one where scopes are recorded.
    """

    yes: tuple[str, ...]
    no: tuple[str, ...]
    valid_months: int
    formats: tuple[str, ...]
    covers: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, Any], formats: Sequence[str]) -> ConsentRule:
        return cls(
            tuple(str(word).casefold() for word in options["yes"]),
            tuple(str(word).casefold() for word in options["no"]),
            int(options["validMonths"]),
            tuple(formats),
            tuple(str(word).casefold() for word in options.get("covers", ())),
        )


@dataclass(frozen=True)
class ConsentColumns:
    """What some rows say about consent: text, blank as missing, also where a column is not there.

    ``guardian`` and ``scope`` are None where the table records none at all.
    """

    given: Texts
    signed: Texts
    expires: Texts
    withdrawn: Texts
    birthdate: Texts
    guardian: Texts | None = None
    scope: Texts | None = None


class Consent(NamedTuple):
    """``valid``: the row may be stored. ``withdrawn``: it once was dated, and withdrawn later."""

    valid: Mask
    withdrawn: Mask


def judge_consent(columns: ConsentColumns, rule: ConsentRule, today: date) -> Consent:
    """Judge every row as of ``today``."""
    now = pd.Timestamp(today)
    given, cell_date, cell_sound = _given(columns.given, rule)
    signed, signed_sound = _dates(columns.signed, rule)
    # where the cell and the column state different dates, the less favourable one counts
    both = pd.concat([signed, cell_date], axis=1)
    first, last = both.min(axis=1), both.max(axis=1)
    stated, stated_sound = _dates(columns.expires, rule)
    expires = stated.fillna(first + pd.DateOffset(months=rule.valid_months))
    dated = given & cell_sound & signed_sound & last.notna() & (last <= now)
    held = dated & stated_sound & (expires >= now) & _guarded(columns, rule, first)
    if columns.scope is not None:
        held &= columns.scope.fillna("").map(lambda stated: scope_covers(stated, rule.covers))
    withdrawn = columns.withdrawn.notna() & ~_says(columns.withdrawn, rule.no)
    return Consent((held & ~withdrawn).to_numpy(bool), (dated & withdrawn).to_numpy(bool))


def _given(texts: Texts, rule: ConsentRule) -> tuple[pd.Series[bool], Texts, pd.Series[bool]]:
    """Whether the cell says yes, the date in it, and whether it can be read at all."""
    plain = _says(texts, rule.yes)
    parts = texts.where(~plain).str.extract(_WORD_THEN_DATE)
    found, sound = _dates(parts["date"], rule)
    word = parts["word"].fillna("").str.strip()
    says_yes = plain | (found.notna() & ((word == "") | _says(word, rule.yes)))
    return says_yes, found, sound


def _dates(texts: Texts, rule: ConsentRule) -> tuple[Texts, pd.Series[bool]]:
    """Dates, and whether each text is one or blank."""
    dates = parsed_dates(texts, rule.formats)
    return dates, dates.notna() | texts.isna()


def _guarded(columns: ConsentColumns, rule: ConsentRule, signed: Texts) -> pd.Series[bool]:
    """False for a row of a minor without a guardian's consent, where the table records that."""
    if columns.guardian is None:
        return pd.Series(True, index=signed.index)
    born, _ = _dates(columns.birthdate, rule)
    minor = (born + pd.DateOffset(months=_ADULT_MONTHS)) > signed
    return ~minor | _says(columns.guardian, rule.yes)


def _says(texts: Texts, words: Sequence[str]) -> pd.Series[bool]:
    return texts.str.strip().str.casefold().isin(words)
