"""De-identification profiles: what a contract's decisions may not be under each.

``safe_harbor`` is 45 CFR 164.514(b)(2): the eighteen identifiers of (i) removed.
``limited_data_set`` is 45 CFR 164.514(e): month, county and cell may stay, under a data use
agreement. Both are stricter here than the law in one point: no exact date leaves, since two dates
often single out a person.

Tokens are allowed under both: they join tables inside a package, and the loader puts random keys in
their place, so that no record code of the warehouse derives from a person's data (164.514(c)(1)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.contract import Contract, Field
from schemas.vocabulary import ALLOWED_FOR_CLASS

#: Finest H3 resolution of a limited data set. Cells of resolution 6 average 36 km2, about a town;
#: a cell of resolution 7 (5 km2) in open country can hold a single house.
FINEST_CELL = 6


@dataclass(frozen=True)
class Prohibition:
    """What a profile forbids: its citation, what to do instead, and the decisions it means."""

    cite: str
    instead: str
    forbids: Callable[[Field], bool]


def _operator(field: Field) -> str:
    return field.deidentification.operator


def _leaves_its_class(field: Field) -> bool:
    allowed = ALLOWED_FOR_CLASS.get(field.classification)
    return allowed is not None and _operator(field) not in allowed


def _keeps_a_date(field: Field) -> bool:
    return _operator(field) == "keep" and field.logical_type in ("date", "timestamp")


def _below_state(field: Field) -> bool:
    return _operator(field) in ("county", "h3_cell")


def _below_year(field: Field) -> bool:
    return _operator(field) == "period" and field.deidentification.parameters.get("to") != "year"


def _leaves_as_text(field: Field) -> bool:
    return _operator(field) == "redact"


def _below_town(field: Field) -> bool:
    resolution = field.deidentification.parameters.get("resolution", 0)
    return _operator(field) == "h3_cell" and resolution > FINEST_CELL


_DIRECT_IDENTIFIERS = "drop it, or use an operator its classification allows"
_EXACT_DATE = "use `period` or `age_band`"

PROFILES: Mapping[str, tuple[Prohibition, ...]] = MappingProxyType(
    {
        "safe_harbor": (
            Prohibition("45 CFR 164.514(b)(2)(i)", _DIRECT_IDENTIFIERS, _leaves_its_class),
            Prohibition("45 CFR 164.514(b)(2)(i)(B)", "use `zip3` or drop it", _below_state),
            Prohibition("45 CFR 164.514(b)(2)(i)(C)", "use `period` to: year", _below_year),
            Prohibition("45 CFR 164.514(b)(2)(i)(C)", _EXACT_DATE, _keeps_a_date),
            # Of free text nobody can certify that no identifier of (A) to (R) is left in it, nor
            # know that it could not be used to identify.
            Prohibition(
                "45 CFR 164.514(b)(2)(i)(R), (ii)", "use `indicators` or drop it", _leaves_as_text
            ),
        ),
        "limited_data_set": (
            Prohibition("45 CFR 164.514(e)(2)", _DIRECT_IDENTIFIERS, _leaves_its_class),
            Prohibition(
                "45 CFR 164.514(e)(2)(ii)", f"use `resolution: {FINEST_CELL}`", _below_town
            ),
            Prohibition("Tributary: no exact date leaves", _EXACT_DATE, _keeps_a_date),
        ),
    }
)


def profile_faults(contract: Contract) -> Iterator[str]:
    """Every decision the contract's profile forbids, in words that say what to change."""
    if contract.profile not in PROFILES:
        yield f"contract: unknown profile; known are {', '.join(PROFILES)}"
        return
    for table in contract.tables:
        for field in table.kept:
            for prohibition in PROFILES[contract.profile]:
                if prohibition.forbids(field):
                    yield (
                        f"{table.name}.{field.name}: `{_operator(field)}` is not allowed under "
                        f"{contract.profile} ({prohibition.cite}); {prohibition.instead}"
                    )
