"""Finds indicators in a text."""

from __future__ import annotations

from typing import Any, NamedTuple

from anonymize.text.indicators.context import Context, Stance, meets
from anonymize.text.indicators.indicator import Indicator
from anonymize.text.indicators.lexicon import Rule, rules
from anonymize.text.indicators.movement import movements
from anonymize.text.indicators.normal import normal

#: What doubt, and a denial elsewhere in the same text, leave of a rule's confidence.
_DOUBTED = 0.7
_DISPUTED = 0.7
_EXPLOITED = ("isSexualExploit", "isForcedLabour", "isOtherExploit")


class _Mention(NamedTuple):
    rule: Rule
    start: int
    end: int
    stance: Stance


def extract(text: str) -> list[Indicator]:
    """What ``text`` affirms, in order of mention.

    A mention that is denied, asked about or told of others is none. Where a text affirms a thing in
    one place and denies it in another, the affirmation stays, with less confidence.
    """
    plain = normal(text)
    context = Context(plain)
    mentions = [found for rule in rules() for found in _mentions(rule, plain, context)]
    denied = {code for one in mentions if one.stance is Stance.DENIED for code in one.rule.codes}
    said = _counting([one for one in mentions if _stands(one, denied)])
    sexual = any("isSexualExploit" in one.rule.codes for one in said)
    found = [
        Indicator(kind, code, one.rule.id, _confidence(one, code in denied), one.start, one.end)
        for one in said
        for kind, code in zip(one.rule.kinds, one.rule.codes, strict=True)
        if not (sexual and one.rule.yields and kind == "exploitation")
    ]
    if found:
        found += movements(text, plain, context)
        found += _exploited_by_means(found)
    return sorted(found, key=lambda one: (one.start, one.end, one.kind, one.code))


def affirmed(rule: Rule, text: str) -> bool:
    """Whether ``rule`` by itself finds something in ``text`` that the text affirms."""
    plain = normal(text)
    return any(one.stance <= Stance.DOUBTED for one in _mentions(rule, plain, Context(plain)))


def _stands(mention: _Mention, denied: set[str]) -> bool:
    """An affirmation does; a doubt does unless the same text denies the thing."""
    if mention.stance is Stance.DOUBTED:
        return not denied.intersection(mention.rule.codes)
    return mention.stance is Stance.AFFIRMED


def _counting(said: list[_Mention]) -> list[_Mention]:
    """Mentions that count beside the others; none where all are circumstances."""
    own = {code for one in said if not one.rule.needs for code in one.rule.codes}
    count = [one for one in said if not one.rule.needs or one.rule.needs & own]
    weights: dict[str, float] = {}
    for one in count:
        code = one.rule.codes[0]
        weights[code] = max(one.rule.weight, weights.get(code, 0))
    return count if sum(weights.values()) >= 1 else []


def _exploited_by_means(found: list[Indicator]) -> list[Indicator]:
    """Exploitation together with a means of control is trafficking, whatever the text calls it."""
    exploited = [one for one in found if one.code in _EXPLOITED]
    means = [one for one in found if one.kind == "means"]
    if not exploited or not means:
        return []
    surest = max(exploited, key=lambda one: one.confidence)
    sure = round(surest.confidence * max(one.confidence for one in means), 3)
    rule = "trafficking.exploited_by_means"
    return [Indicator("trafficking", "flagged", rule, sure, surest.start, surest.end)]


def _confidence(mention: _Mention, disputed: bool) -> float:
    doubted = _DOUBTED if mention.stance is Stance.DOUBTED else 1.0
    return round(mention.rule.confidence * doubted * (_DISPUTED if disputed else 1.0), 3)


def _mentions(rule: Rule, plain: bytes, context: Context) -> list[_Mention]:
    found = [(*span, True) for span in _spans(rule.pattern, plain)]
    found += [(*span, False) for span in _spans(rule.negated, plain)]
    if found and rule.exceptions is not None:
        excepted = _spans(rule.exceptions, plain)
        found = [one for one in found if not meets(one[:2], excepted)]
    if found and rule.unless is not None:
        unmade = {context.sentence(start) for start, _ in _spans(rule.unless, plain)}
        found = [one for one in found if context.sentence(one[0]) not in unmade]
    return [_Mention(rule, at, to, context.stance(at, to, inside)) for at, to, inside in found]


def _spans(pattern: Any, plain: bytes) -> list[tuple[int, int]]:  # noqa: ANN401 - re2 has no types
    return [] if pattern is None else [match.span() for match in pattern.finditer(plain)]
