"""Fellegi-Sunter weights: how much likelier a comparison is among records of one person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from linkage.compare import LEVELS, Compared, Levels
from linkage.dependence import Given
from linkage.together import NO_BEND, Bend
from schemas.errors import ContractError

Shares = npt.NDArray[np.float64]

_ROUNDS, _CLOSE = 200, 1e-7
#: How often two of one household agree on a field as one person does: of births in the United
#: States 3.1 % are twins (CDC, National Vital Statistics Reports 73-2, births of 2022).
_TWINS = 0.03
#: What a household shares.
HOUSEHOLD = ("surname", "address", "phone", "postcode", "place", "text", "category")


@dataclass(frozen=True)
class Weights:
    """Shares of the levels by field: among pairs of one person (m) and of two (u).

    ``given`` makes a tree of the fields (Chow and Liu 1968), so that u is not taken for more
    independent than it is.

    Two persons may also be of one household: they agree on what a household shares as one person
    does, and on nothing else more than strangers.

    Attributes:
        share: of all pairs, those of one person, when it was learned.
        shared: fields that a household shares.
        household: of all pairs, those of two persons of one household.
        records: on the other side, when it was learned.
        named: fields that hang together by culture; ``bend``: how much less they say together.
    """

    m: Mapping[str, Shares]
    u: Mapping[str, Shares]
    given: Mapping[str, Given]
    share: float = 0.0
    shared: tuple[str, ...] = ()
    household: float = 0.0
    records: int = 1
    named: tuple[str, ...] = ()
    bend: Bend = NO_BEND

    def among(self, records: int) -> Weights:
        """The same for another number of records on the other side: a record has as many partners
        and companions as before."""
        scale = self.records / max(records, 1)
        return replace(
            self,
            share=min(self.share * scale, 0.5),
            household=min(self.household * scale, 0.5),
            records=records,
        )

    def to_json(self) -> str:
        """As text: shares and dependences by field, nothing of any record."""
        return json.dumps(
            {
                "m": {name: found.tolist() for name, found in self.m.items()},
                "u": {name: found.tolist() for name, found in self.u.items()},
                "given": {
                    name: {"on": depends.on, "excess": depends.excess.tolist()}
                    for name, depends in self.given.items()
                },
                "share": self.share,
                "shared": self.shared,
                "household": self.household,
                "records": self.records,
                "named": self.named,
                "bend": {"at": self.bend.at, "less": self.bend.less},
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Weights:
        """What ``to_json`` wrote.

        Raises:
            ContractError: it is something else.
        """
        try:
            kept = json.loads(text)
            m, u = ({n: np.array(v, float) for n, v in kept[part].items()} for part in "mu")
            given = {
                name: Given(depends["on"], np.array(depends["excess"], float))
                for name, depends in kept["given"].items()
            }
            share, household = float(kept["share"]), float(kept["household"])
            bend = Bend(*(tuple(map(float, kept["bend"][part])) for part in ("at", "less")))
            shared, named = tuple(kept["shared"]), tuple(kept["named"])
            return cls(m, u, given, share, shared, household, int(kept["records"]), named, bend)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ContractError("the stored linkage weights cannot be read") from None

    def of(self, compared: Compared) -> Shares:
        """The natural logarithm of each pair's likelihood ratio; unknown says nothing."""
        person, household = self.ratios(compared)
        of_two = 1 - self.household + self.household * np.exp(household)
        weight: Shares = person - np.log(of_two)
        return weight

    def ratios(self, compared: Compared) -> tuple[Shares, Shares]:
        """How much likelier each pair is one person, and two of one household, than strangers:
        natural logarithms."""
        person, names = self._added(compared)
        household = np.zeros(len(person))
        for name, levels in compared.levels.items():
            ratio = np.append(self.m[name] / self.u[name], 1.0)
            if name in self.shared:
                household += self._said(name, compared)
            else:
                household += np.log(alike_anyway(ratio))[levels]
        for name, said in compared.hashed.items():
            household += said if name in self.shared else np.log(alike_anyway(np.exp(said)))
        return person - self.bend.of(names), household

    def names(self, compared: Compared) -> Shares:
        """What the names of each pair say, added up field by field."""
        return self._added(compared)[1]

    def _added(self, compared: Compared) -> tuple[Shares, Shares]:
        """What all fields say, and what names do, field by field."""
        person = np.zeros(len(next(iter(compared.levels.values()))))
        names = person.copy()
        for name in compared.levels:
            said = self._said(name, compared)
            person += said
            if name in self.named:
                names += said
        for name, said in compared.hashed.items():
            person += said
            if name in self.named:
                names += said
        return person, names

    def _said(self, name: str, compared: Compared) -> Shares:
        levels = compared.levels[name]
        said: Shares = np.log(np.append(self.m[name] / self.u[name], 1.0))[levels]
        if name in self.given:
            depends = self.given[name]
            said = said - depends.excess[compared.levels[depends.on], levels]
        if name in compared.rarity:
            said = said + self._rarity(name, levels, compared.rarity[name])
        return said

    def _rarity(
        self, name: str, levels: Levels, rarity: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float64]:
        """To agree on a rare value says more than on a common one: the share of the value stands
        in the place of the average share; less so where they agree only nearly."""
        average = -np.log2(self.u[name][-1])
        share = np.zeros(LEVELS + 1)
        share[[LEVELS - 1, LEVELS - 2, LEVELS - 3]] = (1.0, 0.6, 0.3)
        rarer = np.where(rarity > 0, rarity - average, 0)
        found: npt.NDArray[np.float64] = share[levels] * rarer * np.log(2)
        return found


