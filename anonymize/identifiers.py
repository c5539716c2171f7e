"""What identifies the records of a delivery, gathered to be masked in its texts.

It is read from the raw zone and stands in memory alone, on the agency node. A text may name anybody
of its record, so a record's identifiers are those of all its rows, of quarantined ones too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from anonymize.operators.columns import text
from connectors.formats.base import ROW
from connectors.zones.raw import RawZone
from schemas.contract import Contract, Field, Table
from schemas.errors import PrivacyError

#: Between the parts of a record's key; no cell holds it.
_UNIT_SEPARATOR = "\x1f"
_BEHIND_STREET = r"(?s),.*"
#: A single letter names nobody by itself (a middle initial); it counts within a full name.
_SHORTEST = 2


class Scope(StrEnum):
    """How an identifier counts for the other records of its delivery."""

    NAME = "name"
    NUMBER = "number"
    CASE_NUMBER = "case_number"
    #: An address, an employer, a birth date: masked in texts of the own record alone.
    OWN = "own"


SCOPES: Mapping[str, Scope] = {
    "given_name": Scope.NAME,
    "middle_name": Scope.NAME,
    "family_name": Scope.NAME,
    "full_name": Scope.NAME,
    "alias": Scope.NAME,
    "organisation": Scope.OWN,
    "phone": Scope.NUMBER,
    "email": Scope.NUMBER,
    "handle": Scope.NUMBER,
    "address": Scope.OWN,
    "number": Scope.NUMBER,
    "case_number": Scope.CASE_NUMBER,
    "plate": Scope.NUMBER,
    "vin": Scope.NUMBER,
    "birth_date": Scope.OWN,
}


@dataclass(frozen=True, repr=False)
class DeliveryIdentifiers:
    """Identifiers of a whole delivery, each once, as text.

    Attributes:
        full_names: names of more than one word, and the parts of a name put together.
        single_names: names of one word.
        numbers: phones, e-mail addresses, handles, numbers, plates.
    """

    full_names: pa.Array
    single_names: pa.Array
    numbers: pa.Array
    case_numbers: pa.Array


@dataclass(frozen=True, repr=False)
class RecordIdentifiers:
    """Identifiers of records, as a list of text each; ``keys`` are those of ``record_keys``."""

    keys: pa.Array
    lists: pa.ListArray

    def of(self, keys: pa.Array) -> pa.DictionaryArray:
        """The list of each key, dictionary-encoded; null where nothing is known."""
        places = pc.index_in(keys, value_set=self.keys)
        return pa.DictionaryArray.from_arrays(places, self.lists)


@dataclass(frozen=True, repr=False)
class Gathered:
    """``records`` by table."""

    records: Mapping[str, RecordIdentifiers]
    delivery: DeliveryIdentifiers


def key_columns(table: Table) -> tuple[str, ...]:
    """Columns that name a row's record: the row itself, where the table has no records."""
    return table.record or (ROW,)


def record_keys(table: Table, batch: pa.RecordBatch) -> pa.Array:
    """The record of each row, as text; null where a part of its key is blank."""
    parts = [batch.column(name).cast(pa.string()) for name in key_columns(table)]
    return pc.binary_join_element_wise(*parts, _UNIT_SEPARATOR)


def gathered(zone: RawZone, contract: Contract, keys: Mapping[str, pa.Array]) -> Gathered:
    """Identifiers of the whole delivery, and of the records ``keys`` names, by table.

    Memory holds the distinct identifiers of the delivery and those of the named records.

    Raises:
        PrivacyError: a raw file is not what was written, or lacks an identifying column.
    """
    own: dict[str, list[pa.Table]] = defaultdict(list)
    all_of: dict[Scope, list[pa.Array]] = defaultdict(list)
    for name in zone.tables():
        table = contract.table(name)
        if not table.redacts:
            continue
        placeholders = contract.options.get("placeholders", ())
        for batch in _read(zone, table):
            for scope, values in _stated(table, batch, placeholders):
                if scope is not Scope.OWN:
                    all_of[scope].append(pc.unique(values.drop_null()))
            rows = batch.filter(pc.is_in(record_keys(table, batch), value_set=_keys(keys, name)))
            record = record_keys(table, rows)
            own[name] += [
                _pairs(record, values) for _, values in _stated(table, rows, placeholders)
            ]
    return Gathered({name: _by_record(pairs) for name, pairs in own.items()}, _of_delivery(all_of))


