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

ORDINARY: Final = (
    "On {date} at {time} hours {officer} was dispatched to {address}. {victim} stated that an unknown "
    "person had been on the property. No further leads.",
    "{officer} spoke with {victim} ({phone}) at {address} in reference to an incident on {date}. {victim} "
    "named {suspect} as the person responsible. Statement taken.",
    "R/O responded to {address}. VICTIM {victim} ADVISED THAT {suspect} LEFT ON FOOT PRIOR TO ARRIVAL. "
    "AREA CANVASSED, NEGATIVE RESULTS.",
)
SEX: Final = (
    "On {date} {officer} located {victim} in a room at {lodging}. {victim} said that {suspect} posted ads "
    "online, set the price and kept all of the money. {victim} said {suspect} threatened to hurt her "
    "family if she left.",
    "{victim} (tel {phone}) was contacted at {address}. She met {suspect} online and believed he was her "
    "boyfriend. He gave her pills, drove her to {lodging} and took her ID. Case {case}.",
    "VICTIM {victim} STATED SHE HAS BEEN WORKING OUT OF {lodging} FOR {suspect}. SHE DENIED BEING FORCED. "
    "A SECOND PHONE AND HOTEL KEYS WERE OBSERVED AT {address}.",
)
LABOUR: Final = (
    "{victim} reported that {suspect} recruited him with the promise of a better wage and holds his "
    "passport. He works from early morning until night and owes {suspect} for the journey. Lives at "
    "{address} with several others.",
    "{officer} met {victim} near {address}. He has not been paid since he arrived and was told that he "
    "would be reported to immigration if he complained. Employer: {suspect}, {phone}.",
)
PROSTITUTION: Final = (
    "On {date} at {time} hours an undercover detail at {lodging} led to the arrest of {suspect}. The "
    "offer was made by phone, {phone}. Case {case}.",
    "{officer} observed {suspect} near {address} approaching vehicles. {suspect} was arrested without "
    "incident.",
)
#: In the order of ``kind``: ordinary, sex, labour, prostitution.
TEMPLATES: Final = (ORDINARY, SEX, LABOUR, PROSTITUTION)


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
