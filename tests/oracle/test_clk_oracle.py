"""CLKs against clkhash, bit for bit, before the noise: keys, hashing, and the spreading of bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anonymize.encoding.clk import bits_of
from anonymize.encoding.encode import encode
from anonymize.encoding.normalise import normalised
from schemas.linkage import CLK, NAMES, LinkageField, LinkageSchema
from tests.oracle.environment import lacks, run
from tributary.bench.linkage import county_schema
from tributary.county.names import given_names, surnames

pytestmark = pytest.mark.skipif(bool(lacks("clkhash")), reason=lacks("clkhash"))

SECRET, EPOCH = bytes(range(32)), "2026"
KINDS = ("given_name", "surname", "date", "sex", "postcode", "ssn", "address", "email", "category")
#: What is written in no usual way.
ODD = {
    "given_name": ["Nananana", "B", "Ann-Marie de la O", "x" * 300, None, "Zoë", "李", "🜁🜂"],
    "surname": ["O'Brien", "van der Søren-Ñandú", "unknown", "de", "", "Smith-Smith"],
    "date": ["1990-02-02", "12/31/1999", "1985", "2001-07", "31.12.2000", None, "0000-11-05"],
    "sex": ["F", "m", None, "9"],
    "postcode": ["97001-1234", "LE18 3BF", None],
    "ssn": ["123-45-6780", "6789", None, "a" * 64],
    "address": ["1 Main St", None, "aa aa aa aa"],
    "email": ["a@b.org", None],
    "category": ["unsheltered", "a b", None],
}


def schema() -> LinkageSchema:
    fields = tuple(LinkageField(f"c_{kind}", kind) for kind in KINDS)
    return replace(county_schema(), fields=fields, blocks=(), mode=CLK, flip=0, dummies=0.0)


def columns(count: int = 400) -> dict[str, list[str | None]]:
    random = np.random.default_rng(5)

    def of(kind: str) -> list[str | None]:
        plain: list[str | None] = {
            "given_name": given_names().names.to_pylist(),
            "surname": surnames().names.to_pylist(),
            "date": [f"{1950 + n % 60}-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(999)],
            "ssn": [f"{10**8 + 7919 * n}" for n in range(999)],
            "postcode": [f"{10000 + 37 * n}" for n in range(999)],
        }.get(kind, ODD[kind])
        made = [plain[n] for n in random.integers(len(plain), size=count).tolist()]
        return [*made, *(ODD[kind][n] for n in random.integers(len(ODD[kind]), size=count))]

    return {f"c_{kind}": of(kind) for kind in KINDS}


def plain(kind: str, value: str | None) -> str:
    """As it is compared; a number that came hashed has no characters to cut."""
    found = normalised(kind, value)
    return "" if found.startswith("#") else found


def test_clks_are_those_of_clkhash() -> None:
    agreed, given = schema(), columns()
    made = encode(given, agreed, SECRET, epoch=EPOCH).filters[CLK]
    spelled = {kind: [plain(kind, one) for one in given[f"c_{kind}"]] for kind in KINDS}
    for kind in ("sex", "category"):  # with the year of birth alone
        years = [born[:4].strip() for born in spelled["date"]]
        spelled[kind] = [
            f"{value} {year}" if value and year else ""
            for value, year in zip(spelled[kind], years, strict=True)
        ]
    start = ("tributary/v1", "linkage", agreed.name, str(agreed.version), EPOCH, "clk")
    answer = run(
        "clkhash_clks.py",
        {
            "secret": SECRET.hex(),
            "purposes": [
                [*start, "names" if kind in NAMES else column]
                for column, kind in agreed.kinds.items()
            ],
            "features": [
                {"kind": kind, "bits": bits_of(agreed)[column]}
                for column, kind in agreed.kinds.items()
            ],
            "records": list(zip(*spelled.values(), strict=True)),
        },
    )
    bits = np.unpackbits(made.view(np.uint8), axis=1, bitorder="little")
    ours = ["".join(map(str, row)) for row in bits.tolist()]
    assert ours == answer.split()
    assert len(set(ours)) > 700
