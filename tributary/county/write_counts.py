"""Quarterly counts of the county's victim service providers, out of databases nobody else sees.

Their clients are no people of the county's other files: what the two have in common nobody can
tell, the generator included. Each provider holds back what is small, and enough besides, as its
agreement asks. Its second report gives the quarter before again, with clients entered late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from schemas.counts import ALL
from schemas.release import MIN_CELL
from tributary.county import rates
from tributary.county.county import County
from tributary.county.people import LABOUR
from tributary.county.seeds import Ints, Mask, chance, pick

#: Shares of clients that get each service; one may get several (assumptions).
SERVICES: Final = {
    "case_management": 0.82,
    "shelter": 0.55,
    "legal": 0.38,
    "medical": 0.30,
    "mental_health": 0.45,
    "safety_planning": 0.60,
    "employment": 0.22,
}
#: What one client has one value of.
VALUES: Final = {
    "age": ("adult", "minor"),
    "gender": ("Woman", "Man", "Trans/Transgender/NonConforming"),
    "citizenship": ("us_citizen", "permanent_resident", "foreign_national", "unknown"),
    "exploitation": ("sexual", "labour", "both"),
}
MEASURES: Final = ("new", "continuing")


#: Quarters before the period of which clients may be carried over into it.
_BEFORE: Final = 3


@dataclass(frozen=True)
class Provider:
    """How a provider writes its table: titles in the order of the columns, words for codes."""

    contract: str
    clients: float
    titles: Mapping[str, str]
    delimiter: str = ","
    days: str = "%Y-%m-%d"
    words: Mapping[str, str] | None = None


PROVIDERS: Final = (
    Provider(
        "haven_house.counts",
        rates.HAVEN_CLIENTS,
        {
            name: name
            for name in (
                *("period_start", "period_end", "made_on", "measure"),
                *(*VALUES, "service", "count"),
            )
        },
    ),
    Provider(
        "open_door.counts",
        rates.DOOR_CLIENTS,
        {
            "period_start": "Reporting Period Start",
            "period_end": "Reporting Period End",
            "made_on": "Report Date",
            "measure": "Measure",
            "age": "Age Group",
            "gender": "Sex",
            "exploitation": "Type of Trafficking",
            "service": "Service",
            "count": "Number of Clients",
        },
        ";",
        "%m/%d/%Y",
        {
            **{ALL: "Total", "new": "New clients", "continuing": "Carried over"},
            **{"adult": "18 and over", "minor": "Under 18", "Woman": "Female", "Man": "Male"},
            **{"sexual": "Sex trafficking", "labour": "Labor trafficking"},
        },
    ),
)


@dataclass(frozen=True)
class _Clients:
    """One entry a client: first and last quarter, whether he was entered late, what he is like."""

    first: Ints
    last: Ints
    late: Mask
    values: Mapping[str, Ints]
    services: Mapping[str, Mask]


class _Count(NamedTuple):
    """One count of a quarter and measure, by one dimension or none (``all``)."""

    by: str
    value: str
    persons: int


def write_counts(county: County, provider: Provider) -> tuple[Path, ...]:
    """Write a provider's reports; none where the period has no whole quarter."""
    quarters = _quarters(county)
    clients = _clients(county, provider, len(quarters))
    told = [quarters[:-1], quarters[-2:]] if len(quarters) > 1 else [quarters]
    return tuple(
        _report(county, provider, clients, quarters, given) for given in told if len(given)
    )


