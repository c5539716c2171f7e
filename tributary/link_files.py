"""Links two CSV files, or one with itself, the way the linkage zone links deliveries.

What an agency's node does and what the linkage zone does happen in one process here: the records
are encoded under the secret, and only the encodings are compared.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from anonymize.encoding.disguise import disguised
from anonymize.encoding.encode import Encoded, Own, encode
from connectors.zones.secret import derive_key, read_secret
from linkage.evaluate import Pair, evaluate
from linkage.link import Links, link
from linkage.quality import run_quality
from schemas.linkage import LinkageSchema, load_schema
from tributary.link_table import records, true_pairs

Say = Callable[[str], None]

#: Fewer values of a file do not tell which of them are rare.
_RARITY_FROM = 100


def link_files(
    left: Path,
    right: Path | None,
    *,
    id_column: str,
    schema: Path,
    secret_file: Path,
    out: Path,
    truth: Path | None = None,
    say: Say = lambda _step: None,
) -> dict[str, Any]:
    """Write the pairs of records that are one person to ``out``.

    ``out`` has the columns ``left_id,right_id,score,decision``: probability, ``match`` or
    ``review``, best first.

    Returns:
        counts, threshold, expected precision and recall, and, with ``truth`` (a CSV whose first two
        columns are the ids of pairs), the real ones.

    Raises:
        ContractError, SettingsError: the schema or the secret is not usable.
        DeliveryError: a file is no CSV, lacks a column, or its ids do not name one record each.
    """
    agreed, secret = load_schema(schema), read_secret(secret_file)
    started = perf_counter()
    say("encoding")
    ids, mine = _encoded(left, id_column, agreed, secret)
    other_ids, theirs = (ids, None)
    if right is not None:
        other_ids, theirs = _encoded(right, id_column, agreed, secret)
    encoded = perf_counter()
    links = link(mine, theirs, progress=say)
    linked = perf_counter()
    told = run_quality(links, mine, theirs)
    pairs, links = _real(links, ids, other_ids)
    _write(out, pairs, links)
    answer = {
        "records": {"left": _known(ids), "right": _known(other_ids)},
        "candidates": links.candidates,
        "matches": links.matches,
        "review": len(pairs) - links.matches,
        "threshold": links.threshold,
        "one_to_one": links.one_to_one,
        "expected": {"precision": told.expected_precision, "recall": told.expected_recall},
        "known": told.known,
        "score_histogram": told.histogram,
        "most_frequent_token": told.most_frequent_token,
        "seconds": {
            "encoding": round(encoded - started, 3),
            "linking": round(linked - encoded, 3),
        },
    }
    if truth is not None:
        known = true_pairs(truth)
        found = evaluate(pairs, links.probability, links.threshold, known, within=right is None)
        best = {**asdict(found.best), "threshold": found.best_threshold}
        answer |= {**asdict(found.chosen), "best": best}
    return answer


def _encoded(
    path: Path, id_column: str, schema: LinkageSchema, secret: bytes
) -> tuple[list[str | None], Encoded]:
    ids, columns = records(path, id_column, dict(schema.kinds))
    own = derive_key(secret, "disguise", path.name)
    mixed = disguised(columns, schema, own)
    origin = [ids[row] if row >= 0 else None for row in mixed.origin.tolist()]
    noise = Own(own, np.arange(len(origin), dtype=np.uint64))
    return origin, encode(
        mixed.columns, schema, secret, mixed.fakes, own=noise, rarity_from=_RARITY_FROM
    )


def _known(ids: list[str | None]) -> int:
    return sum(one is not None for one in ids)


def _real(
    links: Links, ids: list[str | None], others: list[str | None]
) -> tuple[list[Pair], Links]:
    """Pairs of ids, best first, and their links; without those of fake records."""
    pairs, kept = [], []
    for row, (i, j) in enumerate(zip(links.left.tolist(), links.right.tolist(), strict=True)):
        one, other = ids[i], others[j]
        if one is not None and other is not None:
            pairs.append((one, other))
            kept.append(row)
    rows = np.array(kept, np.int64)
    return pairs, replace(
        links,
        left=links.left[rows],
        right=links.right[rows],
        probability=links.probability[rows],
        weight=links.weight[rows],
    )


def _write(out: Path, pairs: list[Pair], links: Links) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("left_id", "right_id", "score", "decision"))
        for pair, score in zip(pairs, links.probability.tolist(), strict=True):
            decision = "match" if score >= links.threshold else "review"
            writer.writerow((*pair, f"{score:.6f}", decision))
