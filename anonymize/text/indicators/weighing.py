"""What a text says, by the lexicon's mentions, the classifier's sentences and what is beside them.

A logistic model for each kind (``weighing.yaml``, fitted by ``training/``): whether a code counts
is read from what its surest sentence and its rules say, from the sentences beside it, and from
whether the text tells of exploitation at all. Its probability is the confidence of an indicator.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anonymize.text.indicators.classifier import CODES, Likely
from anonymize.text.indicators.indicator import Indicator, kind_of
from anonymize.text.indicators.lexicon import data

#: What the model reads of a code in a text, in order; logits of probabilities where not said.
FEATURES: Final = (
    "surest",  # the code's surest sentence
    "second",  # the sentence after that
    "ruled",  # 1 where a rule of the lexicon finds the code
    "rule",  # its confidence, 0 to 1
    "both",  # the surest sentence, where a rule finds the code too
    "sentence_exploits",  # exploitation in that sentence
    "sentence_controls",  # a means of control in that sentence
    "beside_exploits",  # exploitation in it or those beside
    "exploits",  # exploitation in any sentence of the text
    "controls",  # a means of control in any
    "controls_again",  # a second means of control
    "exploits_once",  # exploitation in at least one sentence, by all of them
    "controls_once",
    "flags",  # trafficking is suspected in any sentence
    "rules",  # 1 where the lexicon finds anything
    "rules_exploit",
    "rules_control",
    "rules_flag",
)
KINDS: Final = tuple(kind_of(code) for code in CODES)
_EXPLOIT = [CODES.index(code) for code in ("isSexualExploit", "isForcedLabour", "isOtherExploit")]
_CONTROL = [at for at, kind in enumerate(KINDS) if kind == "means"]
_SEXUAL, _LABOUR, _ = _EXPLOIT
_FLAGGED = CODES.index("flagged")
#: What a type of exploitation is one of. Prostitution alone is nobody else's gain.
_OF = {
    at: _SEXUAL if "Sex" in code else _LABOUR
    for at, code in enumerate(CODES)
    if code.startswith("type") and code != "typeOfSexProstitution"
}
_TYPED = [at for at, code in enumerate(CODES) if code.startswith("type")]
#: Where each code stands, and what of the lexicon's findings is read beside it.
_PLACE = {code: at for at, code in enumerate(CODES)}
_TOLD = ("exploitation", "means", "trafficking")
#: Probabilities are kept from 0 and 1 by this.
_EDGE = 1e-3

Floats = NDArray[np.float64]


def features(found: Sequence[Indicator], likely: Likely) -> Floats:
    """(CODES, FEATURES) of a text with what the lexicon found and how likely its sentences (at
    least one) say each code."""
    ranked = np.sort(likely, axis=0)[::-1]
    first, second = ranked[0], ranked[1] if len(ranked) > 1 else np.zeros(len(CODES))
    rule = np.zeros(len(CODES))
    for one in found:
        if one.code in _PLACE and KINDS[_PLACE[one.code]] == one.kind:
            rule[_PLACE[one.code]] = max(rule[_PLACE[one.code]], one.confidence)
    exploits, controls = likely[:, _EXPLOIT].max(1), likely[:, _CONTROL].max(1)
    edged = np.pad(exploits, 1)
    beside = np.max([edged[:-2], exploits, edged[2:]], axis=0)
    surest = likely.argmax(0)
    kinds = {one.kind for one in found}
    whole = [
        exploits.max(),
        controls.max(),
        np.sort(first[_CONTROL])[-2],
        1 - np.prod(1 - exploits),
        1 - np.prod(1 - controls),
        first[_FLAGGED],
    ]
    of_text = [
        *_logit(np.array(whole)),
        *(float(one) for one in (bool(kinds), *(name in kinds for name in _TOLD))),
    ]
    of_code = [
        _logit(first), _logit(second), rule > 0, rule, (rule > 0) * _logit(first),
        _logit(exploits[surest]), _logit(controls[surest]), _logit(beside[surest]),
    ]  # fmt: skip
    return np.column_stack([*of_code, np.tile(of_text, (len(CODES), 1))]).astype(float)


def weigh(
    found: Sequence[Indicator], likely: Likely, spans: Sequence[tuple[int, int]]
) -> list[Indicator]:
    """What a text says: each code once, where its surest rule or sentence stands.

    Args:
        found: what the lexicon found in it, movements and ways of recruitment too; those stay where
            the text says anything at all.
        likely: (sentences, CODES) by the classifier; ``spans``: where the sentences stand.
    """
    if not spans:
        return []
    sure = _probabilities(features(found, likely))
    said = _consistent(sure >= _weights()[2])
    made = [one for one in found if one.kind not in KINDS] if said.any() else []
    for at in np.flatnonzero(said).tolist():
        kind, code = KINDS[at], CODES[at]
        mentions = [one for one in found if (one.kind, one.code) == (kind, code)]
        start, end = spans[int(likely[:, at].argmax())]
        unruled = Indicator(kind, code, f"sentence.{kind}", 0, start, end)
        surest = max(mentions, key=lambda one: one.confidence, default=unruled)
        # To two places: what another processor rounds otherwise must not show.
        made.append(surest._replace(confidence=round(float(sure[at]), 2)))
    return sorted(made, key=lambda one: (one.start, one.end, one.kind, one.code))


def _consistent(said: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A type of exploitation is exploitation; where there is none nothing is said; exploitation
    with a means of control, and any sex that another sells, is trafficking."""
    for part, whole in _OF.items():
        said[whole] |= said[part]
    exploited = said[_EXPLOIT].any()
    if not (exploited or said[_TYPED].any() or said[_FLAGGED]):
        return np.zeros_like(said)
    said[_FLAGGED] |= said[_SEXUAL] or (exploited and said[_CONTROL].any())
    return said


def _probabilities(read: Floats) -> Floats:
    weights, bias, _ = _weights()
    made: Floats = 1 / (1 + np.exp(-((read * weights).sum(1) + bias)))
    return made


@cache
def _weights() -> tuple[Floats, Floats, float]:
    """(CODES, FEATURES) weights and (CODES) biases by kind, and the least probability said."""
    raw = data("weighing")
    weights = [[raw["kinds"][kind]["weights"][name] for name in FEATURES] for kind in KINDS]
    return np.array(weights), np.array([raw["kinds"][k]["bias"] for k in KINDS]), raw["least"]


def _logit(probability: NDArray[np.floating]) -> Floats:
    kept = np.clip(probability, _EDGE, 1 - _EDGE)
    made: Floats = np.log(kept / (1 - kept))
    return made
