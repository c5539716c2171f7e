"""Encodes a delivery's persons for linkage: raw zone in, package files out.

    <outgoing>/linkage/<table>/p00000.parquet     one file for each epoch of the linkage keys

Only rows that validation accepted, of the table and the values that the contract's ``linkage``
names, and of those only whose person has a token. What leaves has the columns of
``anonymize.encoding.columns``; names, dates and numbers are in memory alone. The same delivery
under the same secrets gives the same bytes, whatever the order of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from anonymize.encoding.columns import Epoch, as_batch, encoding_columns
from anonymize.encoding.disguise import Disguised, disguised
from anonymize.encoding.encode import Own, encode, key_check
from anonymize.encoding.normalise import ALSO_NAMES
from anonymize.keys import KeyRing
from anonymize.manifest import LINKAGE
from anonymize.operators.columns import over_distinct
from anonymize.operators.registry import REGISTRY, Binding, Columns, Transform, reads
from anonymize.raw_rows import read_marked
from connectors.formats.dates import iso_dates
from connectors.formats.identity import plain
from connectors.zones.durable import make_private, replacing
from connectors.zones.raw import RawZone, StoredVerdict
from connectors.zones.secret import derive_key
from schemas.contract import Contract, Field, Linkage, Table
from schemas.errors import ContractError
from schemas.linkage import NAMES, LinkageSchema, agreed_schema
from schemas.linkage_faults import linkage_faults, token_field

#: Forms of one person's identity that are encoded, the most frequent ones.
MOST_FORMS = 8
#: Known values from which on their rarity is told: a class of fewer says how often a value stands
#: in this very delivery, and calls nothing rare (of 1,000 the rarest is 1 in 2^10).
RARITY_FROM = 1_000
_TOKEN, _TIMES = "token", "times"
#: Kinds whose codes differ from agency to agency; they are compared as the contract recodes them.
_CODED = ("sex", "category")


@dataclass(frozen=True)
class EncodedCounts:
    """``persons`` with ``forms`` rows, among ``fakes`` of nobody, in each epoch's file."""

    persons: int = 0
    forms: int = 0
    fakes: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def encode_delivery(
    zone: RawZone,
    verdict: StoredVerdict,
    contract: Contract,
    keyring: KeyRing,
    secret: bytes,
    delivery_id: str,
    outgoing: Path,
) -> EncodedCounts:
    """Encode the persons of a validated delivery into the directory ``outgoing``.

    Args:
        keyring: of the node: tokens, noise, fakes and order are made of its secret.
        secret: the linkage secret, which the agencies share and the hub has not.

    Returns:
        What was written; nothing where the contract links nobody or the delivery was refused.

    Raises:
        ContractError: the contract's ``linkage`` has a fault; nobody is encoded under it.
        PrivacyError: a raw file is not what was written, or lacks a column.
        SettingsError: the secret is too short.
    """
    linkage = contract.linkage
    if linkage is None or verdict.report.get("status") == "refused":
        return EncodedCounts()
    if faults := list(linkage_faults(contract)):
        raise ContractError(f"contract {contract.name}:\n  " + "\n  ".join(faults))
    schema = agreed_schema(linkage.schema)
    persons = _persons(zone, verdict, contract, keyring, schema)
    mixed = _mixed(persons, verdict, contract, keyring, schema, delivery_id)
    tokens = _tokens(persons, mixed)
    directory = make_private(outgoing / LINKAGE / linkage.table)
    for number, name in enumerate(linkage.epochs):
        own = Own(keyring.derive("linkage noise", contract.agency, schema.name), mixed.records)
        made = encode(
            mixed.columns,
            schema,
            secret,
            mixed.fakes,
            epoch=name,
            own=own,
            rarity_from=RARITY_FROM,
        )
        epoch = Epoch.of(schema, name, mixed.fakes, key_check(schema, secret, name))
        _write(directory / f"p{number:05d}.parquet", schema, epoch, as_batch(tokens, made))
    known = pc.count_distinct(persons[_TOKEN]).as_py()
    return EncodedCounts(known, persons.num_rows, mixed.fakes)


# --- who is encoded -------------------------------------------------------------------------------


def _persons(
    zone: RawZone,
    verdict: StoredVerdict,
    contract: Contract,
    keyring: KeyRing,
    schema: LinkageSchema,
) -> pa.Table:
    """Distinct forms of each person's identity: ``token`` and the schema's fields, in one order."""
    linkage = _linkage_of(contract)
    names = [_TOKEN, *schema.kinds]
    empty = pa.schema([pa.field(name, pa.string()) for name in names])
    found: list[pa.RecordBatch] = []
    if linkage.table in zone.tables():
        read = _Reading(contract, keyring, schema)
        for batch, accepted in read_marked(zone, verdict, linkage.table, read.inputs):
            rows = batch.filter(pc.and_(accepted, _allowed(batch, linkage)))
            found.append(pa.RecordBatch.from_arrays(list(read.columns(rows)), schema=empty))
    rows = pa.Table.from_batches(found, empty)
    told = np.logical_or.reduce([_valid(rows[name]) for name in schema.kinds])
    rows = rows.filter(pa.array(told & _valid(rows[_TOKEN])))
    forms = rows.group_by(names, use_threads=False).aggregate([([], "count_all")])
    forms = forms.rename_columns([*names, _TIMES])
    order = [(_TOKEN, "ascending"), (_TIMES, "descending"), *((n, "ascending") for n in names[1:])]
    forms = forms.sort_by(order).combine_chunks()
    return forms.filter(pa.array(_rank_in_runs(forms[_TOKEN]) < MOST_FORMS)).select(names)