def of_delivery(
    contract: Contract, batches: Iterable[tuple[str, pa.RecordBatch]]
) -> DeliveryIdentifiers:
    """Identifiers in raw rows of any tables, whether their texts leave or not.

    Where the contract does not say what a direct identifier holds, it counts as a number.
    """
    found: dict[Scope, list[pa.Array]] = defaultdict(list)
    for name, batch in batches:
        table = contract.table(name)
        for scope, values in _stated(table, batch, contract.options.get("placeholders", ())):
            found[scope].append(pc.unique(values.drop_null()))
        for field in unsaid(table):
            found[Scope.NUMBER].append(pc.unique(text(batch.column(field.name)).drop_null()))
    return _of_delivery(found)


def unsaid(table: Table) -> tuple[Field, ...]:
    """Direct identifiers of which the contract does not say what they hold."""
    return tuple(
        field
        for field in table.fields
        if field.classification == "direct-identifier"
        and field.identifies is None
        and field.delivered
    )


def _keys(keys: Mapping[str, pa.Array], table: str) -> pa.Array:
    return keys.get(table, pa.array([], pa.string()))


def _read(zone: RawZone, table: Table) -> Iterator[pa.RecordBatch]:
    wanted = [*key_columns(table), *(field.name for field in table.identifying)]
    if missing := sorted(set(wanted) - set(zone.schema(table.name).names)):
        raise PrivacyError(
            f"the raw file {table.name} lacks {', '.join(missing)}; validate the delivery again"
        )
    return zone.read(table.name, list(dict.fromkeys(wanted)))


def _stated(
    table: Table, batch: pa.RecordBatch, placeholders: Iterable[str]
) -> Iterator[tuple[Scope, pa.Array]]:
    """Every identifying column, streets alone, full names; blanks and placeholders null."""
    unknown = pa.array([str(word) for word in placeholders], pa.string())
    parts: dict[str, pa.Array] = {}
    for field in table.identifying:
        values = text(batch.column(field.name))
        said = pc.invert(pc.is_in(pc.utf8_lower(values), value_set=unknown))
        values = pc.if_else(said, values, pa.scalar(None, pa.string()))
        kind = str(field.identifies)
        parts.setdefault(kind, values)
        long = pc.greater_equal(pc.utf8_length(values), _SHORTEST)
        yield SCOPES[kind], pc.if_else(long, values, pa.scalar(None, pa.string()))
        if kind == "address":  # a text seldom names the town with the street
            yield Scope.OWN, pc.replace_substring_regex(values, _BEHIND_STREET, "")
    if {"given_name", "family_name"} <= set(parts):
        given, family = parts["given_name"], parts["family_name"]
        yield Scope.NAME, pc.binary_join_element_wise(given, family, " ")
        if "middle_name" in parts:
            middle = parts["middle_name"]
            yield Scope.NAME, pc.binary_join_element_wise(given, middle, family, " ")


def _pairs(keys: pa.Array, values: pa.Array) -> pa.Table:
    return pa.table({"key": keys, "value": values}).filter(pc.is_valid(values))


def _by_record(pairs: Iterable[pa.Table]) -> RecordIdentifiers:
    grouped = pa.concat_tables(pairs).group_by("key", use_threads=False)
    found = grouped.aggregate([("value", "distinct")]).combine_chunks()
    return RecordIdentifiers(_whole(found["key"]), _whole(found["value_distinct"]))


def _of_delivery(found: Mapping[Scope, list[pa.Array]]) -> DeliveryIdentifiers:
    distinct = {
        scope: pc.unique(pa.concat_arrays(found.get(scope, [pa.array([], pa.string())])))
        for scope in Scope
    }
    names = distinct[Scope.NAME]
    many = pc.match_substring_regex(names, r"\S\s+\S")
    return DeliveryIdentifiers(
        full_names=names.filter(many),
        single_names=names.filter(pc.invert(many)),
        numbers=distinct[Scope.NUMBER],
        case_numbers=distinct[Scope.CASE_NUMBER],
    )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
