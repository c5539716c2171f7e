"""Links new records against those that stand already, however many there are.

Standing records are asked for in two ways only: which of them hold one of these tokens, and what
the encodings of these rows are. A database answers both from an index; what is in memory at once
are the new records, the pairs, and one chunk of standing encodings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from anonymize.encoding.encode import Encoded
from anonymize.encoding.tokens import Tokens
from linkage.blocking import in_order
from linkage.compare import Rows, compare
from linkage.decide import Probabilities, decide
from linkage.link import Links, no_links
from linkage.rivals import Side, competing
from linkage.weights import Weights, posterior, share_of_matches

#: A token that more standing records share says nothing (a popular name and an unknown rest).
LARGEST_GROUP = 100
#: New records that what was learned before counts for: of a few, nobody knows how many match.
_RECORDS_BEFORE = 1_000
#: New records linked at once: of 10^7 standing persons of one state, a record meets 85.
_NEW = 250_000
#: Pairs compared at once: of 300 bytes each, both sides' filters.
_CHUNK = 1 << 20
#: Bits of the bitmap that standing tokens are looked up in first.
_BITMAP = 27


class Standing(Protocol):
    """Standing encodings, by row number from 0 on."""

    def __len__(self) -> int: ...

    def holding(self, block: str, wanted: Tokens) -> tuple[Rows, Tokens]:
        """Rows whose token of ``block`` is one of ``wanted`` (sorted, distinct, none of them 0),
        and that token of each. ``block`` may end in ``~``: the tokens of swapped names. Nothing
        where the block is unknown."""

    def take(self, rows: Rows) -> Encoded:
        """The encodings of ``rows`` (sorted, distinct), in that order."""


@dataclass(frozen=True)
class InMemory:
    """Standing encodings as arrays, in memory or mapped from files: 370 bytes a record for six
    fields and eleven blocks."""

    encoded: Encoded

    def __len__(self) -> int:
        return len(self.encoded)

    def holding(self, block: str, wanted: Tokens) -> tuple[Rows, Tokens]:
        column = self.encoded.tokens.get(block)
        if column is None or not len(wanted):
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        # A bit for each end of a wanted token: nine in ten others are told apart without a search.
        ends = np.zeros(1 << _BITMAP, bool)
        ends[wanted >> np.uint64(64 - _BITMAP)] = True
        rows = np.flatnonzero(ends[column >> np.uint64(64 - _BITMAP)])
        place = np.searchsorted(wanted, column[rows])
        place[place == len(wanted)] = 0
        rows = rows[wanted[place] == column[rows]]
        return rows, column[rows]

    def take(self, rows: Rows) -> Encoded:
        return self.encoded.take(rows)


def link_new(
    new: Encoded,
    standing: Standing,
    weights: Weights,
    progress: Callable[[str], None] = lambda _step: None,
) -> Links:
    """Find which of ``standing`` are one person with records of ``new``.

    A new record may have several partners: a standing person may have several records.

    Args:
        weights: of an earlier run under the same schema.

    Returns:
        links whose ``left`` are rows of ``new`` and ``right`` rows of ``standing``.
    """
    weights = weights.among(len(standing))
    kept, told, candidates, used = [np.empty(0, np.int64)], [np.empty(0)], 0, dict[str, None]()
    for start in range(0, len(new), _NEW):
        progress("candidates")
        part = new.take(slice(start, start + _NEW))
        keys, blocks = _candidates(part, standing)
        progress("comparison")
        keys_kept, weight_kept = _weighed(part, standing, weights, keys)
        kept.append(keys_kept + start * len(standing))
        told.append(weight_kept)
        candidates += len(keys)
        used |= dict.fromkeys(blocks)
    if not candidates:
        return no_links(tuple(used))
    progress("decision")
    keys, weight = np.concatenate(kept), np.concatenate(told)
    pairs = keys // len(standing), keys % len(standing)
    all_pairs = float(len(new) * len(standing))
    seen = float(_RECORDS_BEFORE * len(standing))
    share = share_of_matches(weight, all_pairs, before=(weights.share * seen, seen))

    def same(one: Rows, other: Rows) -> Probabilities:
        rows, place = np.unique(np.concatenate([one, other]), return_inverse=True)
        taken = standing.take(rows)
        return posterior(
            weights.of(compare(taken, taken, (place[: len(one)], place[len(one) :]))), share
        )

    decided = decide(
        weight,
        pairs,
        (len(new), len(standing)),
        one_to_one=False,
        within=False,
        share=share,
        min_precision=new.schema.min_precision,
        compete=lambda alone: competing(alone, Side(*pairs, same)),
    )
    return Links(
        pairs[0][decided.pairs],
        pairs[1][decided.pairs],
        decided.probability,
        weight[decided.pairs],
        decided.threshold,
        False,
        decided.expected_precision,
        decided.expected_recall,
        candidates,
        tuple(used),
        weights,
    )


def _candidates(new: Encoded, standing: Standing) -> tuple[Rows, tuple[str, ...]]:
    """Pairs that share a token, each once, as new row times ``len(standing)`` plus standing row,
    and the blocks that gave them."""
    found: list[Rows] = []
    used = []
    for name, tokens in new.tokens.items():
        if name.endswith("~"):
            continue
        mine = in_order(tokens)
        for block in (name, f"{name}~"):
            rows, theirs = standing.holding(block, mine.tokens)
            place = np.searchsorted(mine.tokens, theirs)
            few = np.bincount(place, minlength=len(mine.tokens))[place] <= LARGEST_GROUP
            rows, place = rows[few], place[few]
            if not len(rows):
                continue
            counts = mine.counts[place]
            across = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            left = mine.order[np.repeat(mine.starts[place], counts) + across]
            found.append(left * len(standing) + np.repeat(rows, counts))
            used.append(block)
    if not found:
        return np.empty(0, np.int64), ()
    keys = np.concatenate(found)
    found.clear()
    keys.sort()
    distinct: Rows = keys[np.diff(keys, prepend=-1) != 0]
    return distinct, tuple(used)


def _weighed(
    new: Encoded, standing: Standing, weights: Weights, keys: Rows
) -> tuple[Rows, Probabilities]:
    """Pairs that are likelier one person than two, before anything is said of how many there are,
    and their weights."""
    kept, told = [keys[:0]], [np.empty(0)]
    for part in _by_standing_row(keys, len(standing)):
        rows, place = np.unique(part % len(standing), return_inverse=True)
        weight = weights.of(compare(new, standing.take(rows), (part // len(standing), place)))
        kept.append(part[weight > 0])
        told.append(weight[weight > 0])
    return np.concatenate(kept), np.concatenate(told)


def _by_standing_row(keys: Rows, width: int) -> Iterator[Rows]:
    """Chunks of pairs whose standing rows lie close together."""
    if not len(keys):
        return
    ordered = keys[np.argsort(keys % width, kind="stable")]
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
