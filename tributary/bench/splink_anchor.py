"""Splink on the raw fields, beside ours, where it is installed; it is no dependency."""

from __future__ import annotations

import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from linkage.evaluate import evaluate
from schemas.linkage import NAMES, LinkageSchema
from tributary.link_table import read_table, true_pairs

#: Splink's own habit: a match is likelier than not.
_THRESHOLD = 0.5
_LEAST = 0.01
_RARE = (*NAMES, "place", "postcode")


def installed() -> bool:
    return find_spec("splink") is not None


def splink(
    left: Path, right: Path | None, id_column: str, schema: LinkageSchema, truth: Path
) -> dict[str, Any]:
    """Quality of Splink 5 with comparisons by kind, blocks of two fields and EM."""
    package = import_module("splink")
    block_on, api = package.block_on, package.DuckDBAPI()
    columns = list(schema.kinds)
    tables = []
    for path in filter(None, (left, right)):
        table = read_table(path).select([id_column, *columns])
        tables.append(table.rename_columns(["unique_id", *columns]).to_pandas())
    rules = [
        block_on(one, other) for at, one in enumerate(columns) for other in columns[at + 1 :]
        if "sex" not in (schema.kinds[one], schema.kinds[other])
    ]  # fmt: skip
    settings = package.SettingsCreator(
        link_type="dedupe_only" if right is None else "link_only",
        comparisons=[_comparison(column, schema) for column in columns],
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


def _comparison(column: str, schema: LinkageSchema) -> Any:  # noqa: ANN401 - Splink's
    library = import_module("splink.comparison_library")
    kind = schema.kinds[column]
    if kind in NAMES:
        made = library.JaroWinklerAtThresholds(column, [0.9, 0.7])
    elif kind in ("sex", "category"):
        return library.ExactMatch(column)
    else:
        made = library.DamerauLevenshteinAtThresholds(column, [1, 2])
    return made.configure(term_frequency_adjustments=kind in _RARE)
