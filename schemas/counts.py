"""What a contract of counts must say, and what its format knows of it.

A victim service provider may give non-identifying data in the aggregate alone (34 U.S.C.
12291(b)(2); 42 U.S.C. 10406(c)(5); 28 CFR 94.115): the lane is ``aggregate_only``, the format
``counts_csv``. Every field but those named here is a dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.codes import code_list
from schemas.contract import Contract, Field, Table
from schemas.errors import ContractError
from schemas.release import MIN_CELL
from schemas.vocabulary import AGGREGATE_LANE, COUNTS_FORMAT

TABLE: Final = "counts"
START, END, MADE, MEASURE, COUNT = "period_start", "period_end", "made_on", "measure", "count"
#: Value of a dimension by which a count is not broken down.
ALL: Final = "all"
#: Length of each kind of period in months.
PERIODS: Final = {"month": 1, "quarter": 3}
#: A whole number below a million: no name, date or telephone number has this form.
COUNT_PATTERN: Final = "^(?:0|[1-9][0-9]{0,5})$"

_FIXED = (START, END, MADE, MEASURE, COUNT)
_OPTIONS = ("period", "minimum", "multiple", "delimiter", "encodings")


@dataclass(frozen=True)
class CountsShape:
    """What a contract says of its table of counts.

    Attributes:
        months: length of every period.
        minimum: a count is 0 or at least this.
        measures: codes of what is counted.
        dimensions: to the codes of each, without ``all``.
        multiple: dimensions of which one person may have several values (services).
    """

    months: int
    minimum: int
    measures: tuple[str, ...]
    dimensions: Mapping[str, tuple[str, ...]]
    multiple: frozenset[str]

    @classmethod
    def of(cls, contract: Contract) -> CountsShape:
        """The shape of a contract that has no faults."""
        options = contract.options
        table = contract.table(TABLE)
        return cls(
            PERIODS[options["period"]],
            int(options["minimum"]),
            _codes(table.by_name[MEASURE]),
            {one.name: _codes(one) for one in dimensions(table)},
            frozenset(options.get("multiple", ())),
        )


def dimensions(table: Table) -> tuple[Field, ...]:
    """Fields by which counts are broken down."""
    return tuple(one for one in table.fields if one.name not in _FIXED)


def _codes(field: Field) -> tuple[str, ...]:
    return tuple(code for code in code_list(str(field.codes)).members if code != ALL)


def counts_faults(contract: Contract) -> Iterator[str]:
    """Every fault of a contract in the lane or of the format of counts."""
    in_lane, of_counts = contract.lane == AGGREGATE_LANE, contract.format == COUNTS_FORMAT
    if in_lane and not of_counts:
        yield (
            f"contract: the lane is {AGGREGATE_LANE}, and {contract.format} delivers rows of "
            f"persons; only format {COUNTS_FORMAT} may be delivered in it"
        )
    if of_counts and not in_lane:
        yield f"contract: format {COUNTS_FORMAT} is of lane {AGGREGATE_LANE}; name that lane"
    if not of_counts:
        return
    if contract.units or contract.statistical_basis:
        yield "contract: counts are of nobody in particular; take out units and statisticalBasis"
    if [table.name for table in contract.tables] != [TABLE]:
        yield f"contract: format {COUNTS_FORMAT} has one table, {TABLE}"
        return
    table = contract.table(TABLE)
    yield from _option_faults(contract, table)
    yield from _table_faults(contract, table)


def _option_faults(contract: Contract, table: Table) -> Iterator[str]:
    options = contract.options
    for name in sorted(set(options) - set(_OPTIONS)):
        yield f"formatOptions: {COUNTS_FORMAT} has no option {name}; it has {', '.join(_OPTIONS)}"
    if options.get("period") not in PERIODS:
        yield f"formatOptions: add `period: quarter`, one of {', '.join(PERIODS)}"
    minimum = options.get("minimum")
    if not isinstance(minimum, int) or minimum < MIN_CELL:
        yield f"formatOptions: add `minimum: {MIN_CELL}` or more; smaller counts are of persons"
    names = {one.name for one in dimensions(table)}
    for name in options.get("multiple", ()):
        if name not in names:
            yield f"formatOptions: multiple names {name}, which is no dimension of {TABLE}"


def _table_faults(contract: Contract, table: Table) -> Iterator[str]:
    if table.loads != "reported_count":
        yield f"{TABLE}: add `{{property: loads, value: reported_count}}`"
    for name in _FIXED:
        if name not in table.by_name:
            yield f"{TABLE}: format {COUNTS_FORMAT} needs a field {name}"
    for one in table.fields:
        where = f"{TABLE}.{one.name}"
        if one.classification != "shareable" or not one.delivered or one.identifies:
            yield f"{where}: a table of counts has shareable columns of its own alone"
        operator, parameters = _decision(contract, one)
        decided = one.deidentification
        given = {name: value for name, value in decided.parameters.items() if name != "reason"}
        if (decided.operator, given) != (operator, parameters):
            said = "".join(f", {name}: {value}" for name, value in parameters.items())
            yield f"{where}: decide `{{operator: {operator}{said}}}`"
    if (count := table.by_name.get(COUNT)) and count.pattern != COUNT_PATTERN:
        yield f"{TABLE}.{COUNT}: add logicalTypeOptions: {{pattern: '{COUNT_PATTERN}'}}"
    for one in (*dimensions(table), *filter(None, [table.by_name.get(MEASURE)])):
        yield from _closed_faults(one)


def _decision(contract: Contract, field: Field) -> tuple[str, dict[str, object]]:
    if field.name == START:
        return "period", {"to": contract.options.get("period")}
    return ("drop" if field.name in (END, MADE) else "keep"), {}


def _closed_faults(field: Field) -> Iterator[str]:
    """Free text could hold anything: whatever is kept is of a closed list."""
    where = f"{TABLE}.{field.name}"
    if field.codes is None:
        yield f"{where}: add `{{property: codes, value: <code list>}}`; counts hold no free text"
        return
    if field.name == MEASURE:
        return
    try:
        if ALL not in code_list(field.codes).members:
            yield f"{where}: code list {field.codes} has no code `{ALL}`, for counts of the whole"
    except ContractError:
        return  # told of every field
