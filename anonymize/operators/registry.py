"""Every operator by its name in a contract: what it yields, and how it is bound to a field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from anonymize.keys import KeyRing
from anonymize.operators.age import (
    BANDS,
    Ages,
    age_band,
    completed_years,
    minor,
    nibrs_years,
    stated_years,
)
from anonymize.operators.category import recode, top_code
from anonymize.operators.dates import dates, formats_of, period
from anonymize.operators.identity import TOKEN_LENGTH, keep, presence, pseudonym
from anonymize.operators.place import county, h3_cell, zip3
from anonymize.operators.text import INDICATORS, fits_indicators, fits_redact, indicators, redact
from schemas.codes import code_list
from schemas.contract import Contract, Field, Table
from schemas.errors import ContractError, PrivacyError

if TYPE_CHECKING:
    from anonymize.text.known import DeliveryNames

_FIPS = r"^\d{5}$"


@dataclass(frozen=True, repr=False)
class Identifying:
    """What is masked in texts whatever the model says.

    Attributes:
        known: one list of text a row, dictionary-encoded: the identifiers of the row's record.
        delivery: those of all records of the delivery.
    """

    known: pa.DictionaryArray
    delivery: DeliveryNames | None = None


@dataclass(frozen=True, repr=False)
class Columns:
    """Text columns of some rows by field name; with what identifies, where texts are masked."""

    by_name: Mapping[str, pa.Array]
    identifying: Identifying | None = None

    def __getitem__(self, name: str) -> pa.Array:
        return self.by_name[name]


#: A bound operator: the columns it reads in, its output out.
Transform = Callable[[Columns], pa.Array]
#: Whether every value of an output column is one the operator could have made.
Fits = Callable[[pa.Array], bool]


@dataclass(frozen=True)
class Binding:
    """One field of a contract, and the keys its operator may derive from."""

    contract: Contract
    table: Table
    field: Field
    keyring: KeyRing | None

    def parameter(self, name: str) -> str:
        return str(self.field.deidentification.parameters[name])


@dataclass(frozen=True)
class Operator:
    """``output`` is the Arrow type a field yields, ``bind`` makes its transform, ``fits`` checks
    at the hub that a column holds nothing else."""

    output: Callable[[Field], pa.DataType]
    bind: Callable[[Binding], Transform]
    fits: Callable[[Field], Fits]


def reads(field: Field) -> tuple[str, ...]:
    """Fields whose columns the operator of ``field`` reads, that of its values first."""
    parameters = field.deidentification.parameters
    extra = parameters.get("with", ())
    more = [extra] if isinstance(extra, str) else list(extra)
    if "reference" in parameters:
        more.append(parameters["reference"])
    return (field.source, *more)


# --- binding ----------------------------------------------------------------------------------


def _bind_keep(binding: Binding) -> Transform:
    return lambda columns: keep(columns[binding.field.source])


def _bind_presence(binding: Binding) -> Transform:
    return lambda columns: presence(columns[binding.field.source])


def _bind_pseudonym(binding: Binding) -> Transform:
    if binding.keyring is None:
        raise PrivacyError(
            f"contract {binding.contract.name}: {binding.table.name}.{binding.field.name} is a "
            "pseudonym and there is no key; set TRIBUTARY_SECRET_FILE"
        )
    key = binding.keyring.derive("pseudonym", binding.contract.agency, binding.parameter("domain"))
    names = reads(binding.field)
    return lambda columns: pseudonym([columns[name] for name in names], key)


def _ages(binding: Binding) -> Callable[[Columns], Ages]:
    name = binding.field.source
    parameters = binding.field.deidentification.parameters
    match parameters.get("unit", "date"):
        case "years":
            return lambda columns: stated_years(columns[name])
        case "nibrs":
            return lambda columns: nibrs_years(columns[name])
    reference = binding.table.by_name[parameters["reference"]]
    born, at = formats_of(binding.field), formats_of(reference)
    return lambda columns: completed_years(
        dates(columns[name], born), dates(columns[reference.name], at)
    )


def _bind_age_band(binding: Binding) -> Transform:
    ages, bands = _ages(binding), binding.parameter("bands")
    return lambda columns: age_band(ages(columns), bands)


def _bind_minor(binding: Binding) -> Transform:
    ages = _ages(binding)
    return lambda columns: minor(ages(columns))


def _bind_period(binding: Binding) -> Transform:
    name, formats, to = binding.field.source, formats_of(binding.field), binding.parameter("to")
    return lambda columns: period(dates(columns[name], formats), to)


def _bind_zip3(binding: Binding) -> Transform:
    restricted = pa.array(code_list("zip3_restricted").members, pa.string())
    return lambda columns: zip3(columns[binding.field.source], restricted)


def _bind_county(binding: Binding) -> Transform:
    name = binding.parameter("codes")
    fips = code_list(name).column("county_fips")
    if not all(re.fullmatch(_FIPS, code) for code in fips.values() if code is not None):
        raise ContractError(f"code list {name}: county_fips holds five digits or nothing")
    return lambda columns: county(columns[binding.field.source], fips)


def _bind_h3_cell(binding: Binding) -> Transform:
    latitude, longitude = reads(binding.field)
    resolution = int(binding.parameter("resolution"))
    return lambda columns: h3_cell(columns[latitude], columns[longitude], resolution)


def _bind_recode(binding: Binding) -> Transform:
    mapping = code_list(binding.parameter("codes")).column(binding.parameter("column"))
    separator = binding.field.deidentification.parameters.get("separator")
    return lambda columns: recode(columns[binding.field.source], mapping, separator)


def _bind_top_code(binding: Binding) -> Transform:
    maximum = int(binding.parameter("maximum"))
    return lambda columns: top_code(columns[binding.field.source], maximum)


def _bind_redact(binding: Binding) -> Transform:
    name, style = binding.field.source, binding.parameter("style")

    def transform(columns: Columns) -> pa.Array:
        if columns.identifying is None:
            raise PrivacyError("a text is masked only with what identifies its record")
        return redact(columns[name], columns.identifying.known, columns.identifying.delivery, style)

    return transform


def _bind_indicators(binding: Binding) -> Transform:
    return lambda columns: indicators(columns[binding.field.source])


# --- what an output may look like ---------------------------------------------------------------


def _anything(_: Field) -> Fits:
    return lambda _values: True


def _of_form(pattern: str) -> Callable[[Field], Fits]:
    return lambda _: lambda values: _all(pc.match_substring_regex(values, pattern))


def _one_of(values: pa.Array, known: Sequence[str | None]) -> bool:
    return _all(pc.is_in(values, value_set=pa.array(known, pa.string())))


def _fits_keep(field: Field) -> Fits:
    if field.codes is None:
        return _anything(field)
    members = list(code_list(field.codes).members)
    return lambda values: _one_of(values.drop_null(), members)


def _fits_age_band(field: Field) -> Fits:
    names = list(BANDS[field.deidentification.parameters["bands"]][1])
    return lambda values: _one_of(values.drop_null(), names)


def _fits_period(field: Field) -> Fits:
    to = field.deidentification.parameters["to"]
    return lambda values: _all(pc.equal(values, period(values, to)))


def _fits_recode(field: Field) -> Fits:
    parameters = field.deidentification.parameters
    known = list(code_list(parameters["codes"]).column(parameters["column"]).values())
    if "separator" in parameters:
        return lambda values: _one_of(pc.list_flatten(values), known)
    return lambda values: _one_of(values.drop_null(), known)


def _fits_top_code(field: Field) -> Fits:
    maximum = field.deidentification.parameters["maximum"]
    return lambda values: _all(pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, maximum)))


def _all(marks: pa.Array) -> bool:
    return pc.all(marks, min_count=0).as_py() is not False


def _type(kind: pa.DataType) -> Callable[[Field], pa.DataType]:
    return lambda _: kind


def _recode_type(field: Field) -> pa.DataType:
    many = "separator" in field.deidentification.parameters
    return pa.list_(pa.string()) if many else pa.string()


_TEXT, _FLAG = _type(pa.string()), _type(pa.bool_())

#: Every operator of ``schemas.vocabulary.OPERATORS`` but ``drop``, which yields no column at all.
REGISTRY: Mapping[str, Operator] = MappingProxyType(
    {
        "keep": Operator(_TEXT, _bind_keep, _fits_keep),
        "presence": Operator(_FLAG, _bind_presence, _anything),
        "pseudonym": Operator(_TEXT, _bind_pseudonym, _of_form(rf"^[0-9a-f]{{{TOKEN_LENGTH}}}$")),
        "age_band": Operator(_TEXT, _bind_age_band, _fits_age_band),
        "minor": Operator(_FLAG, _bind_minor, _anything),
        "period": Operator(_type(pa.date32()), _bind_period, _fits_period),
        "zip3": Operator(_TEXT, _bind_zip3, _of_form(r"^\d{3}$")),
        "county": Operator(_TEXT, _bind_county, _of_form(_FIPS)),
        "h3_cell": Operator(_TEXT, _bind_h3_cell, _of_form(r"^[0-9a-f]{15}$")),
        "recode": Operator(_recode_type, _bind_recode, _fits_recode),
        "top_code": Operator(_type(pa.int32()), _bind_top_code, _fits_top_code),
        "redact": Operator(_TEXT, _bind_redact, lambda _: fits_redact),
        "indicators": Operator(_type(INDICATORS), _bind_indicators, lambda _: fits_indicators),
    }
)
