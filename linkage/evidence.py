"""How much pairs of records speak for one person, with weights learned once and kept.

New records are compared with each other and with the standing ones of every agency. What says that
two are one person is learned from all records together; few new records could not teach it.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np

from anonymize.encoding.encode import Encoded
from linkage.cluster import MOST, Expected, Scores, clusters, expected
from linkage.compare import Rows, compare
from linkage.incremental import InMemory, link_new
from linkage.link import Links, link
from linkage.weights import Weights, posterior
from schemas.errors import ContractError

#: Records that weights are learned from, at most; more only cost time.
LEARN_FROM = 200_000
#: A pair below the first is no match and one above the second is, wherever the threshold of a run
#: lies: where all is clear, it lies at its last pair.
_THRESHOLDS = (0.5, 0.98)
#: Thresholds are tried one after the other: odds times this.
_STEP = 1.25
#: More records than these nobody has on average; who seems to was compared with the wrong weights.
_MOST_PARTNERS = 3.0
#: Fewer matches teach too little to be kept for later runs.
_TAUGHT = 20
#: Where standing records are so many, and so many times the new ones, they are looked up by token.
_MANY, _FEW_NEW = 200_000, 10


@dataclass(frozen=True)
class Known:
    """What earlier runs learned.

    Attributes:
        partners: of how many other records a record is the same person, on average.
        threshold: probability from which on a pair is a match.
        records: how many it was learned from; 0 where too few matched to keep it.
    """

    weights: Weights
    partners: float
    threshold: float
    records: int

    def above(self, other: Known) -> float:
        """How much higher the threshold is than the other's, as scores are."""
        return float(_logit(np.array(self.threshold)) - _logit(np.array(other.threshold)))

    def to_json(self) -> str:
        kept = {"weights": json.loads(self.weights.to_json())}
        return json.dumps(kept | {"partners": self.partners, "threshold": self.threshold})

    @classmethod
    def from_json(cls, text: str, records: int) -> Known:
        """What ``to_json`` wrote.

        Raises:
            ContractError: it is something else.
        """
        try:
            kept = json.loads(text)
            weights = Weights.from_json(json.dumps(kept["weights"]))
            return cls(weights, float(kept["partners"]), float(kept["threshold"]), records)
        except (ValueError, TypeError, KeyError):
            raise ContractError("the stored linkage weights cannot be read") from None


@dataclass(frozen=True)
class Evidence:
    """Pairs worth reporting. ``score``: logarithm of the odds, 0 at the threshold."""

    left: Rows
    right: Rows
    score: Scores
    links: Links

    @property
    def matches(self) -> int:
        return int((self.score > 0).sum())


def learned(pool: Encoded) -> Known | None:
    """Learn from records of all agencies together; None where nothing is like anything else."""
    found = link(pool, None)
    if found.weights is None:
        return None
    partners = float(np.clip(found.weights.share * len(pool), 1 / len(pool), _MOST_PARTNERS))
    threshold = float(np.clip(found.threshold, *_THRESHOLDS))
    records = len(pool) if found.matches >= _TAUGHT else 0
    return Known(found.weights, partners, threshold, records)


def pooled(parts: list[Encoded]) -> Encoded:
    """Records of all parts in one, a random ``LEARN_FROM`` of them at most."""
    count = sum(map(len, parts))
    share = min(LEARN_FROM / max(count, 1), 1.0)
    random = np.random.default_rng(0)
    if share < 1:
        parts = [part.take(np.flatnonzero(random.random(len(part)) < share)) for part in parts]
    return joined(parts)


def joined(parts: list[Encoded]) -> Encoded:
    """All parts, one after the other."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return Encoded(
        first.schema,
        {name: np.concatenate([one.filters[name] for one in parts]) for name in first.filters},
        {name: np.concatenate([one.tokens[name] for one in parts]) for name in first.tokens},
        {name: np.concatenate([one.rarity[name] for one in parts]) for name in first.rarity},
        sum(one.fakes for one in parts),
    )


def evidence(new: Encoded, others: Encoded | None, known: Known) -> Evidence:
    """Pairs between ``new`` and ``others``, or within ``new``."""
    if others is not None and len(others) > max(_MANY, _FEW_NEW * len(new)):
        links = link_new(new, InMemory(others), known.weights)
    else:
        links = link(new, others, known.weights)
    size = len(new if others is None else others)
    # By what this run expects, and by what all records taught: a few pairs teach no share.
    score = np.minimum(
        _logit(links.probability) - _logit(np.array(known.threshold)),
        scores(links.weight, size, known),
    )
    return Evidence(links.left, links.right, score, links)


def between(encoded: Encoded, pairs: tuple[Rows, Rows], size: int, known: Known) -> Scores:
    """Scores of these pairs, whatever they are; ``size`` records are on each side."""
    weights = known.weights.among(size)
    return scores(weights.of(compare(encoded, encoded, pairs)), size, known)


def scores(weight: Scores, size: int, known: Known) -> Scores:
    """Logarithms of odds, 0 at the threshold; a record has ``known.partners`` among ``size``."""
    share = min(known.partners / max(size, 1), 0.5)
    return _logit(posterior(weight, share)) - _logit(np.array(known.threshold))


def sharpened(known: Known, count: int, pairs: tuple[Rows, Rows, Scores], least: float) -> Known:
    """With the lowest threshold from which on persons, not only pairs, are as precise as is asked:
    one wrong pair may put many records of two persons together.

    Args:
        count: records that ``pairs`` are numbers of, each pair once.
        least: precision that the persons shall be likely to have; nothing is changed where 0.
    """
    left, right, score = pairs

    def precise(tried: Known) -> bool:
        here = score - tried.above(known)
        groups = clusters(count, left, right, here)
        return expected_of(groups, (left, right, here), tried).reaches(least)

    if not least:
        return known
    odds = np.array(_THRESHOLDS) / (1 - np.array(_THRESHOLDS))
    steps = odds[0] * _STEP ** np.arange(np.log(odds[1] / odds[0]) // np.log(_STEP) + 1)
    tried = [replace(known, threshold=float(one / (1 + one))) for one in steps]
    return tried[min(bisect_left(tried, True, key=precise), len(tried) - 1)]


def expected_of(persons: Rows, pairs: tuple[Rows, Rows, Scores], known: Known) -> Expected:
    """What scores expect of persons."""
    left, right, score = pairs
    return expected(persons, left, right, posterior(score, known.threshold))


def _logit(probability: Scores) -> Scores:
    cut = np.clip(probability, np.exp(-2 * MOST), 1 - np.exp(-2 * MOST))
    found: Scores = np.log(cut / (1 - cut))
    return found
