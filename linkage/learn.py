"""Weights are learned from the pairs themselves; nobody labels anything.

How often a level occurs among records of two persons (u) is counted in random pairs. How often it
occurs among records of one person (m) is estimated by EM, block by block, for the fields that the
block does not hold together, and averaged (as Splink does): one EM over all candidates collapses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import Encoded
from linkage.bent import bent
from linkage.blocking import Candidates
from linkage.clk import learn_clks
from linkage.compare import (
    LEVELS,
    SWAP,
    UNKNOWN,
    Combinations,
    Compared,
    Levels,
    Rows,
    patterns,
)
from linkage.dependence import dependences
from linkage.strangers import random_pairs
from linkage.together import named
from linkage.weights import (
    HOUSEHOLD,
    Shares,
    Weights,
    alike_anyway,
    posterior,
    share_of_households,
    share_of_matches,
)
from schemas.linkage import CLK

#: Pairs all blocks together are judged by, and one block at least and at most; more cost time.
_SAMPLES, _SMALL, _LARGE = 2_000_000, 20_000, 200_000
#: Fewer pairs teach nothing.
_LEAST = 200
#: Where fewer random pairs than these are of one person, they do not tell what blocks have missed.
_SEEN = 40
#: How often m is estimated anew from what all fields say.
_REVISIONS = 3
#: How often given name and surname stand swapped, where nothing teaches it.
_SWAPPED = (0.96, 0.04)
_ROUNDS, _CLOSE = 200, 1e-7


def learn(
    left: Encoded, right: Encoded | None, pairs: Candidates, found: Combinations, seed: int = 0
) -> Weights:
    """Learn weights from candidate pairs and what their comparison found."""
    random = np.random.default_rng(seed)
    other = left if right is None else right
    within = right is None
    all_pairs = len(left) * len(other) / (2 if within else 1)
    if left.schema.mode == CLK:
        return learn_clks(found.compared.levels[CLK][found.which], all_pairs, len(other))
    strangers, times, outside = random_pairs(left, other, pairs, within=within, random=random)
    u = _among(strangers, times, all_pairs)
    groups = _lessons(left, other, pairs, found, u)
    most = int(np.clip(_SAMPLES // max(len(groups), 1), _SMALL, _LARGE))
    lessons = []
    for members, fields in groups:
        few = random.choice(members, most, replace=False) if len(members) > most else members
        lessons.append((found.which[few], fields))
    compared = found.compared
    shared = tuple(name for name, kind in left.schema.kinds.items() if kind in HOUSEHOLD)
    weights = Weights(_first(lessons, compared, u, shared), u, {}, 1e-9, shared)
    weights = replace(weights, named=named(left.schema.kinds))
    for _ in range(_REVISIONS):
        weights = _with_households(weights, found, all_pairs)
        share = _share(weights, found, (strangers, times, outside), all_pairs)
        # A random pair may be one person after all: it counts by as much as it is not.
        apart = times * (1 - posterior(weights.of(strangers), share))
        u = _among(strangers, apart, all_pairs)
        m = _revised(lessons, found, posterior(weights.of(compared), share), weights.m)
        weights = replace(
            weights, m=m, u=u, given=dependences(strangers.levels, u, apart), share=share
        )
    weights = replace(_with_households(weights, found, all_pairs), records=len(other))
    weights = bent(weights, (left, right), pairs, found, (strangers, times), random)
    return replace(weights, share=_share(weights, found, (strangers, times, outside), all_pairs))


def _share(
    weights: Weights,
    found: Combinations,
    strangers: tuple[Compared, Shares, Shares],
    all_pairs: float,
) -> float:
    """Of all pairs, those of one person; blocks' misses as well, where random pairs tell of any."""
    weight = weights.of(found.compared)
    random, times, outside = strangers
    share = share_of_matches(weight, all_pairs, times=found.times)
    if share * times.sum() >= _SEEN:
        apart = weights.of(random), outside
        return share_of_matches(weight, all_pairs, apart, times=found.times)
    return share


def _with_households(weights: Weights, found: Combinations, all_pairs: float) -> Weights:
    said = weights.ratios(found.compared)
    share = share_of_households(said, found.times, weights.share, all_pairs)
    return replace(weights, household=share)


def _among(strangers: Compared, apart: Shares, all_pairs: float) -> dict[str, Shares]:
    """Shares of levels among random pairs, each counted by as much as it is two persons. A level
    that none has counts half a pair."""
    half = 0.5 * max(apart.sum() / all_pairs, 1)
    found = {}
    for name, levels in strangers.levels.items():
        known = levels != UNKNOWN
        counts = np.bincount(levels[known], apart[known], _size(name)) + half
        found[name] = counts / counts.sum()
    return found


#: Pairs, and the fields they teach. A lesson: the combination of each of some pairs.
Group = tuple[Rows, list[str]]
Lesson = tuple[npt.NDArray[np.int32], list[str]]


