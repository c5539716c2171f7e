"""Names of persons by what stands beside them: titles, roles, aliases, kin, verbs, signatures.

Every function takes a text and where in it a cue stands, and yields what the cue announces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import regex

from anonymize.text.names.grammar import (
    ANY,
    CUES,
    GIVEN,
    LOOSE,
    MODALS,
    QUOTED,
    RUN,
    cut,
)
from anonymize.text.names.subjects import dated, said, weakly_said
from anonymize.text.spans import Span
from anonymize.text.vocabulary import (
    CENSUS,
    EVERY_NAME,
    PEOPLE,
    given_names,
    is_ours,
    is_spelt,
    is_word,
    unaccented,
)
from anonymize.text.words import words

_TITLES = CUES["titles"] | CUES["capitalised_titles"]
#: Titles of which a name in lower case may follow, as people type messages; the second only where
#: they are in lower case themselves.
_PLAIN_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr"})
_PLAIN_RANKS = frozenset(
    {"det", "ofc", "sgt", "officer", "detective", "deputy", "sergeant", "agent", "trooper", "cpl"}
    | {"lt", "capt", "dep", "inspector", "investigator", "special agent", "lieutenant", "captain"}
)
_SEPARATOR = regex.compile(r"(?:[ \t\u00a0]*[:;,=?/(\"\u201c-]){0,2}[ \t\u00a0]*")
_AFTER_ALIAS = regex.compile(
    r"(?i)(?:(?: [a-z]+){1,4}(?=:))?(?:[ \t]*[:,=-])?[ \t]*"
    r"(?:(?:is|was|as|of|by|simply|only|just)[ ])?"
    r"(?:(?:the|a)[ ](?:name|nickname|moniker|alias|street name)(?:[ ]of)?[ ])?"
    r"(?:the[ ](?=[\"\u201c\u2018']))?"
)
_AFTER_KIN = regex.compile(
    r"(?:,?[ ](?:is[ ])?(?:named|called|known as)[ ]|,[ ]|[ ]?\(|[ ]?:[ ]?|[ ])[\"\u201c]?"
)
_AFTER_ROLE = regex.compile(
    r"(?i)(?:[ ]?#?\d{1,2})?(?:[ ]?[:/,-]|[ ]\()?"
    r"(?:[ ](?:is|was|later|identified|as|named|id'd)\b){0,4}[ ]?"
)
_OR = regex.compile(r"[\"\u201d\u2019']?[ ]?(?:,|or|and|/|&)[ ]")
_AFTER_PARTING = regex.compile(r"[,!.]?[ \t]*(?:\r?\n[ \t]*){0,3}")
_ANY_WORD = regex.compile(ANY)
_NO_ALIAS = words("function", "reports", "times", "calendar", "nationalities")
_NO_FAMILY = words("function", "reports", "colours", "nationalities", "times", "calendar")
_NO_TITLED_SUBJECT = words("function", "times")


def _titled(text: str, start: int, end: int) -> Iterator[Span]:
    at = _blank(text, end + text.startswith(".", end))
    if at is None:
        return
    plain = text[start:end].casefold() in _PLAIN_TITLES or text.startswith(".", end)
    word = _ANY_WORD.match(text, at)
    plain_word = unaccented(word.group()) if word else ""
    known = plain_word in EVERY_NAME and plain_word not in _NO_ALIAS
    name = _run(text, at, surely=plain or known or not is_spelt(plain_word))
    if name is None and (plain or text[start:end] in _PLAIN_RANKS):
        name = _loose(text, at, most=1, surely=plain and known)
    if name is not None:
        yield Span(start, end, "TITLE", 0.9)
        yield name
    elif _title_follows(text, at):
        yield Span(start, end, "TITLE", 0.9)


def _capitalised_title(text: str, start: int, end: int) -> Iterator[Span]:
    if text[start].isupper():
        yield from _titled(text, start, end)


def _prefixed(text: str, start: int, end: int) -> Iterator[Span]:
    at = _blank(text, end)
    word = _ANY_WORD.match(text, at) if at is not None else None
    if word is not None and word.group().casefold() in PEOPLE["monikers"]:
        yield Span(start, word.end(), "PERSON", 0.7)
        return
    if at is None or not text[start].isupper():
        return
    name = _run(text, at)
    if name is not None:
        yield name._replace(start=start)


def _role(text: str, start: int, end: int) -> Iterator[Span]:
    if text[end - 1] in "/-" and not text[start].isupper():
        return
    after = _AFTER_ROLE.match(text, end, min(len(text), end + 60))
    word = _ANY_WORD.match(text, after.end()) if after else None
    surely = word is not None and word.group().istitle() and _is_family(word.group())
    name = _run(text, after.end(), surely=surely) if after else None
    if name is not None:
        yield _with_given(text, name)


def _is_family(word: str) -> bool:
    plain = unaccented(word)
    return plain in EVERY_NAME | CENSUS["surnames"] and plain not in _NO_FAMILY


def _alias(text: str, start: int, end: int) -> Iterator[Span]:
    after = _AFTER_ALIAS.match(text, end, min(len(text), end + 60))
    at = after.end() if after else end
    name = _quoted(text, at) or _moniker(text, at) or (_loose(text, at) if at > end else None)
    if name is None and at > end:
        name = _alone(text, at)
    if name is not None:
        yield name
        yield from _further(text, name)


def _alone(text: str, at: int) -> Span | None:
    """A common word that nothing follows: "street name trouble,"."""
    word = _ANY_WORD.match(text, at)
    if (
        word is None
        or word.group().casefold() in _NO_ALIAS
        or text[word.end() : word.end() + 1] not in tuple(",.;)")
    ):
        return None
    return Span(word.start(), word.end(), "PERSON", 0.5)


def _moniker(text: str, at: int) -> Span | None:
    """As ``_run``; in capitals too the first word may be a common one ("AKA PRETTY RICKY")."""
    word = _ANY_WORD.match(text, at)
    surely = word is not None and word.group().casefold() not in _NO_ALIAS
    return _run(text, at, surely=surely)


def _weak_alias(text: str, start: int, end: int) -> Iterator[Span]:
    after = _AFTER_ALIAS.match(text, end, min(len(text), end + 60))
    at = after.end() if after else end
    name = _quoted(text, at) or _run(text, at) or _small(text, at)
    if name is not None:
        yield name


def _small(text: str, at: int) -> Span | None:
    """A name in small letters that may be a common word, too ("a coyote called long")."""
    word = _ANY_WORD.match(text, at)
    if word is None or not word.group().islower() or word.group() in _NO_ALIAS | MODALS:
        return None
    known = unaccented(word.group()) in EVERY_NAME or not is_spelt(word.group())
    return Span(word.start(), word.end(), "PERSON", 0.6) if known else None


def _introduced(text: str, start: int, end: int) -> Iterator[Span]:
    after = _SEPARATOR.match(text, end, min(len(text), end + 20))
    at = after.end() if after else end
    loose = text[end - 1 : end] == "s" or any(mark in text[end:at] for mark in ":=?")
    name = _run(text, at) or (_loose(text, at) if at > end and loose else None)
    if name is not None:
        yield _with_given(text, name)


def _weakly_introduced(text: str, start: int, end: int) -> Iterator[Span]:
    after = _AFTER_PARTING.match(text, end, min(len(text), end + 20))
    at = after.end() if after else end
    name = _run(text, at) if at > end else None
    if name is None and at > end and text[start:end] in ("named", "born"):
        name = _small(text, at)
    if name is not None:
        yield name


def _kin(text: str, start: int, end: int) -> Iterator[Span]:
    after = _AFTER_KIN.match(text, end, min(len(text), end + 30))
    name = _run(text, after.end()) if after else None
    if name is None and after is not None and text[after.end() - 1] == " ":
        name = _given(text, after.end())
    if name is not None:
        yield name


def _given(text: str, at: int) -> Span | None:
    """A given name in small letters, which may be a common word ("her mother angel")."""
    word = _ANY_WORD.match(text, at)
    if word is None or not word.group().islower() or word.group() in _NO_ALIAS | MODALS:
        return None
    known = unaccented(word.group()) in given_names()
    return Span(word.start(), word.end(), "PERSON", 0.6) if known else None


def _verb(text: str, start: int, end: int) -> Iterator[Span]:
    at = _blank(text, end + text.startswith(":", end))
    name = _run(text, at) if at is not None else None
    if name is not None and _is_object(text[name.start : name.end], text[start:end].islower()):
        yield name


def _is_object(name: str, lower: bool) -> bool:
    """Whether what follows a verb is a name: a common word only where its capital says so."""
    if len(name) == 2 and name.isupper() and name.isalpha():
        return lower and name.casefold() not in _NO_ALIAS and not is_ours(name.casefold())
    if lower and name.istitle() and unaccented(name) in EVERY_NAME:
        return name.casefold() not in _NO_TITLED_SUBJECT
    return not is_word(name)


def _place(text: str, start: int, end: int) -> Iterator[Span]:
    at = _blank(text, end)
    name = _run(text, at) if at is not None else None
    if name is not None:
        # "municipality of Harjedalen": what sort of place it is belongs to its name.
        first = start if text[start:end].endswith(" of") else name.start
        yield Span(first, name.end, "LOCATION", 0.7)


BY_KIND: dict[str, Callable[[str, int, int], Iterator[Span]]] = {
    "titles": _titled,
    "capitalised_titles": _capitalised_title,
    "prefixes": _prefixed,
    "roles": _role,
    "aliases": _alias,
    "weak_aliases": _weak_alias,
    "introductions": _introduced,
    "weak_introductions": _weakly_introduced,
    "kin": _kin,
    "verbs": _verb,
    "said_by": said,
    "weakly_said_by": weakly_said,
    "dated": dated,
    "places": _place,
}


def _run(text: str, at: int, *, surely: bool = False) -> Span | None:
    """The name written with capitals that begins at ``at``."""
    run = RUN.match(text, at)
    if run is None:
        return None
    start, end = cut(text, run.start(), run.end(), surely=surely)
    return Span(start, end, "PERSON", 0.8) if end > start else None


def _loose(text: str, at: int, most: int = 2, *, surely: bool = False) -> Span | None:
    """The name in any case that begins at ``at``: up to the first common word."""
    run = LOOSE.match(text, at)
    if run is None:
        return None
    start, end = cut(text, run.start(), run.end(), surely=surely)
    name = text[start:end].split()[:most]
    if not name or name[0] in ("a", "an", "the"):
        return None
    return Span(start, start + len(" ".join(name)), "PERSON", 0.6)


def _quoted(text: str, at: int) -> Span | None:
    quoted = QUOTED.match(text, at)
    return Span(quoted.start("name"), quoted.end("name"), "PERSON", 0.8) if quoted else None


def _further(text: str, name: Span) -> Iterator[Span]:
    """Aliases beside the first: ``"Slim" or "Tee"``."""
    more = _OR.match(text, name.end)
    quoted = QUOTED.match(text, more.end()) if more else None
    if quoted:
        yield Span(quoted.start("name"), quoted.end("name"), "PERSON", 0.8)


def _with_given(text: str, name: Span) -> Span:
    """ "LOPEZ, MARIA": what follows a family name in capitals belongs to it."""
    given = GIVEN.match(text, name.end) if text[name.start : name.end].isupper() else None
    if given is None:
        return name
    start, end = cut(text, *given.span(1))
    return name._replace(end=end) if end > start else name


def _blank(text: str, at: int) -> int | None:
    """Where the next word begins if blanks lead to it."""
    end = at
    while end < len(text) and end < at + 4 and text[end] in " \t\u00a0":
        end += 1
    return end if end > at else None


def _title_follows(text: str, at: int) -> bool:
    word = text[at : at + 24].split(None, 1)
    return bool(word) and word[0].casefold().rstrip(".") in _TITLES
