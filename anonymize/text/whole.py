"""What belongs to an identifier of which a part was found: the rest of a street, a number, a word.

What stays of an identifier narrows down what was masked ("SR {9}", "14-{22}", "{lola33}_").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from anonymize.text.known.others import street_types
from anonymize.text.spans import Span, merged
from anonymize.text.words import words

#: Figures and what is joined to them are one word; of a number also what hyphens join.
_WORD = re.compile(r"[A-Za-z0-9_]{1,40}")
_HYPHENED = re.compile(r"(?:[A-Za-z0-9]{1,12}-){0,3}[A-Za-z0-9_]{1,40}(?:-[A-Za-z0-9_]{1,12}){0,3}")
_FIGURE = re.compile(r"[0-9_]")
#: Types whose hyphens join: a date, a name or an amount does not go on behind one.
_NUMBERS = frozenset({
    "ALIEN_NUMBER", "BADGE_NUMBER", "BANK_ACCOUNT", "CASE_NUMBER", "GIFT_CARD", "HANDLE", "ID",
    "LICENSE_PLATE", "PASSPORT", "PHONE_NUMBER", "US_DRIVER_LICENSE", "VISA_NUMBER",
})  # fmt: skip
#: Types that begin with letters, perhaps set apart: "GH 778812", "LE 23-0417".
_LETTERED = frozenset({"CASE_NUMBER", "LICENSE_PLATE", "PASSPORT"})
_LETTERS = re.compile(r"(?<![\w'\u2019-])([A-Z]{1,3}|[a-z]{2,3}) $")
#: What stands there and is a word; "so" before a case's number is the sheriff's office.
_NO_LETTERS = words("function") - {"so"}

_SURE_KIND = re.compile(rf"(?i)\b(?:{'|'.join(sorted(street_types()))})\b")
_KIND = re.compile(rf"(?i) (?:{'|'.join(sorted(street_types() | words('streets')))})\b")
_HEADING = re.compile(r" (?:(?i:north|south|east|west)|[NSEW]|[NS][EW])\b(?! (?i:of)\b)")
#: "@ SR 9", " and Cty Rd 12", " US 30" behind "Old"
_CROSSING = re.compile(
    r"(?: ?[/&@+] ?| (?:and|at|x|near|by) | )(?:(?:old|new|former|state|county|cty|co)\.? )?"
    r"(?:us|u\.s\.|sr|cr|sh|ih|fm|rm|rr|tr|pr|ch|i|rd|road|rte?|route|hwy|highway|loop|spur|interstate)"
    r"[ .-]{1,2}\d{1,4}\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?i:old|new|big|little|upper|lower|state|county|cty) $")
#: How far beside a span its rest is looked for.
_REACH = 40


def whole(text: str, spans: Iterable[Span]) -> list[Span]:
    """``spans`` in order without overlap, each with the rest of what it is a part of."""
    return merged(_joined(text, _extended(text, span)) for span in merged(spans))


def _extended(text: str, span: Span) -> Span:
    if span.type == "STREET_ADDRESS":
        return _street(text, span)
    if span.type in _LETTERED and text[span.start].isdigit():
        letters = _LETTERS.search(text[max(0, span.start - _REACH) : span.start])
        if letters and letters[1].casefold() not in _NO_LETTERS:
            return span._replace(start=span.start - len(letters[0]))
    return span


def _street(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    named = _NAMED.search(text[max(0, start - _REACH) : start]) if text[start].isalpha() else None
    kind = _KIND.match(text, end)
    # Behind "Oak St" only a word with a capital is of its name.
    if kind and (text[end + 1].isupper() or not _SURE_KIND.search(text, start, end)):
        end = kind.end()
    for further in (_HEADING, _CROSSING):
        found = further.match(text, end)
        end = found.end() if found else end
    return span._replace(start=start - len(named[0]) if named else start, end=end)


def _joined(text: str, span: Span) -> Span:
    """With what no blank parts from its ends, where figures or underscores are in it."""
    shape = _HYPHENED if span.type in _NUMBERS else _WORD
    start, end = span.start, span.end
    for word in shape.finditer(text, max(0, start - _REACH), end + _REACH):
        if _FIGURE.search(word[0]):
            start = word.start() if word.start() < start < word.end() else start
            end = word.end() if word.start() < end < word.end() else end
    return span._replace(start=start, end=end)
