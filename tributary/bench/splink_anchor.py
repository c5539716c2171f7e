"""Splink on the raw fields, beside ours, where it is installed; it is no dependency."""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from linkage.evaluate import evaluate
from tributary.link_table import read_table, true_pairs

#: Splink's own habit: a match is likelier than not.
_THRESHOLD = 0.5
_LEAST = 0.01
#: Literally, not from ``schemas``: this also runs where only Splink is installed (tests/oracle).
_NAMES = ("given_name", "surname")
_TELLS_LITTLE = ("sex", "category")
_SHARP = (*_NAMES, "full_name", "date", "postcode", "address", "phone", "ssn", "email")
#: Records of a side up to which fields are blocked on alone.
_SMALL = 20_000
#: Characters of a date and of any other value that a block takes.
_YEAR, _START = 4, 3
_RARE = (*_NAMES, "place", "postcode")


def installed() -> bool:
    return find_spec("splink") is not None


def splink(
    left: Path, right: Path | None, id_column: str, kinds: Mapping[str, str], truth: Path
) -> dict[str, Any]:
    """Quality of Splink 5 with comparisons by kind, blocks of two fields, EM.

    Args:
        kinds: column to its kind (``LinkageSchema.kinds``).
    """
    package = import_module("splink")
    block_on, api = package.block_on, package.DuckDBAPI()
    columns = list(kinds)
    tables = []
    for path in filter(None, (left, right)):
        table = read_table(path).select([id_column, *columns])
        tables.append(table.rename_columns(["unique_id", *columns]).to_pandas())
    rules = [block_on(*fields) for fields in _blocks(kinds, alone=len(tables[0]) <= _SMALL)]
    settings = package.SettingsCreator(
        link_type="dedupe_only" if right is None else "link_only",
        comparisons=[_comparison(column, kind) for column, kind in kinds.items()],
        blocking_rules_to_generate_predictions=rules,
        retain_matching_columns=False,
    )
    started = time.perf_counter()
    registered = [api.register(table) for table in tables]
    linker = package.Linker(registered if len(registered) > 1 else registered[0], settings)
    training = linker.training
    training.estimate_probability_two_random_records_match(rules[:2], recall=0.8)
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on(*columns[:2]), block_on(columns[2 % len(columns)])):
        training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=_LEAST).as_pandas_dataframe()
    found = found.sort_values("match_probability", ascending=False)
    seconds = time.perf_counter() - started
    pairs = list(zip(found.unique_id_l, found.unique_id_r, strict=True))
    probability = np.asarray(found.match_probability, float)
    answer = evaluate(pairs, probability, _THRESHOLD, true_pairs(truth), within=right is None)
    return {"chosen": answer.chosen, "best": answer.best, "seconds": round(seconds, 2)}


def _blocks(kinds: Mapping[str, str], *, alone: bool) -> list[tuple[str, ...]]:
    """Pairs of fields; then of one and the start of another, as a typing error may stand in either;
    of small files each field alone."""
    columns = [column for column, kind in kinds.items() if kind not in _TELLS_LITTLE]
    starts = {
        column: f'substr("{column}", 1, {_YEAR if kinds[column] == "date" else _START})'
        for column in columns
    }
    whole = list(combinations(columns, 2))
    return [
        *whole,
        *((column,) for column in columns if alone and kinds[column] in _SHARP),
        *((one, starts[other]) for one, other in whole),
        *((other, starts[one]) for one, other in whole),
    ]


def _comparison(column: str, kind: str) -> Any:  # noqa: ANN401 - Splink's
    library = import_module("splink.comparison_library")
    if kind in _NAMES:
        made = library.JaroWinklerAtThresholds(column, [0.9, 0.7])
    elif kind in ("sex", "category"):
        return library.ExactMatch(column)
    else:
        made = library.DamerauLevenshteinAtThresholds(column, [1, 2])
    return made.configure(term_frequency_adjustments=kind in _RARE)
