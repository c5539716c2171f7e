"""How much the names of two records say together, where strangers share more than one of them.

Whoever is called Nguyen is likelier to be called Anh than others are: given name, surname and an
e-mail address made of both come from one culture and one person. The weights of the fields, added
up, then say too much, and nothing corrects it where the date of birth is unknown. So it is counted
how often strangers, whom dates and numbers tell apart, agree on names that say so much: among
strangers evidence of n nats must stand e^n times more seldom than among records of one person, and
as much as it does not, it is bent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from linkage.compare import SWAP, UNKNOWN, Compared

Said = npt.NDArray[np.float64]

#: Kinds that come from a person's culture and family, and those that tell strangers apart without.
NAMED = ("given_name", "surname", "full_name", "email")
TELLING_APART = ("date", "ssn", "phone")
#: Names below this evidence, in nats, decide nothing. A class has at least so many strangers, as
#: the weights expect; fewer than a few more or less are chance.
_FROM, _STRANGERS, _CHANCE = 6.0, 20.0, 2.0
_CLASSES = 40


@dataclass(frozen=True)
class Bend:
    """By how many nats names that say ``at`` (rising) say less than their fields added up."""

    at: tuple[float, ...] = (0.0,)
    less: tuple[float, ...] = (0.0,)

    def of(self, said: Said) -> Said:
        found: Said = np.interp(said, self.at, self.less)
        return found


NO_BEND = Bend()


def named(kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Fields that hang together by culture."""
    return (*(name for name, kind in kinds.items() if kind in NAMED), SWAP)


def told_apart(compared: Compared, kinds: Mapping[str, str]) -> npt.NDArray[np.bool_]:
    """Pairs of which something else than names says whether they are one person."""
    known = np.zeros(len(next(iter(compared.levels.values()))), bool)
    for name, kind in kinds.items():
        if kind in TELLING_APART:
            known |= compared.levels[name] != UNKNOWN
    return known


def bend(person: tuple[Said, Said], strangers: tuple[Said, Said], pairs: float) -> Bend:
    """Learn it.

    Args:
        person: what names say of candidate pairs, and how many that say it are likely one person.
        strangers: the same of all pairs of some records, without those whose names are unlike, and
            how many are likely two persons.
        pairs: of strangers, those whose names are unlike included.
    """
    said, same = np.unique(person[0], return_inverse=True)
    of_person = np.bincount(same, person[1], len(said)) / max(person[1].sum(), 1e-9)
    said, of_person = said[said >= _FROM], of_person[said >= _FROM]
    # Of strangers, as many as the weights expect to say as much as each of these does.
    due = of_person * np.exp(-said) * pairs
    above = due[::-1].cumsum()[::-1]
    halves = above.max(initial=0.0) * 0.5 ** np.arange(_CLASSES)
    starts = np.unique(np.searchsorted(-above, -halves[halves >= _STRANGERS]))
    at, less = [_FROM - 2], [0.0]
    for first, last in pairwise([*starts.tolist(), len(said)]):
        below = said[last] if last < len(said) else np.inf
        inside = (strangers[0] >= said[first]) & (strangers[0] < below)
        seen, expected = strangers[1][inside].sum(), due[first:last].sum()
        at.append(float(np.average(said[first:last], weights=due[first:last] + 1e-300)))
        less.append(float(np.log((seen + _CHANCE) / (expected + _CHANCE))))
    # The last holds for all names that say more; that few strangers were seen there may be chance.
    less[-1] = max(less[-1], 0.0)
    return Bend(tuple(at), tuple(less))