def alike_anyway(ratio: Shares) -> Shares:
    """Of two persons of one household: twins share a date of birth, fathers and sons a name."""
    return 1 - _TWINS + _TWINS * ratio


def share_of_matches(
    weight: Shares,
    all_pairs: float,
    others: tuple[Shares, Shares] | None = None,
    before: tuple[float, float] = (0.0, 0.0),
    times: Shares | None = None,
) -> float:
    """The share of matches among all pairs, estimated by EM.

    Args:
        weight: of the candidates, or of ``times`` candidates each.
        others: weights of pairs that are no candidates, and how many pairs each stands for.
        before: matches and pairs seen before, so that a few pairs do not decide alone.
    """
    middle, counts = _in_bins(weight, times)
    share = max(min(float(counts.sum()), all_pairs / 2) / all_pairs / 2, 1e-15)
    if others is not None:
        middle, counts = np.append(middle, others[0]), np.append(counts, others[1])
    for _ in range(_ROUNDS):
        found = before[0] + float((posterior(middle, share) * counts).sum())
        last, share = share, float(np.clip(found / (all_pairs + before[1]), 1e-15, 0.5))
        if abs(share - last) < _CLOSE * share:
            break
    return share


def _in_bins(weight: Shares, times: Shares | None) -> tuple[Shares, Shares]:
    """Weights to a fiftieth, and how many there are of each: of millions, a few thousand."""
    place = np.round(weight * 50).astype(np.int64)
    least = int(place.min(initial=0))
    counts = np.bincount(place - least, times).astype(float)
    told = np.flatnonzero(counts)
    middle: Shares = (told + least) / 50.0
    return middle, counts[told]


def share_of_households(
    said: tuple[Shares, Shares], times: Shares, share: float, all_pairs: float
) -> float:
    """The share of pairs of one household among all pairs of two persons, estimated by EM.

    Args:
        said: for one person and for one household (``Weights.ratios``), of ``times`` pairs each.
    """
    found = 0.01
    telling = said[1] > 0
    person, household, times = said[0][telling], said[1][telling], times[telling]
    for _ in range(_ROUNDS):
        of_two = np.logaddexp(np.log1p(-found), np.log(found) + household)
        likely = np.exp(np.log(found) + household - of_two) * (
            1 - posterior(person - of_two, share)
        )
        before, found = found, float(np.clip(likely @ times / all_pairs, 1e-12, 0.5))
        if abs(found - before) < 1e-3 * found:
            break
    return found


def posterior(weight: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    """Probability that a pair is one person, by itself, where ``share`` of all pairs are."""
    found: npt.NDArray[np.float64] = 1 / (1 + np.exp(-(weight + np.log(share / (1 - share)))))
    return found
