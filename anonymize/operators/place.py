"""Places, coarsened: ZIP3, county, H3 cell. Nothing is geocoded; nothing asks the network."""

from __future__ import annotations

from collections.abc import Mapping

import h3.api.basic_str as h3
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.operators.columns import looked_up, over_distinct, text

#: What stands in place of a ZIP3 area of too few people (45 CFR 164.514(b)(2)(i)(B)).
RESTRICTED = "000"
_ZIP = r"^\d{5}(-?\d{4})?$"
_DEGREES = r"[+-]?\d{1,3}(?:\.\d{1,20})?"
_PLACE = rf"^\s*(?P<north>{_DEGREES})\s+(?P<east>{_DEGREES})\s*$"
_NULL = pa.scalar(None, pa.string())


def zip3(values: pa.Array, restricted: pa.Array) -> pa.Array:
    """First three digits of a five- or nine-digit ZIP code; ``000`` where ``restricted`` lists
    them. Anything else is null: a ZIP that lost its leading zero cannot be told from another."""

    def coarsen(distinct: pa.Array) -> pa.Array:
        code = text(distinct)
        area = pc.utf8_slice_codeunits(code, 0, 3)
        # 00000 is a filler; no ZIP code starts with 000, which here means restricted.
        real = pc.and_(pc.match_substring_regex(code, _ZIP), pc.not_equal(area, RESTRICTED))
        return pc.if_else(
            real, pc.if_else(pc.is_in(area, value_set=restricted), RESTRICTED, area), _NULL
        )

    return over_distinct(values, coarsen)


def county(values: pa.Array, fips: Mapping[str, str | None]) -> pa.Array:
    """Five-digit county FIPS code of a listed code; null where it is not listed."""
    codes, results = pa.array(fips.keys(), pa.string()), pa.array(fips.values(), pa.string())
    return over_distinct(values, lambda distinct: looked_up(text(distinct), codes, results))


def h3_cell(latitude: pa.Array, longitude: pa.Array, resolution: int) -> pa.Array:
    """H3 cell of a position in WGS 84 degrees; null where it is not on earth, or at (0, 0), which
    is what systems write for a missing one."""
    places = pc.binary_join_element_wise(latitude, longitude, " ")
    return over_distinct(places, lambda distinct: _cells(distinct, resolution))


def _cells(places: pa.Array, resolution: int) -> pa.Array:
    parts = pc.extract_regex(places, _PLACE)
    north = pc.struct_field(parts, "north").cast(pa.float64())
    east = pc.struct_field(parts, "east").cast(pa.float64())
    on_earth = pc.and_(pc.less_equal(pc.abs(north), 90), pc.less_equal(pc.abs(east), 180))
    given = pc.or_(pc.not_equal(north, 0), pc.not_equal(east, 0))
    known = pc.and_(on_earth, given).fill_null(False)
    pairs = zip(north.filter(known).to_pylist(), east.filter(known).to_pylist(), strict=True)
    cells = pa.array([h3.latlng_to_cell(*pair, resolution) for pair in pairs], pa.string())
    return pc.replace_with_mask(pa.nulls(len(places), pa.string()), known, cells)
