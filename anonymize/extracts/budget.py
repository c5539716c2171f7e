"""The privacy budget: what differentially private releases have spent, and what is left.

Losses add up (sequential composition, Dwork et al. 2006): whoever sees all releases about a person
learns at most as much as the sum of their epsilons allows. The limits are the project's (epsilon of
1 a release, 4 a person and year); published releases of the field spent more (an epsilon of about
10 for Israel's birth registry, arXiv 2405.00267).

Storage is the warehouse's. It hands ``dp.counts`` a function ``Reserve`` that, in one transaction
under a lock on data and year, reads what was spent, calls ``Budget.require`` and records the new
spend before it returns. The noise is drawn only after that, and what was reserved stays spent even
if the release fails later: a number that somebody may have seen cannot be taken back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schemas.errors import PrivacyError
from schemas.release import MAX_EPSILON

#: Most epsilon of one release, and of all releases about one person in one year.
PER_RELEASE, PER_YEAR = MAX_EPSILON, 4.0


@dataclass(frozen=True)
class Spend:
    """What one release costs every person in its data.

    Attributes:
        data: name of the persons it is about. Two sets of rows that may hold the same person are
            one here, or the person pays twice unseen.
        year: in which it is published.
        epsilon: of pure differential privacy, for all that the release says of a person.
        release: name of the release.
    """

    data: str
    year: int
    epsilon: float
    release: str


#: Records a spend, or raises ``PrivacyError``.
Reserve = Callable[[Spend], None]


@dataclass(frozen=True)
class Budget:
    """Limits of epsilon."""

    per_release: float = PER_RELEASE
    per_year: float = PER_YEAR

    def spent(self, past: Iterable[Spend], data: str, year: int) -> float:
        """Epsilon that releases about ``data`` have spent in ``year``."""
        return math.fsum(one.epsilon for one in past if (one.data, one.year) == (data, year))

    def require(self, past: Iterable[Spend], wanted: Spend) -> None:
        """Raise ``PrivacyError`` unless ``wanted`` fits beside what was spent."""
        if not (math.isfinite(wanted.epsilon) and wanted.epsilon > 0):
            raise PrivacyError("epsilon must be a number above 0")
        if wanted.epsilon > self.per_release:
            raise PrivacyError(
                f"release {wanted.release} asks for epsilon {wanted.epsilon:g}; "
                f"at most {self.per_release:g} is spent on one"
            )
        spends = [*past, wanted]
        total = self.spent(spends, wanted.data, wanted.year)
        if not total <= self.per_year:
            raise PrivacyError(
                f"release {wanted.release} would bring {wanted.data} in {wanted.year} to epsilon "
                f"{total:g}, beyond the {self.per_year:g} of a year; publish less, or next year"
            )
