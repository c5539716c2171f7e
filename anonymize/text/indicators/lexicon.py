r"""The lexicon: rules in YAML files beside this module, compiled to RE2.

A rule has phrases, or groups of words that stand together in one sentence in any order: the phrases
know how a thing is said, the groups what it is said with (``groups.yaml``, ``together``).

A phrase is a regular expression read in lower case and without accents, with these liberties:

* a blank is any run of blanks and hyphens, and `` .. `` stands for up to six words between,
* ``{name}`` is any entry of a list of ``words.yaml``,
* ``threat*`` is any word that begins so,
* ``\S+`` is any one word of the same sentence,
* ``and`` is also ``&``,
* an apostrophe may be missing, and ``n't`` is also ``not``: ``didn't`` finds "did not" and "didnt",
* a phrase begins and ends where a word does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import re2
import yaml

from schemas.codes import code_list
from schemas.errors import ContractError

#: Files and folders of rules.
RULES: Final = (
    "means",
    "exploitation",
    "recruiter",
    "recruitment",
    "venue",
    "trafficking",
    "together",
)
#: Files whose rules are circumstances only, unless one says otherwise.
_CIRCUMSTANCES: Final = ("recruitment", "venue")

_LIST = re.compile(r"\{([a-z]+)\}")
_NEGATION = re.compile(
    r"\b(no|nor|not|never|nobody|nothing|none|without|cannot|den|denied|w/o)\b|n't"
)
#: ``n't`` without the verb before it: any verb that ends so.
_NOT = re.compile(r"(?<![a-z)])n't")
_NOT_WORD = r"(?:[a-z]+n[']t|(?:is|was|are|were|do|does|did|has|have|had|wo|ca|could|would)nt)"
_ANY_ENDING = re.compile(r"(?<![\\a-z])([a-z'?]*[a-z])\*")
_ANY = r"[^\s.;:!?]+"
_GAP = rf"[\s-]+(?:{_ANY}[\s-]+){{0,6}}"


@dataclass(frozen=True)
class Together:
    """Groups of words that say something where they meet in a sentence.

    Attributes:
        groups: a compiled RE2 for each group.
        inside: a denial between the words denies it; not so where a group has one itself.
    """

    groups: tuple[Any, ...]
    inside: bool


@dataclass(frozen=True)
class Rule:
    """A rule of the lexicon.

    Attributes:
        id: file and name, such as ``means.threats``.
        kinds: kind of each code.
        pattern: its phrases without a negation in them.
        negated: its phrases that have one themselves ("not allowed to leave").
        together: combinations of groups, of each of which a word stands in the same sentence.
        exceptions: what is no mention where the two overlap.
        unless: what unmakes every mention of its sentence.
        unless_text: what unmakes every mention of its text.
        needs: the rule counts only in a text that also carries one of these codes.
        yields: what it says of labour gives way where the text speaks of sexual exploitation: "put
            to work" is then no labour.
        weight: a text says something of exploitation where the weights of different codes in it
            come to 1. A hotel or a blow (0) is no sign of it by itself, a debt (0.5) only together
            with another.
        evidence: what a mention that needs company gives towards it: a text speaks of exploitation,
            too, where the evidence of different codes in it is enough.
        hint: the rule counts only where a text was taken for one of exploitation by such evidence,
            and says of which kind.
        affirms: sentences in which the rule must find its codes.
        silent: sentences in which it must find nothing.
    """

    id: str
    codes: tuple[str, ...]
    kinds: tuple[str, ...]
    confidence: float
    pattern: Any  # a compiled RE2, or None
    negated: Any  # a compiled RE2, or None
    together: tuple[Together, ...]
    exceptions: Any  # a compiled RE2, or None
    unless: Any  # a compiled RE2, or None
    unless_text: Any  # a compiled RE2, or None
    needs: frozenset[str]
    yields: bool
    weight: float
    evidence: float
    hint: bool
    affirms: tuple[str, ...]
    silent: tuple[str, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order of their files.

    Raises:
        ContractError: a rule is malformed or names a code that is not listed.
    """
    found = [_rule(name, entry) for name in RULES for entry in data(name)]
    if len({rule.id for rule in found}) != len(found):
        raise ContractError("two rules of the indicator lexicon have the same id")
    return tuple(found)