def _first(
    lessons: Sequence[Lesson],
    compared: Compared,
    u: Mapping[str, Shares],
    shared: Sequence[str],
) -> dict[str, Shares]:
    """m by an EM of its own for each lesson, over the fields it teaches; averaged."""
    sums = {name: np.zeros(len(shares)) for name, shares in u.items()}
    for members, fields in lessons:
        learned, matches = _em({f: compared.levels[f][members] for f in fields}, u, shared)
        for name in fields:
            sums[name] += learned[name] * matches * len(members)
    m = {}
    for name, total in sums.items():
        untaught = np.array(_SWAPPED) if name == SWAP else _prior(len(total))
        m[name] = shares(total) if total.sum() else untaught
    return m


def _revised(
    lessons: Sequence[Lesson],
    found: Combinations,
    likely: npt.NDArray[np.float64],
    m: Mapping[str, Shares],
) -> dict[str, Shares]:
    """m once more, from the same lessons, now that all fields say which pairs match; of a field
    without a lesson, from all pairs.

    The few fields that a block leaves free tell matches from strangers badly where strangers in it
    are more alike than others: some stayed among the matches.
    """
    compared = found.compared
    sums = {name: np.zeros(len(shares)) for name, shares in m.items()}

    def count(name: str, level: Levels, sure: npt.NDArray[np.float64]) -> None:
        known = level != UNKNOWN
        sums[name] += np.bincount(level[known], sure[known], minlength=len(m[name]))

    for members, fields in lessons:
        for name in fields:
            count(name, compared.levels[name][members], likely[members])
    for name in set(m).difference(*(fields for _, fields in lessons)) - {SWAP}:
        count(name, compared.levels[name], likely * found.times)
    return {name: shares(total) if total.sum() else m[name] for name, total in sums.items()}


def _size(name: str) -> int:
    return 2 if name == SWAP else LEVELS


def _lessons(
    left: Encoded, right: Encoded, pairs: Candidates, found: Combinations, u: Mapping[str, Shares]
) -> list[Group]:
    """Groups of pairs that agree on some fields, and the other fields, of which they can teach."""
    if pairs.blocks:
        return _blocks(left, right, pairs, list(u))
    return _agreeing(found, list(u))


def _blocks(left: Encoded, right: Encoded, pairs: Candidates, fields: list[str]) -> list[Group]:
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


def _agreeing(found: Combinations, fields: list[str]) -> list[Group]:
    """Where all pairs are compared: those at the highest level of two fields."""
    names = [name for name in fields if name != SWAP]
    top = {name: found.compared.levels[name] == LEVELS - 1 for name in names}
    lessons = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            members = np.flatnonzero((top[first] & top[second])[found.which])
            taught = [name for name in names if name not in (first, second)]
            if len(members) >= _LEAST and taught:
                lessons.append((members, taught))
    return lessons


def _free(fields: Sequence[str], held: set[str], encoded: Encoded) -> list[str]:
    kinds = encoded.schema.kinds
    named = any(kinds[column] in ("given_name", "surname") for column in held)
    return [name for name in fields if name not in held and not (name == SWAP and named)]


def _em(
    levels: Mapping[str, Levels], u: Mapping[str, Shares], shared: Sequence[str]
) -> tuple[dict[str, Shares], float]:
    """Shares of levels among matches, and the share of matches, with u held fixed.

    Three sorts of pairs: of one person, of two of one household, of strangers.
    """
    first, _, counts = patterns(list(levels.values()))
    columns = {name: column[first] for name, column in levels.items()}
    m = {name: _prior(len(u[name])) for name in levels}
    of_all = np.array([0.3, 0.1, 0.6])
    if not set(shared) & set(levels) or not set(levels) - {*shared, SWAP}:
        of_all = np.array([0.3, 0.0, 0.7])  # a household could not be told from a person
    for _ in range(_ROUNDS):
        likely = np.tile(np.log(np.maximum(of_all, 1e-300))[:, None], len(counts))
        for name, level in columns.items():
            ratio = np.append(m[name] / u[name], 1.0)
            likely[0] += np.log(ratio)[level]
            likely[1] += np.log(ratio if name in shared else alike_anyway(ratio))[level]
        likely = counts * softmax(likely)
        for name, level in columns.items():
            known = level != UNKNOWN
            seen = np.bincount(level[known], likely[0][known], minlength=len(m[name]))
            m[name] = shares(seen + 0.1)
        before, of_all = of_all, np.clip(likely.sum(axis=1) / counts.sum(), 1e-9 * (of_all > 0), 1)
        if np.abs(of_all - before).max() < _CLOSE:
            break
    return m, float(of_all[0])


def softmax(logarithms: Shares) -> Shares:
    """Shares of each column."""
    likely = np.exp(logarithms - logarithms.max(axis=0))
    found: Shares = likely / likely.sum(axis=0)
    return found


def _prior(size: int) -> Shares:
    """Where EM starts: the more alike, the likelier."""
    return shares(np.linspace(1, 10, size) ** 2)


def shares(counts: npt.NDArray[np.floating]) -> Shares:
    floored = counts + 1e-4 * max(counts.sum(), 1e-9)
    found: Shares = floored / floored.sum()
    return found
