"""Fellegi-Sunter weights, learned from the pairs themselves; nobody labels anything.

How often a level occurs among records of two persons (u) is counted in random pairs. How often it
occurs among records of one person (m) is estimated by EM, block by block, for the fields that the
block does not hold together, and averaged (as Splink does): one EM over all candidates collapses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import Encoded
from linkage.blocking import Candidates
from linkage.compare import LEVELS, SWAP, UNKNOWN, Compared, Levels, Rows, compare
from linkage.dependence import Given, dependences

Shares = npt.NDArray[np.float64]

_RANDOM_PAIRS = 2_000_000
#: Pairs a block is judged by; more only cost time.
_SAMPLE = 200_000
#: Fewer pairs teach nothing.
_LEAST = 200
#: How often m is estimated anew from what all fields say.
_REVISIONS = 3
#: How often given name and surname stand swapped, where nothing teaches it.
_SWAPPED = (0.96, 0.04)
_ROUNDS, _CLOSE = 200, 1e-7


@dataclass(frozen=True)
class Weights:
    """Shares of the levels by field: among pairs of one person (m) and of two (u).

    ``given`` makes a tree of the fields (Chow and Liu 1968), so that u is not taken for more
    independent than it is.
    """

    m: Mapping[str, Shares]
    u: Mapping[str, Shares]
    given: Mapping[str, Given]

    def of(self, compared: Compared) -> npt.NDArray[np.float64]:
        """The natural logarithm of each pair's likelihood ratio; unknown says nothing."""
        total = np.zeros(len(next(iter(compared.levels.values()))))
        for name, levels in compared.levels.items():
            ratio = np.append(np.log(self.m[name] / self.u[name]), 0.0)
            total += ratio[levels]
        for name, depends in self.given.items():
            total -= depends.excess[compared.levels[depends.on], compared.levels[name]]
        for name, rarity in compared.rarity.items():
            total += self._rarity(name, compared.levels[name], rarity)
        return total

    def _rarity(
        self, name: str, levels: Levels, rarity: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float64]:
        """To agree on a rare value says more than on a common one: the share of the value stands
        in the place of the average share; less so where they agree only nearly."""
        average = -np.log2(self.u[name][-1])
        share = np.zeros(LEVELS + 1)
        share[[LEVELS - 1, LEVELS - 2, LEVELS - 3]] = (1.0, 0.6, 0.3)
        found: npt.NDArray[np.float64] = share[levels] * (rarity - average) * np.log(2)
        return found


def learn(
    left: Encoded, right: Encoded | None, pairs: Candidates, compared: Compared, seed: int = 0
) -> Weights:
    """Learn weights from candidate pairs and their comparison."""
    random = np.random.default_rng(seed)
    other = left if right is None else right
    within = right is None
    strangers = _strangers(left, other, within=within, random=random)
    all_pairs = len(left) * len(other) / (2 if within else 1)
    u = _among(strangers, np.ones(_RANDOM_PAIRS), all_pairs)
    lessons = [
        (random.choice(members, _SAMPLE, replace=False) if len(members) > _SAMPLE else members, f)
        for members, f in _lessons(left, other, pairs, compared, u)
    ]
    weights = Weights(_first(lessons, compared, u), u, {})
    for _ in range(_REVISIONS):
        weight = weights.of(compared)
        share = share_of_matches(weight, all_pairs)
        # A random pair may be one person after all: it counts by as much as it is not.
        apart = 1 - posterior(weights.of(strangers), share)
        u = _among(strangers, apart, all_pairs)
        m = _revised(lessons, compared, posterior(weight, share), weights.m)
        weights = Weights(m, u, dependences(strangers.levels, u, apart))
    return weights


def _among(strangers: Compared, apart: Shares, all_pairs: float) -> dict[str, Shares]:
    """Shares of levels among random pairs, each counted by as much as it is two persons. A level
    that none has counts half a pair."""
    half = 0.5 * max(_RANDOM_PAIRS / all_pairs, 1)
    found = {}
    for name, levels in strangers.levels.items():
        known = levels != UNKNOWN
        counts = np.bincount(levels[known], apart[: len(levels)][known], _size(name)) + half
        found[name] = counts / counts.sum()
    return found


Lesson = tuple[Rows, list[str]]


def _first(
    lessons: Sequence[Lesson], compared: Compared, u: Mapping[str, Shares]
) -> dict[str, Shares]:
    """m by an EM of its own for each lesson, over the fields it teaches; averaged."""
    sums = {name: np.zeros(len(shares)) for name, shares in u.items()}
    for members, fields in lessons:
        learned, matches = _em({f: compared.levels[f][members] for f in fields}, u)
        for name in fields:
            sums[name] += learned[name] * matches * len(members)
    m = {}
    for name, total in sums.items():
        untaught = np.array(_SWAPPED) if name == SWAP else _prior(len(total))
        m[name] = shares(total) if total.sum() else untaught
    return m