def _quarters(county: County) -> Ints:
    """First months of the whole quarters of the period, as months since 1970."""
    first = int(county.period.month.astype("datetime64[M]").astype(int))
    after = first + county.period.months
    return np.arange(-(-first // 3) * 3, after - 2, 3)


def _clients(county: County, provider: Provider, quarters: int) -> _Clients:
    random = county.stream("counts", provider.contract)
    size = (quarters + _BEFORE) * max(
        rates.CLIENTS_LEAST, int(provider.clients * len(county.people))
    )
    first = random.integers(-_BEFORE, max(quarters, 1), size)
    stays = random.geometric(1 - rates.CLIENT_STAYS, size) - 1
    both = 1 - rates.SEX_ONLY - rates.LABOUR_ONLY
    kind = 1 + pick(random, (rates.SEX_ONLY, rates.LABOUR_ONLY, both), size)
    female = np.where(kind == LABOUR, rates.LABOUR_VICTIMS_FEMALE, rates.SEX_VICTIMS_FEMALE)
    gender = np.where(chance(random, female, size), 0, 1)
    here = 1 - rates.VICTIM_FOREIGN
    citizenship = 0.85 * here, 0.15 * here, rates.VICTIM_FOREIGN
    untold = chance(random, rates.CLIENT_UNKNOWN, size)
    return _Clients(
        first,
        first + stays,
        chance(random, rates.CLIENT_LATE, size),
        {
            "age": chance(random, rates.VICTIM_MINORS, size).astype(np.int64),
            "gender": np.where(chance(random, rates.GENDER_DIVERSE, size), 2, gender),
            "citizenship": np.where(untold, 3, pick(random, citizenship, size)),
            "exploitation": kind - 1,
        },
        {name: chance(random, share, size) for name, share in SERVICES.items()},
    )


def _report(
    county: County, provider: Provider, clients: _Clients, quarters: Ints, given: Ints
) -> Path:
    """One report: the quarters ``given``, as they are known after the last of them."""
    newest = np.datetime64(int(given[-1]), "M")
    made = (newest + 3).astype("datetime64[D]")
    path = county.place(provider.contract, f"counts_{made.astype(object):%Y%m%d}.csv")
    lines = [provider.delimiter.join(provider.titles.values())]
    for at in given.tolist():
        quarter, month = int(np.flatnonzero(quarters == at)[0]), np.datetime64(at, "M")
        entered = (clients.first < quarter) | ~clients.late | (at != given[-1])
        for measure in MEASURES:
            counts = _counts(clients, _met(clients, quarter, measure) & entered, provider)
            sent = _held_back(counts)
            for count in sent:
                lines.append(_line(provider, month, made, measure, count))
            county.truth.reported(provider.contract, path.name, month, measure, counts, set(sent))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _met(clients: _Clients, quarter: int, measure: str) -> Mask:
    if measure == "new":
        return np.asarray(clients.first == quarter)
    return np.asarray((clients.first < quarter) & (clients.last >= quarter))


def _counts(clients: _Clients, met: Mask, provider: Provider) -> list[_Count]:
    """The true counts: of the whole, and by each dimension of the provider."""
    found = [_Count(ALL, ALL, int(met.sum()))]
    for name, values in VALUES.items():
        if name in provider.titles:
            each = np.bincount(clients.values[name][met], minlength=len(values))
            found += [_Count(name, *one) for one in zip(values, each.tolist(), strict=True)]
    return found + [
        _Count("service", name, int((got & met).sum())) for name, got in clients.services.items()
    ]


def _held_back(counts: list[_Count]) -> list[_Count]:
    """What may be sent: each count and what is left of its total 0 or at least ``MIN_CELL``."""
    total = counts[0].persons
    if _is_small(total):
        return []
    sent = [counts[0]]
    for name in dict.fromkeys(one.by for one in counts[1:]):
        mine = [one for one in counts if one.by == name]
        sent += _of_several(mine, total) if name == "service" else _of_one(mine, total)
    return sent


def _of_one(counts: list[_Count], total: int) -> list[_Count]:
    sent = sorted(
        (one for one in counts if not _is_small(one.persons)), key=lambda one: -one.persons
    )
    while _is_small(total - sum(one.persons for one in sent)):
        sent.remove(min((one for one in sent if one.persons), key=lambda one: one.persons))
    return sent


def _of_several(counts: list[_Count], total: int) -> list[_Count]:
    return [
        one for one in counts if not _is_small(one.persons) and not _is_small(total - one.persons)
    ]


def _is_small(count: int) -> bool:
    return 0 < count < MIN_CELL


def _line(
    provider: Provider, month: np.datetime64, made: np.datetime64, measure: str, count: _Count
) -> str:
    days = {
        "period_start": month.astype("datetime64[D]"),
        "period_end": (month + 3).astype("datetime64[D]") - 1,
        "made_on": made,
    }
    cells = {name: f"{day.astype(object):{provider.days}}" for name, day in days.items()}
    codes = dict.fromkeys((*VALUES, "service"), ALL) | {"measure": measure}
    if count.by != ALL:
        codes[count.by] = count.value
    cells |= {name: (provider.words or {}).get(code, code) for name, code in codes.items()}
    cells["count"] = str(count.persons)
    return provider.delimiter.join(cells[name] for name in provider.titles)
