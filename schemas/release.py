"""How a contract asks that counts of its feed be published.

::

    - {property: release, value: {method: dp, epsilon: 0.5, maxCells: 4}}

``suppress`` hides small cells and those that would give them away; ``cell_key`` adds the same noise
to the same cell every time; ``dp`` adds noise under a privacy budget. Without the property it is
``suppress``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.errors import ContractError

#: Smallest count that any release publishes (DESIGN.md rule 7); a contract may only raise it.
MIN_CELL = 11
#: Most epsilon of one release.
MAX_EPSILON = 1.0


@dataclass(frozen=True)
class ReleaseOptions:
    """How counts are published.

    Attributes:
        method: ``suppress``, ``cell_key`` or ``dp``.
        min_cell: smallest count that is published.
        variance, max_noise: of ``cell_key``: of the noise, and the most it changes a count.
        epsilon, max_cells: of ``dp``: what one release spends, and cells a person counts in.
    """

    method: str = "suppress"
    min_cell: int = MIN_CELL
    variance: float | None = None
    max_noise: int | None = None
    epsilon: float | None = None
    max_cells: int | None = None


@dataclass(frozen=True)
class _Option:
    attribute: str
    kind: type
    least: float
    most: float = float("inf")

    def accepts(self, value: object) -> bool:
        whole = isinstance(value, int) and not isinstance(value, bool)
        number = whole or (self.kind is float and isinstance(value, float))
        return number and self.least <= value <= self.most  # type: ignore[operator]

    @property
    def words(self) -> str:
        kind = "a whole number" if self.kind is int else "a number"
        most = f" to {self.most:g}" if self.most < float("inf") else ""
        return f"{kind} from {self.least:g}{most}"


_MIN_CELL = {"minCell": _Option("min_cell", int, MIN_CELL)}
#: Method -> its options. All but ``minCell`` must be given: noise nobody chose helps nobody.
_METHODS: Mapping[str, Mapping[str, _Option]] = MappingProxyType(
    {
        "suppress": _MIN_CELL,
        "cell_key": {
            **_MIN_CELL,
            "variance": _Option("variance", float, 0.5, 100),
            "maxNoise": _Option("max_noise", int, MIN_CELL + 1, 100),
        },
        "dp": {
            **_MIN_CELL,
            "epsilon": _Option("epsilon", float, 0.01, MAX_EPSILON),
            "maxCells": _Option("max_cells", int, 1, 1000),
        },
    }
)


def release_options(value: object) -> ReleaseOptions:
    """The options of a contract's property ``release``; None where it has none.

    Raises:
        ContractError: an option is missing, unknown, of another method or out of bounds.
    """
    if value is None:
        return ReleaseOptions()
    if not isinstance(value, Mapping) or value.get("method") not in list(_METHODS):
        raise ContractError(f"release needs `method`, one of {', '.join(_METHODS)}")
    if faults := list(_faults(value)):
        raise ContractError("; ".join(faults))
    known = _METHODS[value["method"]]
    given = {known[name].attribute: one for name, one in value.items() if name != "method"}
    return ReleaseOptions(value["method"], **given)


def _faults(value: Mapping[str, object]) -> Iterator[str]:
    method = str(value["method"])
    known = _METHODS[method]
    for name in sorted(set(value) - set(known) - {"method"}, key=str):
        yield f"release by {method} has no option {name}; it has {', '.join(known)}"
    for name, option in known.items():
        if name not in value:
            if name != "minCell":
                yield f"release by {method} needs `{name}: ...`, {option.words}"
        elif not option.accepts(value[name]):
            yield f"release: {name} must be {option.words}"
    cell, noise = value.get("minCell", MIN_CELL), value.get("maxNoise")
    if isinstance(cell, int) and isinstance(noise, int) and noise <= cell:
        yield "release: maxNoise must be above minCell, or small counts cannot become 0"
