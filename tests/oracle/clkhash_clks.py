"""CLKs made by clkhash. Runs in the environment of its own (``make oracle``), not in ours.

Reads from standard input {"secret": hex, "purposes": [[part]], "features": [{"kind", "bits"}],
"records": [[value]]} and prints each record's CLK as a line of 0 and 1. Keys, hashing and the
spreading of bits are clkhash's; cutting into bigrams and whole values, too. Dates alone are cut
here, for clkhash has no comparison for dates that are written day first.
"""

import json
import sys

from clkhash.bloomfilter import crypto_bloom_filter
from clkhash.comparators import AbstractComparison
from clkhash.key_derivation import hkdf
from clkhash.schema import from_json_dict

_BIGRAMS, _WHOLE = {"type": "ngram", "n": 2}, {"type": "exact"}


class DateParts(AbstractComparison):
    """YYYYMMDD, blanks for what is unknown: the year, its end, day and month together in either
    order, and each of the two whichever it is."""

    def tokenize(self, word):
        year, month, day = word[:4], word[4:6], word[6:8]
        found = []

        def add(sort, text):
            found.append(f"{sort} {int(text)}")

        if year.strip():
            add(0, year)
            add(2, year[2:])
        if month.strip() and day.strip():
            add(9, month + day)
            add(10, min(month, day) + max(month, day))
        if month.strip():
            add(11, month)
        if day.strip():
            add(11, f"{int(day) + 100 * (day == month)}")
        return found


def feature(kind, bits):
    comparison = _WHOLE if kind in ("sex", "category") else _BIGRAMS
    return {
        "identifier": kind,
        "format": {"type": "string", "encoding": "utf-8"},
        "hashing": {
            "comparison": comparison,
            "strategy": {"bitsPerFeature": bits},
            "hash": {"type": "blakeHash"},
        },
    }


def main():
    given = json.load(sys.stdin)
    features = [feature(one["kind"], one["bits"]) for one in given["features"]]
    config = {"l": 1024, "kdf": {"type": "HKDF", "hash": "SHA256", "keySize": 32}}
    schema = from_json_dict({"version": 3, "clkConfig": config, "features": features})
    comparators = [
        DateParts() if one["kind"] == "date" else field.hashing_properties.comparator
        for one, field in zip(given["features"], schema.fields, strict=True)
    ]
    keys = []
    for purpose in given["purposes"]:
        parts = [part.encode() for part in purpose]
        info = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        keys.append(hkdf(bytes.fromhex(given["secret"]), 1, info=info, key_size=32))
    for record in given["records"]:
        clk, _, _ = crypto_bloom_filter(record, comparators, schema, keys)
        print(clk.to01())


main()
