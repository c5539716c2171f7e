"""A sentence or three for each police case, with the record's own names and addresses in them.

Plain templates, enough to have identifiers in free text; a later generator replaces them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county.data import load
from tributary.county.seeds import Ints
from tributary.county.text import join

#: Fields a template may use; every one is a text column without nulls.
FIELDS: Final = (
    "date",
    "time",
    "address",
    "victim",
    "phone",
    "suspect",
    "officer",
    "lodging",
    "case",
)

#: Kinds of story, in the order of ``Cases.story``.
TEMPLATES: Final = tuple(
    tuple(load("narratives.yaml")[kind]) for kind in ("ordinary", "sex", "labour", "prostitution")
)


def narratives(random: np.random.Generator, kind: Ints, fields: Mapping[str, pa.Array]) -> pa.Array:
    """One text a case. ``kind`` indexes ``TEMPLATES``."""
    parts, order = [], []
    pick = random.random(len(kind))
    for number, templates in enumerate(TEMPLATES):
        for which, template in enumerate(templates):
            rows = np.flatnonzero((kind == number) & ((pick * len(templates)).astype(int) == which))
            if len(rows):
                order.append(rows)
                parts.append(
                    _fill(template, {name: fields[name].take(pa.array(rows)) for name in FIELDS})
                )
    back = np.argsort(np.concatenate(order), kind="stable")
    return pc.take(pa.concat_arrays(parts), pa.array(back))


def _fill(template: str, fields: Mapping[str, pa.Array]) -> pa.Array:
    pieces = re.split(r"\{(\w+)\}", template)
    return join(*(fields[piece] if at % 2 else pa.scalar(piece) for at, piece in enumerate(pieces)))
