"""Fits how the lexicon and the classifier are weighed: ``weighing.yaml`` of the indicators.

    python training/indicators/fit_weighing.py

On texts that neither has seen, those of ``texts`` beside this file, and on short ones that the
rules have seen since (``tests/data/indicators_fresh.yaml``): a sentence alone counts as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from labelled import rows_of
from sklearn.linear_model import LogisticRegression

from anonymize.text.indicators.classifier import CODES
from anonymize.text.indicators.reading import evidence
from anonymize.text.indicators.weighing import FEATURES, KINDS, features

HERE = Path(__file__).parent
SHORT = HERE.parents[1] / "tests/data/indicators_fresh.yaml"
TARGET = HERE.parents[1] / "anonymize/text/indicators/weighing.yaml"
#: What makes a text one that says anything.
EXPLOITED = {
    "isSexualExploit", "isForcedLabour", "isOtherExploit", "typeOfSexProstitution", "flagged",
}  # fmt: skip
#: Inverse strength of the ridge on standardised features.
RIDGE = 0.3
HEAD = """\
# How the lexicon and the classifier are weighed: a logistic model for each kind on the features of
# weighing.py, and the least probability that is said. By training/indicators/fit_weighing.py.
"""


def labelled() -> list[dict[str, Any]]:
    """``text`` and ``says`` of every text."""
    return [*rows_of("texts"), *yaml.safe_load(SHORT.read_text("utf-8")), *named()]


def named() -> list[dict[str, Any]]:
    """Sentences that name trafficking or deny it, as texts of their own: nothing beside them speaks
    of it, and yet they count. Without exploitation a text says nothing."""
    some = [
        row for row in rows_of("sentences") if "flagged" in (*row["says"], *row.get("denies", ()))
    ]
    return [row if EXPLOITED & set(row["says"]) else {**row, "says": []} for row in some]


def read(rows: Sequence[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """(texts, CODES, FEATURES) and (texts, CODES)."""
    given = evidence([row["text"] for row in rows])
    seen = [features(found, likely) for found, likely, _ in given]
    return np.array(seen), np.array([[code in row["says"] for code in CODES] for row in rows])


def fitted(seen: np.ndarray, truth: np.ndarray) -> dict[str, dict[str, object]]:
    """Weights and bias of each kind, on features as they are."""
    made: dict[str, dict[str, object]] = {}
    for kind in dict.fromkeys(KINDS):
        mine = [at for at, of in enumerate(KINDS) if of == kind]
        x, y = seen[:, mine].reshape(-1, len(FEATURES)), truth[:, mine].reshape(-1)
        mean, spread = x.mean(0), x.std(0) + 1e-6
        found = LogisticRegression(C=RIDGE, max_iter=2_000).fit((x - mean) / spread, y)
        weights = found.coef_[0] / spread
        made[kind] = {
            "bias": round(float(found.intercept_[0] - (weights * mean).sum()), 4),
            "weights": {n: round(float(w), 4) for n, w in zip(FEATURES, weights, strict=True)},
        }
    return made


if __name__ == "__main__":
    made = fitted(*read(labelled()))
    least = yaml.safe_load(TARGET.read_text("utf-8"))["least"]
    body = yaml.safe_dump({"least": least, "kinds": made}, sort_keys=False)
    TARGET.write_text(HEAD + body, "utf-8")
