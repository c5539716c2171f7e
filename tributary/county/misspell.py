"""What an agency writes down about a person: the error model of privacy.md 2, anew each time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county import rates
from tributary.county.names import given_names, strings, surnames, variants
from tributary.county.people import People, addresses, coordinates, phones
from tributary.county.places import PLACES, STATE, STREETS, homes
from tributary.county.seeds import Days, Ints, Mask, chance
from tributary.county.text import choose, join, number, where

#: Bits of ``Written.changes``: how a record differs from the truth about its person.
CHANGES = {
    "typo": 1,
    "nickname": 2,
    "other_spelling": 4,
    "one_surname": 8,
    "names_swapped": 16,
    "dob_missing": 32,
    "dob_day_month": 64,
    "moved": 128,
}
_LETTERS = "aeilnorstuy"


@dataclass(frozen=True)
class Style:
    """How an agency keeps names: police in capitals, most without accents."""

    accents: bool = False
    capitals: bool = False


@dataclass
class Written:
    """One record each; missing: null, for ``born`` NaT, for ``phone`` -1."""

    given: pa.Array
    middle: pa.Array
    surname: pa.Array
    born: Days
    ssn: pa.Array
    ssn_full: Mask
    phone: Ints
    email: pa.Array
    home: Ints
    street: Ints
    house: Ints
    unit: Ints
    latitude: Any
    longitude: Any
    changes: Ints

    @property
    def address(self) -> pa.Array:
        """House number, street and flat."""
        line = join(number(self.house), choose(STREETS, self.street), by=" ")
        flat = join(pa.scalar(" Apt "), number(self.unit))
        return join(line, where(self.unit > 0, flat, ""))

    @property
    def full_address(self) -> pa.Array:
        """With town, state and ZIP, as a police report has it in one field."""
        return join(
            self.address,
            join(self.town, join(pa.scalar(STATE), self.zip_code, by=" "), by=", "),
            by=", ",
        )

    @property
    def town(self) -> pa.Array:
        return choose([place.town for place in PLACES], self.home)

    @property
    def zip_code(self) -> pa.Array:
        return choose([place.zip_code for place in PLACES], self.home)

    @property
    def telephone(self) -> pa.Array:
        return telephone(self.phone)


def telephone(phone: Ints) -> pa.Array:
    """``(AAA) 555-01NN``; null where there is none."""
    text = join(pa.scalar("("), number(phone // 100), pa.scalar(") 555-01"), number(phone % 100, 2))
    return where(phone >= 0, text, None)


def write_down(people: People, index: Ints, random: np.random.Generator, style: Style) -> Written:
    """The records an agency keeps of the people ``index``, in which people may repeat."""
    someone = people.take(index)
    size = len(index)
    changes = np.zeros(size, np.int64)
    given = _given(someone, random, style, changes)
    surname = _surname(someone, random, style, changes)
    given, surname = _misspell(given, surname, random, changes)
    given, surname = _swap(given, surname, random, changes)
    middle = _middle(someone, random, style)
    if style.capitals:
        given, middle, surname = (pc.utf8_upper(name) for name in (given, middle, surname))
    full, partial = chance(random, rates.SSN_KNOWN, size), chance(random, rates.SSN_PARTIAL, size)
    return Written(
        given=given,
        middle=middle,
        surname=surname,
        born=_born(someone, random, changes),
        ssn=_ssn(someone.ssn, full, partial & ~full),
        ssn_full=full,
        phone=_phone(someone, random),
        email=_email(someone, random, index),
        **_where(someone, random, changes),
        changes=changes,
    )


def _mark(changes: Ints, name: str, mask: Mask) -> Mask:
    changes[mask] |= CHANGES[name]
    return mask


def _given(someone: People, random: np.random.Generator, style: Style, changes: Ints) -> pa.Array:
    size = len(someone)
    pool, other = given_names(), variants()
    name = pc.take(pool.names if style.accents else pool.plain, pa.array(someone.given))
    which = random.integers(0, 2, size)
    alternatives = other.names if style.accents else other.plain
    for kind, table, rate in (
        ("nickname", other.nicknames, rates.NICKNAME),
        ("other_spelling", other.spellings, rates.OTHER_SPELLING),
    ):
        option = table[someone.given, which]
        used = chance(random, rate, size) & (option >= 0)
        name = where(
            _mark(changes, kind, used), pc.take(alternatives, pa.array(np.maximum(option, 0))), name
        )
    return name


def _middle(someone: People, random: np.random.Generator, style: Style) -> pa.Array:
    pool = given_names()
    kept = chance(random, rates.MIDDLE_KEPT, len(someone)) & (someone.middle >= 0)
    name = pc.take(
        pool.names if style.accents else pool.plain, pa.array(np.maximum(someone.middle, 0))
    )
    initial = chance(random, 0.5, len(someone))
    return where(kept, where(initial, pc.utf8_slice_codeunits(name, 0, 1), name), None)


@cache
def _surname_forms(accents: bool) -> pa.Array:
    """All surnames as they are, then glued (Delacruz), then hyphenated (Al-Masri)."""
    pool = surnames().names.to_pylist()
    glued = [name.replace(" ", "").capitalize() if " " in name else name for name in pool]
    dashed = [name.replace(" ", "-") if name.startswith(("Al ", "El ")) else name for name in pool]
    return strings([*pool, *glued, *dashed])[0 if accents else 1]


def _surname(someone: People, random: np.random.Generator, style: Style, changes: Ints) -> pa.Array:
    size, pool = len(someone), len(surnames().names)
    forms = _surname_forms(style.accents)
    form = np.searchsorted([0.6, 0.8], random.random(size), side="right") * pool
    first = pc.take(forms, pa.array(someone.surname + form))
    second = pc.take(forms, pa.array(np.maximum(someone.surname2, 0)))
    two = someone.surname2 >= 0
    dropped = _mark(changes, "one_surname", two & chance(random, rates.ONE_SURNAME, size))
    hyphen = chance(random, 0.2, size)
    both = where(hyphen, join(first, second, by="-"), join(first, second, by=" "))
    return where(two & ~dropped, both, first)


def _misspell(
    given: pa.Array, surname: pa.Array, random: np.random.Generator, changes: Ints
) -> tuple[pa.Array, pa.Array]:
    """One typing error in one of the two names."""
    wrong = _mark(changes, "typo", chance(random, rates.TYPO, len(changes)))
    in_given = chance(random, 0.5, len(changes))
    return _edit(given, wrong & in_given, random), _edit(surname, wrong & ~in_given, random)


def _edit(names: pa.Array, mask: Mask, random: np.random.Generator) -> pa.Array:
    """Transpose, leave out, replace or insert one letter after the first, where ``mask``."""
    rows = np.flatnonzero(mask)
    subset = pc.take(names, pa.array(rows))
    length = np.asarray(pc.utf8_length(subset))
    position = 1 + (random.random(len(rows)) * np.maximum(length - 1, 1)).astype(np.int64)
    kind = random.integers(0, 4, len(rows))
    letter = random.integers(0, len(_LETTERS), len(rows))
    edited: list[pa.Array] = []
    order: list[Ints] = []
    for at in np.unique(position).tolist():
        here = np.flatnonzero(position == at)
        order.append(here)
        edited.append(_edit_at(pc.take(subset, pa.array(here)), at, kind[here], letter[here]))
    if not edited:
        return names
    back = np.argsort(np.concatenate(order), kind="stable")
    return pc.replace_with_mask(
        names, pa.array(mask), pc.take(pa.concat_arrays(edited), pa.array(back))
    )


def _edit_at(names: pa.Array, at: int, kind: Ints, letter: Ints) -> pa.Array:
    head, rest = pc.utf8_slice_codeunits(names, 0, at), pc.utf8_slice_codeunits(names, at + 1)
    here = pc.utf8_slice_codeunits(names, at, at + 1)
    after, tail = (
        pc.utf8_slice_codeunits(names, at + 1, at + 2),
        pc.utf8_slice_codeunits(names, at + 2),
    )
    new = choose(list(_LETTERS), letter)
    options = (
        join(head, after, here, tail),
        join(head, rest),
        join(head, new, rest),
        join(head, new, here, rest),
    )
    return pc.choose(pa.array(kind), *options)


def _swap(
    given: pa.Array, surname: pa.Array, random: np.random.Generator, changes: Ints
) -> tuple[pa.Array, pa.Array]:
    swapped = _mark(changes, "names_swapped", chance(random, rates.NAMES_SWAPPED, len(changes)))
    return where(swapped, surname, given), where(swapped, given, surname)


def _born(someone: People, random: np.random.Generator, changes: Ints) -> Days:
    born = someone.born.astype("datetime64[D]")
    month = born.astype("datetime64[M]")
    day = (born - month.astype("datetime64[D]")).astype(int) + 1
    in_year = month.astype(int) % 12 + 1
    can = (day <= 12) & (day != in_year)
    exchanged = _mark(
        changes, "dob_day_month", can & chance(random, rates.DOB_DAY_MONTH, len(born))
    )
    year = born.astype("datetime64[Y]").astype("datetime64[M]")
    other = (year + (day - 1)).astype("datetime64[D]") + (in_year - 1)
    missing = _mark(changes, "dob_missing", chance(random, rates.DOB_MISSING, len(born)))
    changes[missing] &= ~CHANGES["dob_day_month"]
    return np.where(missing, np.datetime64("NaT"), np.where(exchanged, other, born))


def _ssn(ssn: Ints, full: Mask, partial: Mask) -> pa.Array:
    """Nine digits; ``x`` for the unknown ones of a partial number (HUD's convention); else null."""
    digits = number(ssn, 9)
    last = join(pa.scalar("xxxxx"), number(ssn % 10_000, 4))
    return where(full, digits, where(partial, last, None))


def _phone(someone: People, random: np.random.Generator) -> Ints:
    size = len(someone)
    other = chance(random, rates.OTHER_PHONE, size)
    phone = np.where(other, phones(random, size), someone.phone)
    return np.where(chance(random, rates.PHONE_KNOWN, size), phone, -1)


def _email(someone: People, random: np.random.Generator, index: Ints) -> pa.Array:
    given = pc.utf8_lower(pc.take(given_names().plain, pa.array(someone.given)))
    surname = pc.utf8_lower(pc.take(surnames().plain, pa.array(someone.surname)))
    local = pc.replace_substring(join(given, surname, by="."), " ", "")
    whole = join(local, number(index % 9973), pa.scalar("@example.org"))
    return where(chance(random, rates.EMAIL_KNOWN, len(someone)), whole, None)


def _where(someone: People, random: np.random.Generator, changes: Ints) -> dict[str, Any]:
    size = len(someone)
    moved = _mark(changes, "moved", chance(random, rates.MOVED, size))
    home = homes(random, size)
    new = {"home": home, **addresses(random, size), **coordinates(random, home)}
    return {name: np.where(moved, value, getattr(someone, name)) for name, value in new.items()}
