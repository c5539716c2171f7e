"""Record-level extracts: k-anonymous, l-diverse rows, generalised no more than that takes.

What an extract holds is quasi-identifiers, each on one level of its hierarchy, and sensitive
columns as they are; no other column, for nobody has decided on it. Its rows are sorted, so that
their order says nothing. An extract protects by itself alone: of two extracts of the same rows,
whoever has both may intersect the classes (Ganta et al. 2008), so each is to be published once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from anonymize.extracts.classes import (
    Check,
    Coded,
    Codes,
    check,
    coded,
    packed,
    require_columns,
    rows_of,
)
from anonymize.extracts.hierarchy import OTHER, Hierarchy, usual
from anonymize.extracts.lattice import Ladder, Lattice, Search, ladder
from schemas.errors import PrivacyError

#: Rows of a class, distinct sensitive values in it, share of rows that may be left out. k is the
#: smallest published cell (DESIGN.md rule 7; CTDC publishes records at k = 11 too).
K, L, MAX_SUPPRESSED = 11, 2, 0.05


@dataclass(frozen=True)
class ExtractRequest:
    """What is to be extracted.

    Attributes:
        quasi: columns by which somebody may know a person; unknown is a value like any other.
        sensitive: columns nobody is to learn about a person. A value that fewer rows bear than a
            published cell may count (``K``, or ``k`` where that is less) becomes ``other``: it
            would identify by itself.
        k: rows of every class.
        l: distinct known values of each sensitive column in every class.
        max_suppressed: share of rows that may be left out, 0 to 1.
        agency: column of the agency each row comes from, where agencies that contributed read the
            extract: k and l then hold for each of them without its own rows.
        hierarchies: coarser forms by column, where they are not the usual ones.
    """

    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    k: int = K
    l: int = L  # noqa: E741
    max_suppressed: float = MAX_SUPPRESSED
    agency: str | None = None
    hierarchies: Mapping[str, Hierarchy] = field(default_factory=dict)


@dataclass(frozen=True)
class Extract:
    """An extract and what it took.

    Attributes:
        table: quasi-identifiers and sensitive columns as text, sorted; nothing else is published.
        figures: k and l of ``table``, measured on it; for agencies, what remains to each.
        levels: level of each quasi-identifier.
        loss: Iyengar's LM, 0 to 1 (``lattice``).
        suppressed: rows left out.
        pooled: rows whose sensitive value became ``other``.
        dropped: columns of the source that are not in the extract.
    """

    table: pa.Table
    figures: Check
    levels: Mapping[str, str]
    loss: float
    suppressed: int
    pooled: int
    dropped: tuple[str, ...]
    search: Search


def extract(table: pa.Table, request: ExtractRequest) -> Extract:
    """The extract that loses least.

    Raises:
        DeliveryError: a column is missing.
        ContractError: a hierarchy is none.
        PrivacyError: no generalisation reaches k and l within the limit; there is no extract.
    """
    _require_sense(table, request)
    rows = rows_of(table, request.sensitive, request.agency)
    pools = [_pooled(one, min(request.k, K)) for one in rows.sensitive]
    rows = replace(rows, sensitive=tuple(one for one, _ in pools))
    lattice = Lattice(_ladders(table, request), rows, request.k, request.l)
    search = lattice.reduced().search(int(request.max_suppressed * table.num_rows))
    if search.best is None:
        raise PrivacyError(
            f"no generalisation of {', '.join(request.quasi)} reaches k = {request.k} and "
            f"l = {request.l} with at most {request.max_suppressed:.1%} of {table.num_rows:,} rows "
            "left out; there is no extract: name fewer columns, or allow more suppression"
        )
    levels = search.best.levels
    published, figures = _published(lattice, levels, request)
    return Extract(
        table=published,
        figures=figures,
        levels={
            one.name: one.steps[at].name for one, at in zip(lattice.ladders, levels, strict=True)
        },
        loss=search.best.loss,
        suppressed=search.best.suppressed,
        pooled=sum(count for _, count in pools),
        dropped=tuple(c for c in table.column_names if c not in published.column_names),
        search=search,
    )


def _require_sense(table: pa.Table, request: ExtractRequest) -> None:
    require_columns(table, request.quasi, request.sensitive, request.agency)
    if not request.sensitive:
        raise PrivacyError("name what is sensitive: rows of quasi-identifiers alone are a count")
    if request.k < 2 or request.l < 1 or not 0 <= request.max_suppressed < 1:
        raise PrivacyError("k is at least 2, l at least 1, max_suppressed a share below 1")


def _ladders(table: pa.Table, request: ExtractRequest) -> tuple[Ladder, ...]:
    known = {**usual(), **request.hierarchies}
    return tuple(ladder(one, coded(table[one], one), known.get(one, ())) for one in request.quasi)


def _pooled(column: Coded, least: int) -> tuple[Coded, int]:
    """The column with its rare values made one, and how many rows that changed."""
    count = np.bincount(column.codes, minlength=len(column.values))
    rare = [
        value is not None and value != OTHER and bearers < least
        for value, bearers in zip(column.values, count.tolist(), strict=True)
    ]
    coarse = [OTHER if is_rare else v for is_rare, v in zip(rare, column.values, strict=True)]
    values = tuple(dict.fromkeys(coarse))
    place = {value: at for at, value in enumerate(values)}
    places = np.array([place[value] for value in coarse], np.int64)
    return Coded(places[column.codes], values), int(count[np.array(rare, bool)].sum())


def _published(
    lattice: Lattice, levels: Sequence[int], request: ExtractRequest
) -> tuple[pa.Table, Check]:
    """The rows that may be published, sorted, and their figures."""
    kept = np.flatnonzero(lattice.safe(levels))
    columns = [
        Coded(one.steps[level].codes[one.column.codes[kept]], one.steps[level].labels)
        for one, level in zip(lattice.ladders, levels, strict=True)
    ]
    columns += [replace(one, codes=one.codes[kept]) for one in lattice.rows.sensitive]
    columns = [_in_order(one) for one in columns]
    order = np.argsort(packed([(one.codes, len(one.values)) for one in columns], len(kept))[0])
    texts = {
        name: pa.array(one.values, pa.string()).take(pa.array(one.codes[order]))
        for name, one in zip((*request.quasi, *request.sensitive), columns, strict=True)
    }
    table = pa.table(texts)
    return table, _checked(table, request, lattice, kept[order])


def _in_order(column: Coded) -> Coded:
    """The same column with codes in the order of its values, unknown last."""
    values = column.values
    order = sorted(range(len(values)), key=lambda at: (values[at] is None, values[at] or ""))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return Coded(ranks[column.codes], tuple(values[at] for at in order))


def _checked(table: pa.Table, request: ExtractRequest, lattice: Lattice, rows: Codes) -> Check:
    """Measure the very table that is published, whatever led to it."""
    agency, known = None, lattice.rows.agency
    if known is not None:
        agency = "agency of the row"
        sources = pa.array(known.values, pa.string()).take(pa.array(known.codes[rows]))
        table = table.append_column(agency, sources)
    found = check(table, request.quasi, request.sensitive, k=request.k, agency=agency)
    if found.rows and (found.k < request.k or (found.l or 0) < request.l):
        raise PrivacyError("the extract does not hold what was asked of it; nothing is published")
    return found
