"""What narratives may not say, so that no record contradicts the latent truth about its person."""

from __future__ import annotations

from typing import Final

from tributary.county.facts import INDUSTRIES, MEANS, RECRUITERS, SEX_TYPES, Facts
from tributary.county.places import COUNTRIES, ORIGIN_STATES, country_index
from tributary.county.seeds import Ints

#: The mark of the grammars for each means of control of the facts, in their order.
_MEANS: Final = dict(
    zip(
        MEANS,
        ("threats", "threats", "threats", "debt", "promises", "abuse", "abuse", "debt", "needs",
         "needs", "needs", "abuse", "drugs", "hours", "docs", None),
        strict=True,
    )
)  # fmt: skip
_RECRUITERS: Final = dict(
    zip(RECRUITERS, ("partner", "friend", "family", "acquaintance", None), strict=True)
)
_INDUSTRIES: Final = {"A": "farm", "F": "building", "I": "hospitality", "T": "domestic"}
_STATES: Final = {"TX": "Texas", "CA": "California", "FL": "Florida", "NY": "New York",
                  "GA": "Georgia", "NV": "Nevada", "OH": "Ohio", "WA": "Washington"}  # fmt: skip
#: Everyday names where the standard's are others.
_SHORT: Final = {"VNM": "Vietnam", "MDA": "Moldova", "RUS": "Russia", "GBR": "England",
                 "PHL": "the Philippines", "DOM": "the Dominican Republic"}  # fmt: skip
_HOME: Final = country_index("USA")


def barred(facts: Facts, person: Ints) -> list[frozenset[str]]:
    """For each person the marks that would contradict the facts; none for who has no facts."""
    return [
        _barred(facts, slot) if slot >= 0 else frozenset() for slot in facts.slot[person].tolist()
    ]


def origins(facts: Facts, person: Ints) -> list[str | None]:
    """For each person where they were brought from, as the grammars list places: ``name|area``."""
    return [_origin(facts, slot) if slot >= 0 else None for slot in facts.slot[person].tolist()]


def _barred(facts: Facts, slot: int) -> frozenset[str]:
    used = {_MEANS[name] for at, name in enumerate(MEANS) if int(facts.means[slot]) >> at & 1}
    found = {mark for mark in _MEANS.values() if mark and mark not in used}
    recruiter = _RECRUITERS[list(RECRUITERS)[int(facts.recruiter[slot])]]
    if recruiter:
        found |= {mark for mark in _RECRUITERS.values() if mark and mark != recruiter}
    industry = int(facts.industry[slot])
    own = _INDUSTRIES.get(list(INDUSTRIES)[industry]) if industry >= 0 else None
    found |= {mark for mark in _INDUSTRIES.values() if mark != own}
    recorded = [bool(int(facts.sex_types[slot]) >> at & 1) for at in range(len(SEX_TYPES))]
    if not recorded[1]:
        found.add("porn")
    if _origin(facts, slot) is None:
        found.add("moved")
    return frozenset(found)


def _origin(facts: Facts, slot: int) -> str | None:
    state, country = int(facts.origin_state[slot]), int(facts.origin[slot])
    if state >= 0:
        code = ORIGIN_STATES[state]
        return f"{_STATES[code]}/{code}|US-{code}"
    if country == _HOME:
        return None
    name, alpha3 = COUNTRIES[country].name, COUNTRIES[country].alpha3
    return f"{_SHORT.get(alpha3, name)}|{alpha3}"
