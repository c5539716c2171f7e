"""Encodings as columns: what a package holds of them, and back to what the linkage zone compares.

A row is one form of a person's identity (an alias is a further row of the same token), or of
nobody::

    token             text, 32 hex digits: the person's token, a random one for a fake
    filter_<field>    fixed-size binary, 32 bytes: the Bloom filter; null where unknown. In mode
                      ``clk`` one, ``filter_clk``, of 128 bytes, and no rarity
    block_<name>      uint64: the block token; null where a part is unknown. ``block_<name>~`` with
                      given name and surname in each other's place
    rarity_<field>    int8: the class of the value's rarity; null where unknown

The file's metadata says under which schema and epoch they were made, and how many are of nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.encoding.blocks import blocks_of
from anonymize.encoding.encode import Encoded, rare_fields
from anonymize.encoding.filters import as_arrow, from_arrow
from anonymize.encoding.tokens import block_name, swapped
from schemas.linkage import LinkageSchema

TOKEN = "token"  # noqa: S105 - a column's name
_FILTER, _BLOCK, _RARITY = "filter_", "block_", "rarity_"
#: Key of the metadata.
METADATA = b"tributary.linkage"
_HEX = r"^[0-9a-f]{32}$"


@dataclass(frozen=True)
class Epoch:
    """Under what a file's rows were encoded: rows compare with those of the same first four.

    Attributes:
        epoch: version of the linkage keys.
        fakes: how many of the rows are of nobody.
        keys: ``encode.key_check``: the same at all agencies. An agency with another secret would
            link to nobody, and nobody would see.
    """

    schema: str
    version: int
    digest: str
    epoch: str
    fakes: int
    keys: str = ""

    @classmethod
    def of(cls, schema: LinkageSchema, epoch: str, fakes: int, keys: str = "") -> Epoch:
        return cls(schema.name, schema.version, schema.digest, epoch, fakes, keys)

    def as_metadata(self) -> dict[bytes, bytes]:
        return {METADATA: json.dumps(asdict(self), sort_keys=True).encode("ascii")}

    @classmethod
    def from_metadata(cls, metadata: Mapping[bytes, bytes] | None) -> Epoch:
        """Back from ``as_metadata``.

        Raises:
            ValueError: it does not say exactly that.
        """
        content = (metadata or {}).get(METADATA, b"null")
        found = json.loads(content)
        if not isinstance(found, dict) or set(found) != set(cls.__dataclass_fields__):
            raise ValueError
        made = cls(**found)
        numbers = (made.version, made.fakes)
        texts = (made.schema, made.digest, made.epoch, made.keys)
        sound = all(type(n) is int and n >= 0 for n in numbers)
        if not (sound and all(isinstance(t, str) for t in texts)):
            raise ValueError
        if made.as_metadata()[METADATA] != content:
            raise ValueError
        return made


def block_names(schema: LinkageSchema) -> tuple[str, ...]:
    """Names of the blocks' tokens, the crosswise ones included, as in ``Encoded.tokens``."""
    names = []
    for block in blocks_of(schema):
        names.append(block_name(block))
        if swapped(block, schema) is not None:
            names.append(f"{block_name(block)}~")
    return tuple(names)


def encoding_columns(schema: LinkageSchema) -> pa.Schema:
    """Columns of encodings under ``schema``; all but the token are nullable."""
    return pa.schema(
        [
            pa.field(TOKEN, pa.string(), nullable=False),
            *(
                pa.field(f"{_FILTER}{n}", pa.binary(bits // 8))
                for n, bits in schema.filters.items()
            ),
            *(pa.field(f"{_BLOCK}{name}", pa.uint64()) for name in block_names(schema)),
            *(pa.field(f"{_RARITY}{name}", pa.int8()) for name in rare_fields(schema)),
        ]
    )


def as_batch(tokens: pa.Array, encoded: Encoded) -> pa.RecordBatch:
    """Encodings as columns; ``tokens`` names the person of each row."""
    columns = {
        TOKEN: tokens,
        **{f"{_FILTER}{name}": as_arrow(made) for name, made in encoded.filters.items()},
        **{
            f"{_BLOCK}{name}": pa.array(made, pa.uint64(), mask=made == 0)
            for name, made in encoded.tokens.items()
        },
        **{
            f"{_RARITY}{name}": pa.array(made, pa.int8(), mask=made < 0)
            for name, made in encoded.rarity.items()
        },
    }
    schema = encoding_columns(encoded.schema)
    arrays = [columns[name] for name in schema.names]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def from_batch(batch: pa.RecordBatch, schema: LinkageSchema, fakes: int = 0) -> Encoded:
    """Back from ``as_batch``; the tokens stay in the batch's column ``token``."""
    names = batch.schema.names

    def columns(prefix: str) -> dict[str, pa.Array]:
        return {n.removeprefix(prefix): batch.column(n) for n in names if n.startswith(prefix)}

    return Encoded(
        schema,
        {name: from_arrow(column) for name, column in columns(_FILTER).items()},
        {
            name: np.asarray(pc.fill_null(column, pa.scalar(0, pa.uint64())))
            for name, column in columns(_BLOCK).items()
        },
        {
            name: np.asarray(pc.fill_null(column, pa.scalar(-1, pa.int8())))
            for name, column in columns(_RARITY).items()
        },
        fakes,
    )


def ill_formed(batch: pa.RecordBatch) -> tuple[str, ...]:
    """Columns that hold what no encoding holds: a token that is none, a filter that is a text.

    The hub's own look at what it was given. A filter of a value has no end of printable letters
    that zeros follow; a text put there by mistake has.
    """
    wrong = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name == TOKEN:
            sound = (
                column.null_count == 0
                and pc.all(pc.match_substring_regex(column, _HEX), min_count=0).as_py()
            )
        elif name.startswith(_FILTER):
            sound = not _is_text(from_arrow(column).view(np.uint8)).any()
        else:
            continue
        if not sound:
            wrong.append(name)
    return tuple(wrong)


def _is_text(filters: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which rows of bytes are two or more printable letters, then nothing."""
    used = filters != 0
    length = used.sum(axis=1)
    in_front = (used == (np.arange(filters.shape[1]) < length[:, None])).all(axis=1)
    printable = (filters >= 0x20) & (filters < 0x7F) | ~used
    found: npt.NDArray[np.bool_] = in_front & (length > 1) & printable.all(axis=1)
    return found
