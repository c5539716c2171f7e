"""Hands a package's encodings over to ``linkage``, inside the load's transaction.

The loader writes them through functions and cannot read them back. The functions find each token's
random key, making it where there is none, so that records of nobody look like all others to the
linker. What is delivered without an encoding (its basis has ended) is linked no more.

``linkage.encoding.content`` is, without gaps: the filters in the order of the schema's fields, 32
bytes each (in mode ``clk`` one of 128 bytes, which the database counts as four); the block tokens
in the order of ``block_names``, 8 bytes each, lowest first; a byte for each rarity class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymize.encoding.columns import TOKEN, Epoch, block_names, from_batch
from anonymize.encoding.encode import Encoded, rare_fields
from anonymize.encoding.filters import WORDS
from schemas.linkage import CLK, LinkageSchema, agreed_schema
from warehouse.database import translated
from warehouse.origin import Connection, Origin

#: Rows per call of ``linkage.put_encodings``: some megabytes.
_ROWS = 20_000
#: Bytes of a filter, as the database counts them, and of a block token.
_FILTER_BYTES, _BLOCK_BYTES = 8 * WORDS, 8
_TOKEN = np.dtype("V16")

Content = npt.NDArray[np.uint8]


def _filter_names(schema: LinkageSchema) -> list[str]:
    """A name for each ``_FILTER_BYTES`` of filters."""
    if schema.mode == CLK:
        return [f"{CLK}.{at}" for at in range(schema.filters[CLK] // 8 // _FILTER_BYTES)]
    return list(schema.filters)


def packed(encoded: Encoded) -> Content:
    """Encodings as rows of bytes."""
    schema = encoded.schema
    parts: list[Content] = [_bytes(encoded.filters[name]) for name in schema.filters]
    parts += [_bytes(encoded.tokens[name].astype("<u8")) for name in block_names(schema)]
    parts += [_bytes(encoded.rarity[name]) for name in rare_fields(schema)]
    return np.hstack(parts)


def _bytes(column: npt.NDArray[np.generic]) -> Content:
    rows = len(column)
    found: Content = np.ascontiguousarray(column).view(np.uint8).reshape(rows, -1)
    return found


def unpacked(content: Content, schema: LinkageSchema, fakes: int = 0) -> Encoded:
    """Back from ``packed``."""
    at = 0

    def next_column(width: int) -> Content:
        nonlocal at
        at += width
        return np.ascontiguousarray(content[:, at - width : at])

    return Encoded(
        schema,
        {n: next_column(bits // 8).view(np.uint64) for n, bits in schema.filters.items()},
        {name: next_column(_BLOCK_BYTES).view("<u8")[:, 0] for name in block_names(schema)},
        {name: next_column(1).view(np.int8)[:, 0] for name in rare_fields(schema)},
        fakes,
    )


def content_width(schema: LinkageSchema) -> int:
    """Bytes of one row."""
    filters, blocks = len(_filter_names(schema)), len(block_names(schema))
    return _FILTER_BYTES * filters + _BLOCK_BYTES * blocks + len(rare_fields(schema))


# --- handing over ---------------------------------------------------------------------------------


def hand_over(
    connection: Connection,
    origin: Origin,
    key_epoch: str,
    encodings: Iterable[tuple[Epoch, pa.RecordBatch]],
) -> None:
    """Store the encodings of a delivery whose victims were merged (``pg_temp.key_victim``).

    Args:
        encodings: as ``anonymize.package.Package.encodings`` gives them.

    Raises:
        PermanentError: the database refuses them.
    """
    with translated("handing encodings over"):
        connection.execute(_ENCODED)
        for epoch, batches in groupby(encodings, key=itemgetter(0)):
            _hand_over_epoch(connection, origin, key_epoch, epoch, [batch for _, batch in batches])
        connection.execute(_UNLINK, origin.parameters)


def _hand_over_epoch(
    connection: Connection,
    origin: Origin,
    key_epoch: str,
    epoch: Epoch,
    batches: list[pa.RecordBatch],
) -> None:
    schema = agreed_schema(epoch.schema)
    table = pa.Table.from_batches(batches).sort_by(TOKEN).combine_chunks()
    if not table.num_rows:
        return
    given = {
        "schema": epoch.schema,
        "version": epoch.version,
        "digest": epoch.digest,
        "epoch": epoch.epoch,
        "fields": _filter_names(schema),
        "blocks": list(block_names(schema)),
        "rare": rare_fields(schema),
        "rows": table.num_rows,
        "fakes": epoch.fakes,
        "keys": epoch.keys,
    }
    opened = connection.execute(_OPEN, {**origin.parameters, **given}).fetchone()
    batch = opened[0] if opened else None
    with connection.cursor().copy(_COPY) as copy:
        for token in table[TOKEN].unique().to_pylist():
            copy.write(f"{batch},\\x{token}\n")
    tokens = np.frombuffer(bytes.fromhex("".join(table[TOKEN].to_pylist())), _TOKEN)
    content = packed(from_batch(table.to_batches()[0], schema))
    stay = ~np.isin(tokens, _left_out(connection))
    tokens, content = tokens[stay], content[stay]
    for part in _whole_records(tokens):
        piece = (batch, key_epoch, tokens[part].tobytes(), content[part].tobytes())
        connection.execute("SELECT linkage.put_encodings(%s, %s, %b, %b)", piece)
    connection.execute(_CLOSE, {"batch": batch})


def _left_out(connection: Connection) -> npt.NDArray[np.void]:
    """Tokens of persons of whom the delivery loads nothing: nothing of them is stored."""
    found = connection.execute(_LEFT_OUT).fetchall()
    return np.frombuffer(b"".join(bytes(token) for (token,) in found), _TOKEN)  # type: ignore


def _whole_records(tokens: npt.NDArray[np.void]) -> Iterator[slice]:
    """Pieces of sorted tokens that cut through no record."""
    start = 0
    while start < len(tokens):
        end = min(start + _ROWS, len(tokens))
        while end < len(tokens) and tokens[end] == tokens[end - 1]:
            end += 1
        yield slice(start, end)
        start = end


_ENCODED = "CREATE TEMPORARY TABLE encoded (batch integer, token bytea) ON COMMIT DROP"
_COPY = "COPY pg_temp.encoded (batch, token) FROM STDIN (FORMAT csv)"
_OPEN = (
    "SELECT linkage.open_batch(%(agency)s, %(feed)s, %(delivery)s, %(as_of)s, %(schema)s, "
    "%(version)s, %(digest)s, %(epoch)s, %(fields)s, %(blocks)s, %(rare)s, %(rows)s, %(fakes)s, "
    "%(keys)s)"
)
#: Who is left out of ``core`` (``warehouse.left_out``) or deleted by this delivery.
_LEFT_OUT = (
    "SELECT token FROM pg_temp.left_out_victim UNION SELECT token FROM pg_temp.staged_deleted "
    "WHERE unit = 'victim' AND token NOT IN (SELECT victim_token FROM pg_temp.staged_victim)"
)
#: A token that names no victim of the delivery is of nobody.
_CLOSE = (
    "SELECT linkage.close_batch(%(batch)s, ARRAY(SELECT token FROM pg_temp.encoded e "
    "WHERE batch = %(batch)s "
    "AND NOT EXISTS (SELECT FROM pg_temp.key_victim k WHERE k.token = e.token)))"
)
_UNLINK = (
    "SELECT linkage.unlink(%(agency)s, %(feed)s, ARRAY(SELECT record_key FROM pg_temp.key_victim k "
    "WHERE k.loads AND NOT EXISTS (SELECT FROM pg_temp.encoded e WHERE e.token = k.token)))"
)
