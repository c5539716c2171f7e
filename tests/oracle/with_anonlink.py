"""Links two files with clkhash and anonlink; prints the quality as JSON.

The CLK is that of the clkhash tutorials: 1,024 bits, bigrams for texts, single characters with
their place for numbers and dates, the same bits for each field but a third for codes.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from anonlink.candidate_generation import find_candidate_pairs
from anonlink.similarities import dice_coefficient
from anonlink.solving import greedy_solve
from clkhash.clk import generate_clks
from clkhash.schema import from_json_dict

sys.path.insert(0, str(Path(__file__).parents[2]))

from linkage.evaluate import evaluate
from tributary.link_table import read_table, true_pairs

#: anonlink has no threshold of its own; its users give one.
GIVEN, LEAST = 0.8, 0.55
PLACED = ("date", "year", "postcode", "phone", "ssn", "number")
CODES = ("sex", "category")


def feature(kind, bits):
    if kind in CODES:
        comparison = {"type": "exact"}
    else:
        placed = kind in PLACED
        comparison = {"type": "ngram", "n": 1 if placed else 2, "positional": placed}
    return {
        "identifier": kind,
        "format": {"type": "string", "encoding": "utf-8"},
        "hashing": {
            "comparison": comparison,
            "strategy": {"bitsPerFeature": bits // 3 if kind in CODES else bits},
            "hash": {"type": "blakeHash"},
        },
    }


def main():
    given = json.load(sys.stdin)
    kinds = given["kinds"]
    bits = round(600 / sum(1 / 3 if kind in CODES else 1 for kind in kinds.values()))
    config = {"l": 1024, "kdf": {"type": "HKDF", "hash": "SHA256", "keySize": 64}}
    features = [feature(kind, bits) for kind in kinds.values()]
    schema = from_json_dict({"version": 3, "clkConfig": config, "features": features})
    tables = [read_table(Path(given[side])) for side in ("left", "right")]
    started = time.perf_counter()
    sides = []
    for table in tables:
        columns = [[(v or "").lower() for v in table[name].to_pylist()] for name in kinds]
        rows = list(zip(*columns, strict=True))
        sides.append(generate_clks(rows, schema, "secret", validate=False, max_workers=1))
    found = find_candidate_pairs(sides, dice_coefficient, LEAST)
    score, (left, right) = np.asarray(found[0]), (np.asarray(one) for one in found[2])
    if given["one_to_one"]:
        solved = {tuple(row for _, row in sorted(group)) for group in greedy_solve(found)}
        rows = zip(left.tolist(), right.tolist(), strict=True)
        kept = [at for at, pair in enumerate(rows) if pair in solved]
        score, left, right = score[kept], left[kept], right[kept]
    seconds = time.perf_counter() - started
    ids = [table["id"].to_pylist() for table in tables]
    order = np.argsort(-score, kind="stable")
    rows = zip(left[order].tolist(), right[order].tolist(), strict=True)
    pairs = [(ids[0][i], ids[1][j]) for i, j in rows]
    truth = true_pairs(Path(given["truth"]))
    answer = evaluate(pairs, score[order], GIVEN, truth, within=False)
    told = {"chosen": asdict(answer.chosen), "best": asdict(answer.best)}
    print(json.dumps({**told, "seconds": round(seconds, 2)}))


main()
