"""Which agency meets whom, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from tributary.county import rates
from tributary.county.hmis_sites import KIND, VSP, WEIGHT, YOUTH
from tributary.county.people import People, years_between
from tributary.county.seeds import Days, Ints, Mask, chance, pick, stream


@dataclass(frozen=True)
class Period:
    """First day and the day after the last."""

    start: date
    months: int

    @property
    def month(self) -> np.datetime64:
        """The first month."""
        return np.datetime64(self.start.strftime("%Y-%m"))

    @property
    def first(self) -> np.datetime64:
        return np.datetime64(self.start, "D")

    @property
    def end(self) -> np.datetime64:
        after: np.datetime64 = (self.month + self.months).astype("datetime64[D]")
        return after

    @property
    def last(self) -> np.datetime64:
        return self.end - 1

    @property
    def days(self) -> int:
        return int((self.end - self.first).astype(int))

    def draw(
        self, random: np.random.Generator, size: int, growth: npt.NDArray[np.float64] | float = 1.0
    ) -> Days:
        """Days of the period; a month is as likely as its weight (summer is busier).

        ``growth``: a factor for the weight of each month.
        """
        month = pick(random, self.month_weights() * growth, size)
        first = self.month + month
        length = (first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")
        offset = np.floor(random.random(size) * length.astype(int)).astype("timedelta64[D]")
        return np.asarray(first.astype("datetime64[D]") + offset)

    def month_weights(self) -> npt.NDArray[np.float64]:
        """A mild season, highest in July (assumption)."""
        month = (self.start.month - 1 + np.arange(self.months)) % 12
        return np.asarray(1.0 + 0.12 * np.cos((month - 6) * np.pi / 6))


@dataclass
class Stays:
    """Shelter clients and their enrolments.

    ``client`` holds a person each; a person the shelters registered twice stands in it twice. The
    other arrays have one entry a stay: ``of`` indexes ``client``, ``site`` indexes ``SITES``,
    ``leader`` is the stay of the head of household, ``exit`` is NaT while a stay goes on.
    """

    client: Ints
    of: Ints
    site: Ints
    entry: Days
    exit: Days
    leader: Ints
    minor: Mask

    @property
    def person(self) -> Ints:
        return self.client[self.of]


def shelter_stays(people: People, seed: int, period: Period) -> Stays:
    """Who stayed where. Clients are in random order: a PersonalID tells nothing about a person."""
    random = stream(seed, "hmis", "stays")
    young = _young(years_between(people.born, np.full(len(people), period.first)))
    rate = np.where(
        young, rates.HMIS_YOUTH, np.where(people.victim, rates.HMIS_VICTIM, rates.HMIS_CLIENT)
    )
    known = np.flatnonzero(chance(random, rate, len(people)))
    twice = known[chance(random, rates.HMIS_TWICE, len(known))]
    client = random.permutation(np.concatenate([known, twice]))
    of, entry, exit_ = _spells(random, len(client), period)
    age = years_between(people.born[client[of]], entry)
    site = _sites(random, people.victim[client[of]], age)
    leader = _households(random, site, entry, age)
    entry, exit_ = entry[leader], exit_[leader]
    return Stays(client, of, site, entry, exit_, leader, age < 18)


def _young(age: Ints) -> Mask:
    """Whom the Runaway and Homeless Youth programmes serve."""
    return (age >= 12) & (age < 22)


def _spells(random: np.random.Generator, clients: int, period: Period) -> tuple[Ints, Days, Days]:
    """Client, first and last day of up to three stays each, by client and day."""
    of, entries, exits = [], [], []
    member = np.arange(clients)
    entry = period.draw(random, clients)
    for again in (rates.SECOND_STAY, rates.THIRD_STAY, 0.0):
        nights = np.maximum(1, random.gamma(1.1, 55, len(member))).astype("timedelta64[D]")
        leave = entry + nights
        over = (leave <= period.last) & chance(random, rates.STAY_ENDED, len(member))
        of.append(member)
        entries.append(entry)
        exits.append(np.where(over, leave, np.datetime64("NaT")))
        gap = np.maximum(1, random.gamma(1.0, 60, len(member))).astype("timedelta64[D]")
        back = over & (leave + gap <= period.last) & chance(random, again, len(member))
        member, entry = member[back], (leave + gap)[back]
    order = np.lexsort((np.concatenate(entries), np.concatenate(of)))
    return np.concatenate(of)[order], np.concatenate(entries)[order], np.concatenate(exits)[order]


def _sites(random: np.random.Generator, victim: Mask, age: Ints) -> Ints:
    """Youth go to youth projects more often than not; some victims to a victim service provider."""
    size = len(victim)
    general = pick(random, np.where(YOUTH | VSP, 0, WEIGHT), size)
    youth = pick(random, np.where(YOUTH, WEIGHT, 0), size)
    shelter = pick(random, np.where(VSP, WEIGHT, 0), size)
    young = _young(age) & chance(random, rates.YOUTH_PROJECT, size)
    at_vsp = chance(random, np.where(victim, rates.VSP_STAY, 0.01), size)
    return np.where(at_vsp, shelter, np.where(young, youth, general))


def _households(random: np.random.Generator, site: Ints, entry: Days, age: Ints) -> Ints:
    """Stay of the head of household: some stays join the one before at the same family project."""
    order = np.lexsort((entry, site))
    family = np.isin(KIND[site[order]], (0, 2, 3, 13)) & ~YOUTH[site[order]]
    joins = chance(random, 0.3, len(order)) & family
    joins[:1] = False
    at = np.arange(len(order))
    head = np.maximum.accumulate(np.where(joins, 0, at))
    valid = (site[order][head] == site[order]) & (age[order][head] >= 18)
    leader = np.empty(len(order), np.int64)
    leader[order] = order[np.where(valid, head, at)]
    return leader
