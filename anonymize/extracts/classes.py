"""Equivalence classes: how well rows that share their quasi-identifiers hide one another.

A class is k-anonymous where it holds k rows (Samarati and Sweeney 1998), and l-diverse where its
rows hold l distinct values of every sensitive column (Machanavajjhala et al. 2007, distinct
l-diversity). Unknown is a value of its own among quasi-identifiers, for it sets a row apart like
any other; among sensitive values it does not count, for it misleads nobody who looks for a known
one.

Where rows come from several agencies, each of them knows its own and may set them aside: k and l
are then what remains in a class after the rows of any one agency are gone (DESIGN.md rule 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.errors import DeliveryError, PrivacyError

Codes = npt.NDArray[np.int64]
#: Keys are packed while they stay below this; well inside int64.
_SPAN = 2**62
#: Keys below this are found by marking them instead of sorting (5 bytes for each possible one).
_MARKS = 2**24


@dataclass(frozen=True)
class Coded:
    """A column as codes of its distinct values.

    Attributes:
        codes: (rows,) places in ``values``.
        values: distinct values as text; unknown is null, and one of them.
    """

    codes: Codes
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class Rows:
    """Rows to be judged, or distinct combinations of values with the rows that bear them.

    Attributes:
        sensitive: a column each.
        agency: column of the agency each row comes from, if more than one contributes.
        weight: (rows,) how many rows of the table each stands for.
    """

    sensitive: tuple[Coded, ...]
    agency: Coded | None
    weight: Codes


@dataclass(frozen=True)
class Strength:
    """How well each class hides its rows, an entry for each class.

    Attributes:
        size: rows.
        k: rows that remain to whoever knows those of one agency; ``size`` without agencies.
        l: distinct known values of the least diverse sensitive column that remain to them; None
            without sensitive columns.
    """

    size: Codes
    k: Codes
    l: Codes | None  # noqa: E741 - the field's name for it

    def holds(self, k: int, l: int) -> npt.NDArray[np.bool_]:  # noqa: E741
        """Which classes are ``k``-anonymous and ``l``-diverse."""
        return self.k >= k if self.l is None else (self.k >= k) & (self.l >= l)


@dataclass(frozen=True)
class Check:
    """A table's figures: the least k and l of any class, and the rows in classes below the k asked
    for. ``k`` is 0 for a table without rows; ``l`` is None without sensitive columns."""

    rows: int
    classes: int
    k: int
    l: int | None  # noqa: E741
    rows_below_k: int


def check(
    table: pa.Table,
    quasi: Sequence[str],
    sensitive: Sequence[str] = (),
    *,
    k: int,
    agency: str | None = None,
) -> Check:
    """Measure k and l of a table as it is.

    Raises:
        DeliveryError: a column is missing, or of a type that has no text.
        PrivacyError: a column has two roles, or a row names no agency.
    """
    require_columns(table, quasi, sensitive, agency)
    columns = [coded(table[name], name) for name in quasi]
    rows = rows_of(table, sensitive, agency)
    ids, classes = class_ids([(one.codes, len(one.values)) for one in columns], table.num_rows)
    found = strength(ids, classes, rows)
    return Check(
        rows=table.num_rows,
        classes=classes,
        k=int(found.k.min(initial=table.num_rows)),
        l=None if found.l is None else int(found.l.min(initial=table.num_rows)),
        rows_below_k=int(found.size[found.k < k].sum()),
    )


def require_columns(
    table: pa.Table, quasi: Sequence[str], sensitive: Sequence[str], agency: str | None
) -> None:
    """Refuse roles that the table cannot fill."""
    named = [*quasi, *sensitive]
    missing = sorted({*named, *([agency] if agency else [])} - set(table.column_names))
    if missing:
        raise DeliveryError("COLUMN-MISSING", f"the table lacks {', '.join(missing)}")
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice or agency in sensitive:
        raise PrivacyError(
            f"{', '.join(twice) or agency} cannot have two roles: a column is a quasi-identifier "
            "(known to others) or sensitive (to be kept from them)"
        )
    if not quasi:
        raise PrivacyError("name the quasi-identifiers; a table without any is not an extract")


def rows_of(table: pa.Table, sensitive: Sequence[str], agency: str | None) -> Rows:
    """The rows of ``table``, each for itself."""
    source = coded(table[agency], agency) if agency else None
    if source is not None and None in source.values:
        raise PrivacyError(f"a row without {agency}: nobody can say who knows it already")
    return Rows(
        tuple(coded(table[name], name) for name in sensitive),
        source,
        np.ones(table.num_rows, np.int64),
    )


def coded(column: pa.ChunkedArray, name: str) -> Coded:
    """Codes of a column's values as text.

    Raises:
        DeliveryError: values of its type have no text (lists, structures).
    """
    try:
        texts = column.cast(pa.large_string()).combine_chunks()
    except pa.ArrowException:
        raise DeliveryError("FILE-FORMAT", "its values have no text", field=name) from None
    encoded = texts.dictionary_encode(null_encoding="encode")
    codes = np.asarray(encoded.indices).astype(np.int64)
    return Coded(codes, tuple(encoded.dictionary.to_pylist()))


def packed(columns: Sequence[tuple[Codes, int]], rows: int) -> tuple[Codes, int]:
    """One whole number for each row that stands for all its codes, and a bound above them all.

    Args:
        columns: codes and how many there are of them.
    """
    keys, span = np.zeros(rows, np.int64), 1
    for codes, size in columns:
        if span * size > _SPAN:
            keys, span = _dense(keys)
        keys = keys * size + codes
        span *= max(size, 1)
    return keys, span


def class_ids(columns: Sequence[tuple[Codes, int]], rows: int) -> tuple[Codes, int]:
    """The class of each row, from 0, and how many classes there are."""
    keys, span = packed(columns, rows)
    if span > _MARKS:
        return _dense(keys)
    marks = np.zeros(span, bool)
    marks[keys] = True
    ids = np.cumsum(marks, dtype=np.int32)
    return ids[keys].astype(np.int64) - 1, int(ids[-1])


def _dense(keys: Codes) -> tuple[Codes, int]:
    found, ids = np.unique(keys, return_inverse=True)
    return ids.astype(np.int64, copy=False), len(found)


def strength(ids: Codes, classes: int, rows: Rows) -> Strength:
    """Judge classes.

    Args:
        ids: (rows,) class of each of ``rows``, below ``classes``.
    """
    size = np.bincount(ids, rows.weight, classes).astype(np.int64)
    k = size
    if rows.agency is not None:
        k = size - _largest(ids, rows.agency, rows.weight, classes)
    least: Codes | None = None
    for column in rows.sensitive:
        distinct = _Values(ids, classes, column, rows.agency).remaining
        least = distinct if least is None else np.minimum(least, distinct)
    return Strength(size, k, least)


def _largest(ids: Codes, agency: Coded, weight: Codes, classes: int) -> Codes:
    """Rows of the agency that has the most, for each class."""
    count = len(agency.values)
    pairs, place = np.unique(ids * count + agency.codes, return_inverse=True)
    return _most(pairs // count, np.bincount(place, weight).astype(np.int64), classes)


def _most(ids: Codes, amounts: Codes, classes: int) -> Codes:
    most = np.zeros(classes, np.int64)
    np.maximum.at(most, ids, amounts)
    return most


@dataclass(frozen=True)
class _Values:
    """Distinct known values of one sensitive column within classes."""

    ids: Codes
    classes: int
    column: Coded
    agency: Coded | None

    @cached_property
    def remaining(self) -> Codes:
        """How many remain to whoever knows the rows of one agency, at worst."""
        known = np.array([value is not None for value in self.column.values], bool)
        seen = known[self.column.codes] if len(known) else np.zeros(0, bool)
        size = max(len(known), 1)
        pairs = (self.ids * size + self.column.codes)[seen]
        if self.agency is None:
            return self._per_class(_distinct(pairs, self.classes * size) // size)
        count = len(self.agency.values)
        triples = _distinct(pairs * count + self.agency.codes[seen], self.classes * size * count)
        values, first, held = np.unique(triples // count, return_index=True, return_counts=True)
        # A value that one agency alone holds is gone for who subtracts that agency.
        alone = held == 1
        owners = (values[alone] // size) * count + triples[first[alone]] % count
        owner, exclusive = np.unique(owners, return_counts=True)
        lost = _most(owner // count, exclusive, self.classes)
        return self._per_class(values // size) - lost

    def _per_class(self, ids: Codes) -> Codes:
        return np.bincount(ids, minlength=self.classes).astype(np.int64)


def _distinct(keys: Codes, span: int) -> Codes:
    """Distinct keys below ``span``, ascending."""
    if span <= _MARKS:
        marks = np.zeros(span, bool)
        marks[keys] = True
        return np.flatnonzero(marks)
    ordered = np.sort(keys)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]
