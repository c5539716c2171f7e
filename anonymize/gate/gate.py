"""The gate: what a batch lets out is searched for what the delivery knows, before it is written.

Every output column is looked at in one of two ways:

* A *closed* column holds codes, tokens, dates, numbers: each value must be one its operator can
  have made (``anonymize.outputs.misfits``), so no identifier fits in.
* A *free* column holds text. It is searched for every identifier of its own record, for full
  names, numbers and contacts of all records of the delivery, and for whatever looks like an SSN, a
  telephone number, an e-mail address or a plate. Single names of other records are no stop: May,
  Brown and Jackson are months, colours and counties, too.

One hit stops the delivery.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.gate.columns import free_columns, misfit_rows
from anonymize.gate.counts import GateCounts
from anonymize.gate.dictionary import RUN, Dictionary, of_delivery, of_record, of_records
from anonymize.gate.patterns import swept
from anonymize.gate.words import Places, chunks, folded, words
from schemas.contract import Contract, Table
from schemas.errors import LeakError, PrivacyError

__all__ = ["Gate", "GateCounts"]


class Identifiers(Protocol):
    """Identifiers of a whole delivery (``anonymize.identifiers.DeliveryIdentifiers``)."""

    @property
    def full_names(self) -> pa.Array: ...
    @property
    def numbers(self) -> pa.Array: ...
    @property
    def case_numbers(self) -> pa.Array: ...


class Gate:
    """Checks batches of one table; ``Gate.of`` makes it."""

    def __init__(self, contract: Contract, table: Table, delivery: Identifiers | None) -> None:
        self._contract, self._table, self._delivery = contract, table, delivery
        self._free = free_columns(table)

    @classmethod
    def of(cls, contract: Contract, table: Table, delivery: Identifiers | None) -> Gate:
        """The gate of one table.

        Args:
            delivery: identifiers of all records; needed where redacted text leaves.
        """
        return cls(contract, table, delivery)

    def check(self, rows: pa.Array, known: pa.Array | None, made: pa.RecordBatch) -> GateCounts:
        """Look at every value of ``made``.

        Args:
            rows: row numbers in the source file (int64), as long as ``made``.
            known: identifiers of each row's own record, a list of text each, plain or
                dictionary-encoded; null where nothing is known.
            made: rows as they would be written; output columns, all or some.

        Raises:
            LeakError: a value holds an identifier, or is not what its operator makes.
            PrivacyError: nothing is known that redacted text could be searched for, or the gate
                itself failed.
        """
        if made.num_rows and self._table.redacts and (self._delivery is None or known is None):
            raise PrivacyError(
                f"contract {self._contract.name}: text of {self._table.name} cannot be searched, "
                "because the identifiers of the delivery are not known; no rows were written"
            )
        cause = ""
        try:
            found = next(self._hits(known, made), None)
        except Exception as error:  # whatever it is, its text may quote a value
            cause, found = type(error).__name__, None
        # Raised outside of the handler: not even as its context does the error carry the cause.
        if cause:
            raise PrivacyError(
                f"contract {self._contract.name}: the leak gate failed on {self._table.name} "
                f"({cause}); no rows were written"
            )
        if found is not None:
            scope, field, places = found
            numbers = rows.take(pa.array(np.unique(places)[: LeakError.ROWS_NAMED])).to_pylist()
            raise LeakError(self._contract.name, self._table.name, field, tuple(numbers), scope)
        return self._counts(made)

    def _hits(
        self, known: pa.Array | None, made: pa.RecordBatch
    ) -> Iterator[tuple[str, str, Places]]:
        """Scope, column and places of what must not leave."""
        free = [name for name in made.schema.names if name in self._free]
        own = _Own.of(known) if free else None
        for name in free:
            texts, places = _texts(made.column(name))
            for start, some in chunks(texts):
                for scope, at in self._found(folded(some), places[start:], own):
                    yield scope, name, places[start + at]
        for name, places in misfit_rows(self._table, made):
            yield "list", name, places

    def _found(
        self, texts: pa.Array, rows: Places, own: _Own | None
    ) -> Iterator[tuple[str, Places]]:
        """Scope, and the texts in which something of it stands."""
        part = words(texts)
        records = own.records[rows[part.text]] if own else None
        for number, (at, hashes) in enumerate(part.runs(RUN)):
            if own and records is not None:
                mine = own.dictionary.holds(of_record(hashes, records[at]))
                if not number:
                    one_word = of_record(hashes, records[at], alone=True)
                    mine |= own.dictionary.holds(one_word)
                if mine.any():
                    yield "record", part.text[at[mine]]
            theirs = self._dictionary.holds(hashes)
            if theirs.any():
                yield "delivery", part.text[at[theirs]]
        for places in swept(texts).values():
            yield "pattern", places

    @cached_property
    def _dictionary(self) -> Dictionary:
        if self._delivery is None:
            return Dictionary([])
        numbers = pa.concat_arrays([self._delivery.numbers, self._delivery.case_numbers])
        return of_delivery(self._delivery.full_names, numbers)

    def _counts(self, made: pa.RecordBatch) -> GateCounts:
        values = {name: made.num_rows - made.column(name).null_count for name in made.schema.names}
        texts = sum(count for name, count in values.items() if name in self._free)
        return GateCounts(texts, sum(values.values()), len(self._dictionary) if texts else 0)


class _Own:
    """Identifiers of the records of a batch, and the number of each row's record."""

    def __init__(self, known: pa.DictionaryArray) -> None:
        self.records = pc.fill_null(known.indices.cast(pa.int64()), -1).to_numpy()
        there = np.unique(self.records[self.records >= 0])
        lists = known.dictionary.take(pa.array(there))
        owner = there[pc.list_parent_indices(lists).to_numpy()]
        self.dictionary = of_records(pc.list_flatten(lists), owner)

    @classmethod
    def of(cls, known: pa.Array | None) -> _Own | None:
        if known is None:
            return None
        if not isinstance(known, pa.DictionaryArray):
            known = pa.DictionaryArray.from_arrays(
                pa.array(
                    np.arange(len(known)), mask=pc.is_null(known).to_numpy(zero_copy_only=False)
                ),
                known,
            )
        return cls(known)


def _texts(column: pa.Array) -> tuple[pa.Array, Places]:
    """Texts of a column without nulls, and the place of the row of each."""
    if pa.types.is_list(column.type):
        places, column = pc.list_parent_indices(column).to_numpy(), pc.list_flatten(column)
    else:
        places = np.arange(len(column))
    there = column.is_valid()
    return column.filter(there), places[there.to_numpy(zero_copy_only=False)]