def _rule(file: str, entry: Mapping[str, Any]) -> Rule:
    kinds = code_list("text_indicator").column("kind")
    listed, phrases = entry["codes"], entry.get("phrases", ())
    codes = (listed,) if isinstance(listed, str) else tuple(listed)
    if unlisted := [code for code in codes if code not in kinds]:
        raise ContractError(f"indicator rule {entry['id']}: codes not listed: {unlisted}")
    return Rule(
        id=f"{file}.{entry['id']}",
        codes=codes,
        kinds=tuple(str(kinds[code]) for code in codes),
        confidence=float(entry["confidence"]),
        pattern=_any_of(one for one in phrases if not _NEGATION.search(one)),
        negated=_any_of(one for one in phrases if _NEGATION.search(one)),
        together=tuple(_together(one) for one in entry.get("together", ())),
        exceptions=_any_of(entry.get("except", ())),
        unless=_any_of(entry.get("unless", ())),
        unless_text=_any_of(entry.get("unless_text", ())),
        needs=frozenset(entry.get("needs", ())),
        yields=entry.get("yields", False),
        weight=float(entry.get("weight", file not in _CIRCUMSTANCES)),
        evidence=float(entry.get("evidence", 0)),
        hint=entry.get("hint", False),
        affirms=tuple(entry["affirms"]),
        silent=tuple(entry["silent"]),
    )


def _together(names: str) -> Together:
    """``names`` are those of groups, with `` + `` between them."""
    groups = names.split(" + ")
    listed = data("groups")
    if unlisted := [name for name in groups if name not in listed]:
        raise ContractError(f"the indicator lexicon has no groups {unlisted}")
    negated = any(_NEGATION.search(one) for name in groups for one in listed[name])
    return Together(tuple(_group(name) for name in groups), not negated)


@cache
def _group(name: str) -> Any:  # noqa: ANN401 - re2 has no types
    return compiled(data("groups")[name])


def _any_of(phrases: Iterable[str]) -> Any:  # noqa: ANN401 - re2 has no types
    listed = list(phrases)
    return compiled(listed) if listed else None


@cache
def data(name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """A YAML file of the lexicon, or the lists of all files of a folder as one."""
    folder = files(__package__).joinpath(name)
    if not folder.is_dir():
        return _loaded(files(__package__).joinpath(f"{name}.yaml"))
    sources = sorted(folder.iterdir(), key=lambda source: source.name)
    return [entry for source in sources for entry in _loaded(source)]


def _loaded(source: Traversable) -> Any:  # noqa: ANN401 - whatever the file holds
    return yaml.load(source.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@cache
def options() -> re2.Options:
    """Bytes in, no groups out: RE2 then needs no more than its automaton."""
    chosen = re2.Options()
    chosen.encoding = re2.Options.Encoding.LATIN1
    chosen.never_capture = True
    chosen.log_errors = False
    chosen.max_mem = 1 << 26  # bytes; long alternatives need many states
    return chosen


def compiled(phrases: Iterable[str]) -> Any:  # noqa: ANN401 - re2 has no types
    """One RE2 over normalised bytes for all ``phrases``.

    Raises:
        ContractError: a phrase does not parse.
    """
    source = "|".join(expanded(phrase) for phrase in phrases)
    try:
        return re2.compile(rf"\b(?:{source})(?:\b|\W|\z)".encode("ascii"), options())
    except re2.error:
        raise ContractError(f"indicator phrase does not parse: {source[:80]}") from None


def expanded(phrase: str) -> str:
    """``phrase`` as a regular expression."""
    spelled = phrase
    while _LIST.search(spelled):  # lists may name others
        spelled = _LIST.sub(lambda name: "(?:" + "|".join(_words(name[1])) + ")", spelled)
    spelled = _NOT.sub(_NOT_WORD, spelled)
    spelled = spelled.replace("n't", r"(?:[\s-]+not|n'?t)").replace("'", "'?").replace("'??", "'?")
    spelled = spelled.replace(" and ", " (?:and|&|n) ")
    spelled = _ANY_ENDING.sub(r"\1[a-z]*", spelled)
    spelled = spelled.replace(r"\S+", _ANY).replace(" .. ", _GAP)
    return spelled.replace(" ?", r"[\s-]*").replace(" ", r"[\s-]+")


@cache
def _words(name: str) -> tuple[str, ...]:
    lists: Mapping[str, list[str]] = data("words")
    if name not in lists:
        raise ContractError(f"the indicator lexicon has no word list {name}")
    return tuple(lists[name])


@cache
def lexicon_words() -> frozenset[str]:
    """The words indicators are made of, in lower case: none of them identifies anybody."""
    return frozenset(word for row in data("vocabulary") for word in row)
