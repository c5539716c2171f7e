"""Linkage by exact keyed tokens of several fields each, as token services do it (after Datavant's
published tokens; Bernstam et al. 2022): a pair is linked by the first rule whose tokens agree."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa

from anonymize.encoding.features import part
from anonymize.encoding.normalise import normalised_column
from linkage.evaluate import evaluate
from tests.benchmarks.linkage_sets import Files
from tributary.link_table import records, true_pairs

KEY = bytes(range(32))
#: Parts of fields that make a token, by kind; the sharpest rule first. Sex where it is there.
RULES = (
    (("given_name", None), ("surname", None), ("date", None), ("sex", None)),
    (("given_name", "initial"), ("surname", None), ("date", None), ("sex", None)),
    (("given_name", "sound"), ("surname", "sound"), ("date", None), ("sex", None)),
    (("given_name", "start"), ("surname", None), ("date", None), ("postcode", "start")),
    (("given_name", None), ("surname", None), ("phone", None)),
    (("given_name", None), ("surname", None), ("address", None)),
)


def link(files: Files) -> dict[str, Any]:
    """Quality with all rules, and with the rules that are best on the truth."""
    started = perf_counter()
    (ids, left), (others, right) = (
        _tokens(*records(path, "id", dict(files.kinds)), files.kinds)
        for path in (files.left, files.right)
    )
    found: dict[tuple[str, str], int] = {}
    for rule, (mine, theirs) in enumerate(zip(left, right, strict=True)):
        by_token: dict[bytes, list[str]] = {}
        for one, token in zip(ids, mine, strict=True):
            if token:
                by_token.setdefault(token, []).append(one)
        for other, token in zip(others, theirs, strict=True):
            for one in by_token.get(token, ()):
                found.setdefault((one, other), rule)
    pairs = sorted(found, key=lambda pair: found[pair])
    score = np.array([1 - found[pair] / len(RULES) for pair in pairs])
    seconds = perf_counter() - started
    answer = evaluate(pairs, score, 0.0, true_pairs(files.truth), within=False)
    return {"chosen": asdict(answer.chosen), "best": asdict(answer.best), "seconds": seconds}


def _tokens(
    ids: list[str], columns: Mapping[str, pa.ChunkedArray], kinds: Mapping[str, str]
) -> tuple[list[str], list[list[bytes]]]:
    """A token a rule and record; empty where a field is unknown or the file lacks it."""
    spelled: dict[str, pa.Array] = {}
    for column, kind in kinds.items():
        encoded = columns[column].combine_chunks().dictionary_encode("encode")
        spelled.setdefault(kind, normalised_column(kind, encoded.dictionary).take(encoded.indices))
    made = []
    for rule in RULES:
        there = [(kind, name) for kind, name in rule if kind in spelled or kind != "sex"]
        if not all(kind in spelled for kind, _ in there):
            made.append([b""] * len(ids))
            continue
        values = [
            (spelled[kind] if name is None else part(kind, name, spelled[kind])).to_pylist()
            for kind, name in there
        ]
        made.append([_keyed(row) if all(row) else b"" for row in zip(*values, strict=True)])
    return ids, made


def _keyed(row: tuple[str, ...]) -> bytes:
    return hashlib.blake2b("\x1f".join(row).encode(), key=KEY, digest_size=16).digest()
