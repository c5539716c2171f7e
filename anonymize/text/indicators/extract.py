"""Finds indicators in a text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from anonymize.text.indicators.context import Context, Stance, meets, soliciting, spans
from anonymize.text.indicators.indicator import Indicator
from anonymize.text.indicators.lexicon import Rule, rules
from anonymize.text.indicators.movement import movements
from anonymize.text.indicators.normal import normal
from anonymize.text.indicators.searched import Searched

#: What doubt, and a denial elsewhere in the same text, leave of a rule's confidence.
_DOUBTED = 0.7
_DISPUTED = 0.7
#: Evidence that makes a text one of exploitation where nothing in it says so outright.
_ENOUGH = 1.2
#: Characters of texts that are searched together.
_BATCH = 1 << 18
#: What stands between two of them: no phrase crosses it.
_BETWEEN = b"\n.\n"
#: Words of a name, at most; sites that are spelled like names and stand for what is sold there.
_NAME = 3
_SITES = re.compile(r"(?i)backpage|skip|mega|crawler|bedpage|eros|fans|craigslist|daddy|folks")
_SEXUAL = "isSexualExploit"
_EXPLOITED = (_SEXUAL, "isForcedLabour", "isOtherExploit")


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
        searched = Searched(together)
        for rule in rules():
            for start, end, inside in _matches(rule, searched):
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
    mentions = _mentions([one for one in found if not _named(one, text, plain)], plain, context)
    denied = {code for one in mentions if one.stance is Stance.DENIED for code in one.rule.codes}
    said = _counting(_beside([one for one in mentions if _stands(one, denied)], context))
    alone = _alone(said, plain)
    sexual = not alone and any(_SEXUAL in one.rule.codes for one in said)
    indicators = [
        Indicator(kind, code, one.rule.id, _confidence(one, code in denied), one.start, one.end)
        for one in said
        for kind, code in zip(one.rule.kinds, one.rule.codes, strict=True)
        if not (sexual and one.rule.yields and kind == "exploitation")
        and not (alone and code == _SEXUAL)
    ]
    indicators = _near(indicators, context)
    if indicators:
        indicators += movements(text, plain, context)
        indicators += _flagged(indicators)
    return sorted(indicators, key=lambda one: (one.start, one.end, one.kind, one.code))


def _near(found: list[Indicator], context: Context) -> list[Indicator]:
    """Without the places that no sentence beside theirs says anything of: where police stood, or
    where somebody lives."""
    told = {context.sentence(one.start) for one in found if one.kind != "venue"}
    beside = {at + step for at in told for step in (-1, 0, 1)}
    return [one for one in found if one.kind != "venue" or context.sentence(one.start) in beside]


def affirmed(rule: Rule, text: str) -> bool:
    """Whether ``rule`` by itself finds something in ``text`` that the text affirms."""
    plain = normal(text)
    found = [_Found(rule, *match) for match in _matches(rule, Searched(plain))]
    return any(one.stance <= Stance.DOUBTED for one in _mentions(found, plain, Context(plain)))


def _named(found: _Found, text: str, plain: bytes) -> bool:
    """Whether a mention is somebody's or something's name: Mason, Hog Farm. Not a place of its
    kind, as the Budget Inn is a hotel, and not the first word of a sentence."""
    written = text[found.start : found.end].strip(" .,;:")
    if not written.istitle() or len(written.split()) > _NAME or _SITES.search(written):
        return False
    before = plain[max(0, found.start - 4) : found.start].rstrip(b" ")
    return bool({"exploitation", "means"} & set(found.rule.kinds)) and before[-1:].isalnum()


def _stands(mention: _Mention, denied: set[str]) -> bool:
    """An affirmation does; a doubt does unless the same text denies the thing."""
    if mention.stance is Stance.DOUBTED:
        return not denied.intersection(mention.rule.codes)
    return mention.stance is Stance.AFFIRMED


def _beside(said: list[_Mention], context: Context) -> list[_Mention]:
    """Without what needs company and stands alone: work without a means of control in its own
    sentence, a loose means of control with nothing in that or a sentence beside it."""
    codes: dict[int, dict[str, set[str]]] = {}  # sentence, rule, codes
    for one in said:
        if not (one.rule.needs and one.rule.yields):  # two that need company are none
            here = codes.setdefault(context.sentence(one.start), {})
            here[one.rule.id] = set(one.rule.codes)

    def stands(one: _Mention) -> bool:
        if not one.rule.needs or not (one.rule.yields or "means" in one.rule.kinds):
            return True
        at = context.sentence(one.start)
        others = [
            found
            for near in ((at,) if one.rule.yields else (at - 1, at, at + 1))
            for rule, found in codes.get(near, {}).items()
            if rule != one.rule.id
        ]
        return any(one.rule.needs & found if one.rule.yields else found for found in others)

    return [one for one in said if stands(one)]


def _counting(said: list[_Mention]) -> list[_Mention]:
    """Mentions that count beside the others; none where all are circumstances."""
    hints = [one for one in said if one.rule.hint]
    count, waiting = _accompanied([one for one in said if not one.rule.hint])
    spoken = any(code in _EXPLOITED for one in count for code in one.rule.codes)
    if not spoken and _sum(count + waiting + hints, "evidence") >= _ENOUGH:
        count, _ = _accompanied(count + waiting, _kind_of(hints))
    return count if _sum(count, "weight") >= 1 else []


def _accompanied(
    said: list[_Mention], count: Sequence[_Mention] = ()
) -> tuple[list[_Mention], list[_Mention]]:
    """Mentions with what they need, ``count`` among them, and those without."""
    counting = [*count, *(one for one in said if not one.rule.needs)]
    waiting = [one for one in said if one.rule.needs]
    while waiting:  # what one rule says may be what another needs
        codes = {code for one in counting for code in one.rule.codes}
        more = [one for one in waiting if one.rule.needs & codes]
        if not more:
            break
        counting += more
        waiting = [one for one in waiting if not one.rule.needs & codes]
    return counting, waiting


def _kind_of(hints: list[_Mention]) -> list[_Mention]:
    """The hints at the kind of exploitation that most speaks for."""
    of: dict[tuple[str, ...], list[_Mention]] = {}
    for one in hints:
        of.setdefault(one.rule.codes, []).append(one)
    return max(of.values(), key=lambda ones: (ones[0].rule.evidence, len(ones)), default=[])


def _sum(mentions: Sequence[_Mention], name: str) -> float:
    """Sum of an attribute of rules, of each code once; the most special code of a rule is its
    last."""
    most: dict[str, float] = {}
    for one in mentions:
        code = one.rule.codes[-1]
        most[code] = max(getattr(one.rule, name), most.get(code, 0))
    return sum(most.values())


def _alone(said: list[_Mention], plain: bytes) -> bool:
    """Whether a text tells of prostitution without anybody who profits: of a sting, or of somebody
    who works alone, without a means of control."""
    means = any("means" in one.rule.kinds and one.rule.weight for one in said)
    return not means and bool(said) and soliciting().search(plain) is not None


def _flagged(found: list[Indicator]) -> list[Indicator]:
    """What is trafficking, whatever the text calls it: sex that another sells, or labour and other
    exploitation under a means of control."""
    sexual = [one for one in found if one.code == _SEXUAL]
    exploited = [one for one in found if one.code in _EXPLOITED]
    means = [one for one in found if one.kind == "means"]
    if not sexual and not (exploited and means):
        return []
    surest = max(sexual or exploited, key=lambda one: one.confidence)
    sure = surest.confidence * (1 if sexual else max(one.confidence for one in means))
    rule = "trafficking.sexual" if sexual else "trafficking.exploited_by_means"
    return [Indicator("trafficking", "flagged", rule, round(sure, 3), surest.start, surest.end)]


def _confidence(mention: _Mention, disputed: bool) -> float:
    doubted = _DOUBTED if mention.stance is Stance.DOUBTED else 1.0
    return round(mention.rule.confidence * doubted * (_DISPUTED if disputed else 1.0), 3)


def _matches(rule: Rule, searched: Searched) -> list[tuple[int, int, bool]]:
    """Where a rule matches, and whether a denial within the match would deny it."""
    found = [(*span, True) for span in searched.spans(rule.pattern)]
    found += [(*span, False) for span in searched.spans(rule.negated)]
    for one in rule.together:
        found += [(*span, one.inside) for span in searched.together(one)]
    if found and rule.exceptions is not None:
        excepted = searched.spans(rule.exceptions)
        found = [one for one in found if not meets(one[:2], excepted)]
    return found


def _mentions(found: Sequence[_Found], plain: bytes, context: Context) -> list[_Mention]:
    """How the text stands to what was found, without what its sentence unmakes."""
    named = {one.rule.id: one.rule for one in found}.values()
    unmade = {
        (rule.id, context.sentence(start))
        for rule in named
        if rule.unless
        for start, _ in spans(rule.unless, plain)
    }
    void = {rule.id for rule in named if rule.unless_text and rule.unless_text.search(plain)}
    return [
        _Mention(rule, start, end, context.stance(start, end, inside))
        for rule, start, end, inside in found
        if rule.id not in void and (rule.id, context.sentence(start)) not in unmade
    ]
