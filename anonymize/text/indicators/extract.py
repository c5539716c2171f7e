"""Finds indicators in a text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from anonymize.text.indicators.context import Context, Stance, meets
from anonymize.text.indicators.indicator import Indicator
from anonymize.text.indicators.lexicon import Rule, rules
from anonymize.text.indicators.movement import movements
from anonymize.text.indicators.normal import normal

#: What doubt, and a denial elsewhere in the same text, leave of a rule's confidence.
_DOUBTED = 0.7
_DISPUTED = 0.7
#: Characters of texts that are searched together.
_BATCH = 1 << 18
#: What stands between two of them: no phrase crosses it.
_BETWEEN = b"\n.\n"
_EXPLOITED = ("isSexualExploit", "isForcedLabour", "isOtherExploit")


class _Found(NamedTuple):
    rule: Rule
    start: int
    end: int
    inside: bool


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
    return extract_all([text])[0]


def extract_all(texts: Sequence[str]) -> list[list[Indicator]]:
    """``extract`` of each text; several times as fast where there are many short ones."""
    plains = [normal(text) for text in texts]
    found: list[list[_Found]] = [[] for _ in texts]
    for first, last in _batches(plains):
        begins = list(
            accumulate((len(one) + len(_BETWEEN) for one in plains[first:last]), initial=0)
        )
        together = _BETWEEN.join(plains[first:last])
        for rule in rules():
            for start, end, inside in _matches(rule, together):
                at = bisect_right(begins, start) - 1
                found[first + at].append(_Found(rule, start - begins[at], end - begins[at], inside))
    return [_read(*one) if one[2] else [] for one in zip(texts, plains, found, strict=True)]


def _batches(plains: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Consecutive texts of about ``_BATCH`` characters together."""
    first, size = 0, 0
    for at, plain in enumerate(plains):
        size += len(plain)
        if size >= _BATCH or at + 1 == len(plains):
            yield first, at + 1
            first, size = at + 1, 0


def _read(text: str, plain: bytes, found: Sequence[_Found]) -> list[Indicator]:
    """What a text affirms of what the rules found in it."""
    context = Context(plain)
    mentions = _mentions(found, plain, context)
    denied = {code for one in mentions if one.stance is Stance.DENIED for code in one.rule.codes}
    said = _counting([one for one in mentions if _stands(one, denied)])
    sexual = any("isSexualExploit" in one.rule.codes for one in said)
    indicators = [
        Indicator(kind, code, one.rule.id, _confidence(one, code in denied), one.start, one.end)
        for one in said
        for kind, code in zip(one.rule.kinds, one.rule.codes, strict=True)
        if not (sexual and one.rule.yields and kind == "exploitation")
    ]
    if indicators:
        indicators += movements(text, plain, context)
        indicators += _exploited_by_means(indicators)
    return sorted(indicators, key=lambda one: (one.start, one.end, one.kind, one.code))


def affirmed(rule: Rule, text: str) -> bool:
    """Whether ``rule`` by itself finds something in ``text`` that the text affirms."""
    plain = normal(text)
    found = [_Found(rule, *match) for match in _matches(rule, plain)]
    return any(one.stance <= Stance.DOUBTED for one in _mentions(found, plain, Context(plain)))


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


def _matches(rule: Rule, plain: bytes) -> list[tuple[int, int, bool]]:
    """Where a rule matches, and whether a denial within the match would deny it."""
    found = [(*span, True) for span in _spans(rule.pattern, plain)]
    found += [(*span, False) for span in _spans(rule.negated, plain)]
    if found and rule.exceptions is not None:
        excepted = _spans(rule.exceptions, plain)
        found = [one for one in found if not meets(one[:2], excepted)]
    return found


def _mentions(found: Sequence[_Found], plain: bytes, context: Context) -> list[_Mention]:
    """How the text stands to what was found, without what its sentence unmakes."""
    unmade = {
        (rule.id, context.sentence(start))
        for rule in {one.rule.id: one.rule for one in found if one.rule.unless}.values()
        for start, _ in _spans(rule.unless, plain)
    }
    return [
        _Mention(rule, start, end, context.stance(start, end, inside))
        for rule, start, end, inside in found
        if (rule.id, context.sentence(start)) not in unmade
    ]


def _spans(pattern: Any, plain: bytes) -> list[tuple[int, int]]:  # noqa: ANN401 - re2 has no types
    return [] if pattern is None else [match.span() for match in pattern.finditer(plain)]