def _revised(
    lessons: Sequence[Lesson],
    compared: Compared,
    likely: npt.NDArray[np.float64],
    m: Mapping[str, Shares],
) -> dict[str, Shares]:
    """m once more, from the same lessons, now that all fields say which pairs match.

    The few fields that a block leaves free tell matches from strangers badly where strangers in it
    are more alike than others: some stayed among the matches.
    """
    sums = {name: np.zeros(len(shares)) for name, shares in m.items()}
    for members, fields in lessons:
        for name in fields:
            level, sure = compared.levels[name][members], likely[members]
            known = level != UNKNOWN
            sums[name] += np.bincount(level[known], sure[known], minlength=len(m[name]))
    return {name: shares(total) if total.sum() else m[name] for name, total in sums.items()}


def _strangers(
    left: Encoded, right: Encoded, *, within: bool, random: np.random.Generator
) -> Compared:
    """Random pairs, compared."""
    i = random.integers(0, len(left), _RANDOM_PAIRS)
    j = random.integers(0, len(right), _RANDOM_PAIRS)
    if within:
        i, j = i[i != j], j[i != j]
    return compare(left, right, (i, j))


def _size(name: str) -> int:
    return 2 if name == SWAP else LEVELS


def _lessons(
    left: Encoded, right: Encoded, pairs: Candidates, compared: Compared, u: Mapping[str, Shares]
) -> list[Lesson]:
    """Groups of pairs that agree on some fields, and the other fields, of which they can teach."""
    if pairs.blocks:
        return _blocks(left, right, pairs, list(u))
    return _agreeing(compared, list(u))


def _blocks(left: Encoded, right: Encoded, pairs: Candidates, fields: list[str]) -> list[Lesson]:
    lessons = []
    for block in pairs.blocks:
        if block.endswith("~"):
            continue
        mine, theirs = left.tokens[block], right.tokens[block]
        shared = mine[pairs.left]
        members = np.flatnonzero((shared == theirs[pairs.right]) & (shared != 0))
        held = {part.rpartition(".")[0] for part in block.split("+")}
        taught = _free(fields, held, left)
        if len(members) >= _LEAST and taught:
            lessons.append((members, taught))
    return lessons


def _agreeing(compared: Compared, fields: list[str]) -> list[Lesson]:
    """Where all pairs are compared: those at the highest level of two fields."""
    names = [name for name in fields if name != SWAP]
    top = {name: compared.levels[name] == LEVELS - 1 for name in names}
    lessons = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            members = np.flatnonzero(top[first] & top[second])
            taught = [name for name in names if name not in (first, second)]
            if len(members) >= _LEAST and taught:
                lessons.append((members, taught))
    return lessons


def _free(fields: Sequence[str], held: set[str], encoded: Encoded) -> list[str]:
    kinds = encoded.schema.kinds
    named = any(kinds[column] in ("given_name", "surname") for column in held)
    return [name for name in fields if name not in held and not (name == SWAP and named)]


def _em(levels: Mapping[str, Levels], u: Mapping[str, Shares]) -> tuple[dict[str, Shares], float]:
    """Shares of levels among matches, and the share of matches, with u held fixed."""
    patterns, counts = np.unique(
        np.stack(list(levels.values()), axis=1), axis=0, return_counts=True
    )
    columns = dict(zip(levels, patterns.T, strict=True))
    m = {name: _prior(len(u[name])) for name in levels}
    share = 0.3
    for _ in range(_ROUNDS):
        weight = np.full(len(counts), np.log(share / (1 - share)))
        for name, level in columns.items():
            weight += np.append(np.log(m[name] / u[name]), 0.0)[level]
        matched = counts / (1 + np.exp(-weight))
        for name, level in columns.items():
            known = level != UNKNOWN
            seen = np.bincount(level[known], matched[known], minlength=len(m[name]))
            m[name] = shares(seen + 0.1)
        before, share = share, float(np.clip(matched.sum() / counts.sum(), 1e-9, 1 - 1e-6))
        if abs(share - before) < _CLOSE:
            break
    return m, share


def share_of_matches(weight: npt.NDArray[np.float64], all_pairs: float) -> float:
    """The share of matches among all pairs, estimated by EM from the candidates' weights."""
    share = min(len(weight), all_pairs / 2) / all_pairs / 2
    for _ in range(_ROUNDS):
        found = float((1 / (1 + np.exp(-(weight + np.log(share / (1 - share)))))).sum())
        before, share = share, float(np.clip(found / all_pairs, 1e-15, 0.5))
        if abs(share - before) < _CLOSE * share:
            break
    return share


def posterior(weight: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    """Probability that a pair is one person, by itself, where ``share`` of all pairs are."""
    found: npt.NDArray[np.float64] = 1 / (1 + np.exp(-(weight + np.log(share / (1 - share)))))
    return found


def _prior(size: int) -> Shares:
    """Where EM starts: the more alike, the likelier."""
    return shares(np.linspace(1, 10, size) ** 2)


def shares(counts: npt.NDArray[np.floating]) -> Shares:
    floored = counts + 1e-4 * max(counts.sum(), 1e-9)
    found: Shares = floored / floored.sum()
    return found