def _valid(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = column.is_valid().to_numpy()
    return found


def _rank_in_runs(ordered: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """How many equal values stand right before each."""
    codes = np.asarray(ordered.combine_chunks().dictionary_encode().indices)
    places = np.arange(len(codes))
    first = np.diff(codes, prepend=-1) != 0
    return places - np.maximum.accumulate(np.where(first, places, 0))


def _allowed(batch: pa.RecordBatch, linkage: Linkage) -> pa.Array:
    """Rows whose columns hold what ``where`` lists, and nothing else."""
    allowed = pa.array(np.ones(batch.num_rows, bool))
    for name, values in linkage.where.items():
        listed = pa.array(values, pa.string())
        allowed = pc.and_(allowed, pc.is_in(batch.column(name), value_set=listed))
    return allowed


class _Reading:
    """What of a row is read, and how it becomes token and fields."""

    def __init__(self, contract: Contract, keyring: KeyRing, schema: LinkageSchema) -> None:
        linkage = _linkage_of(contract)
        table = contract.table(linkage.table)
        named = token_field(linkage, table)
        if named is None:
            raise ContractError(f"contract {contract.name}: linkage names no token")
        self._token = _bound(contract, table, named, keyring)
        placeholders = frozenset(contract.options.get("placeholders", ()))
        self._fields = {
            name: _known(
                _as_compared(contract, table, table.by_name[source], schema.kinds[name]),
                # a name is told from a placeholder by the whole record (``told_names``)
                placeholders - ALSO_NAMES if schema.kinds[name] in NAMES else placeholders,
            )
            for name, source in linkage.fields.items()
        }
        self._names = tuple(schema.kinds)
        sources = (table.by_name[name].source for name in linkage.fields.values())
        self.inputs = sorted({*reads(named), *sources, *linkage.where})

    def columns(self, rows: pa.RecordBatch) -> Iterator[pa.Array]:
        """The token and each field of the schema; null where the contract has none for it."""
        columns = Columns({name: rows.column(name) for name in rows.schema.names})
        yield self._token(columns)
        for name in self._names:
            if name in self._fields:
                yield self._fields[name](columns)
            else:
                yield pa.nulls(rows.num_rows, pa.string())


def _as_compared(contract: Contract, table: Table, field: Field, kind: str) -> Transform:
    """Dates as ISO text, codes as the contract recodes them, everything else as it is."""
    if kind in _CODED and field.deidentification.operator == "recode":
        return _bound(contract, table, field, None)
    if field.logical_type in ("date", "timestamp") and field.formats:
        return lambda columns: iso_dates(columns[field.source], field.formats, serials=False)
    return lambda columns: columns[field.source]


def _known(transform: Transform, placeholders: frozenset[str]) -> Transform:
    """Without what the contract says people write where they do not know: it is nobody's name."""

    def told(distinct: pa.Array) -> pa.Array:
        known = pc.is_valid(plain(distinct, sorted(placeholders)))
        return pc.if_else(known, distinct, pa.scalar(None, pa.string()))

    return lambda columns: over_distinct(transform(columns), told)


def _bound(
    contract: Contract, table: Table, field: Field, keyring: KeyRing | None
) -> Callable[[Columns], pa.Array]:
    operator = REGISTRY[field.deidentification.operator]
    return operator.bind(Binding(contract, table, field, keyring))


def _linkage_of(contract: Contract) -> Linkage:
    if contract.linkage is None:
        raise ContractError(f"contract {contract.name} links nobody")
    return contract.linkage


# --- what leaves ----------------------------------------------------------------------------------


def _mixed(
    persons: pa.Table,
    verdict: StoredVerdict,
    contract: Contract,
    keyring: KeyRing,
    schema: LinkageSchema,
    delivery_id: str,
) -> Disguised:
    """With fakes. Those of a full refresh come again with the next; those of a delivery that adds
    to earlier ones stay its own, as most of its persons do."""
    secret = keyring.derive("linkage disguise", contract.agency, schema.name)
    scope: Mapping[str, object] = verdict.report.get("scope", {})
    if not scope.get("full_refresh"):
        secret = derive_key(secret, "delivery", delivery_id)
    columns = {name: persons[name] for name in schema.kinds}
    return disguised(columns, schema, secret, _first_words(persons[_TOKEN]))


def _first_words(tokens: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """The first 64 bit of tokens of 32 hex digits."""
    text = "".join(pc.utf8_slice_codeunits(tokens, 0, 16).to_pylist())
    return np.frombuffer(bytes.fromhex(text), ">u8").astype(np.uint64)


def _tokens(persons: pa.Table, mixed: Disguised) -> pa.Array:
    """Whose each row is: a person's token, or one that looks like it and is of nobody."""
    text = np.ascontiguousarray(mixed.codes).tobytes().hex()
    made = [text[at : at + 32] for at in range(0, len(text), 32)]
    everyone = pa.concat_arrays([*persons[_TOKEN].chunks, pa.array(made, pa.string())])
    places = mixed.origin.copy()
    places[places < 0] = persons.num_rows + np.arange(mixed.fakes)
    return everyone.take(pa.array(places))


def _write(path: Path, schema: LinkageSchema, epoch: Epoch, rows: pa.RecordBatch) -> None:
    metadata = epoch.as_metadata()
    with (
        replacing(path) as partial,
        pq.ParquetWriter(
            partial,
            encoding_columns(schema).with_metadata(metadata),
            compression="zstd",
            use_dictionary=False,
        ) as writer,
    ):
        writer.write_batch(rows.replace_schema_metadata(metadata))
