"""The rules, as their data files beside this module hold them.

One file a family. A rule is an RE2 pattern (linear in the text, no look-around) over folded text;
line breaks and indentation in it are for the reader, ``<<name>>`` stands for a part of
``parts.yaml``. Masked is what its groups span, the whole match where it has none. ``check`` names a
function of ``checks`` that must hold for the first group, or else the match is none (``again:
true``: but one may begin within it); ``around`` one that must hold for the whole match. ``match``
and ``miss`` are examples, with what is masked in ``{}``; the tests run them. Where a rule of the
type ``HARMLESS`` matches, generic rules (``generic: true``) mask nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import re2
import yaml

from anonymize.text.patterns.checks import CHECKS, Check
from anonymize.text.patterns.lists import no_plain_word

#: The type of a rule whose matches identify nobody.
HARMLESS = "HARMLESS"
_PARTS = "parts.yaml"
#: "No. 3" behind a street says "number", not "no".
_NUMBERED = re.compile(r"(?i)\bno\.?\s{0,2}#?(?=\d)")
_NOT_RULES = (_PARTS, "words.yaml")


@dataclass(frozen=True)
class Rule:
    """One pattern.

    Attributes:
        type: type of its spans, or ``HARMLESS``.
        regex: compiled over bytes of folded text.
        check: holds for what is masked.
        around: holds for what is masked with the words before and behind it.
        again: where the check fails, look again from the match's second word ("3 girls at 14 Elm
            Street" is an address from 14 on).
        then: compiled pattern of what belongs to a match wherever it follows one, unless it holds
            a word of running text.
        generic: gives way where a harmless rule matches.
        match, miss: examples, what is masked in braces.
    """

    name: str
    type: str
    regex: Any
    check: Check | None
    around: Check | None
    score: float
    again: bool
    then: Any
    generic: bool
    match: tuple[str, ...]
    miss: tuple[str, ...]

    def spans(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Start and end of everything the rule masks."""
        groups = range(1, self.regex.groups + 1) or (0,)
        at = 0
        while found := self.regex.search(text, at):
            whole = found.span()
            if whole[0] == whole[1]:
                return
            caught = [span for span in map(found.span, groups) if span[0] < span[1]]
            if not caught:
                at = whole[1]
                continue
            start, end = caught[0]
            at = caught[-1][1]  # what stands behind may be what the next one is told by
            if self._holds(text, whole, (start, end)):
                end = caught[-1][1]
                yield start, self._further(text, end)
            elif self.again:
                at = _next_word(text, *whole)

    def _holds(self, text: bytes, whole: tuple[int, int], part: tuple[int, int]) -> bool:
        """Whether both checks hold, for the whole match and for its first group."""
        if self.check and not self.check(text[slice(*part)].decode("ascii")):
            return False
        return not self.around or self.around(text[slice(*whole)].decode("ascii"))

    def _further(self, text: bytes, end: int) -> int:
        """Where what the rule masks ends, with what ``then`` matches behind it."""
        rest = self.then and self.then.match(text, end)
        if not rest or not no_plain_word(_NUMBERED.sub("", rest.group().decode("ascii"))):
            return end
        return int(rest.end())


def _next_word(text: bytes, start: int, end: int) -> int:
    """Where the second word of ``text[start:end]`` begins; its end if there is none."""
    space = text.find(b" ", start + 1, end)
    return end if space < 0 else space + 1


def options() -> Any:  # noqa: ANN401 - re2 has no types
    """RE2's options: bytes as characters, letters of either case."""
    chosen = re2.Options()
    chosen.encoding = re2.Options.Encoding.LATIN1
    chosen.case_sensitive = False
    return chosen


def _compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    return re2.compile(pattern.encode("ascii"), options())


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Every rule of every file, in order of file and place."""
    folder = resources.files("anonymize.text.patterns")
    parts = _expanded(yaml.safe_load((folder / _PARTS).read_text("utf-8")))
    files = sorted(f.name for f in folder.iterdir() if f.name.endswith(".yaml"))
    return tuple(
        _rule(given, parts)
        for name in files
        if name not in _NOT_RULES
        for given in yaml.safe_load((folder / name).read_text("utf-8"))
    )


def _expanded(parts: Mapping[str, str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for name, pattern in parts.items():
        known[name] = _pattern(pattern, known)
    return known


def _pattern(text: str, parts: Mapping[str, str]) -> str:
    lines = "".join(line.strip() for line in text.splitlines())
    return re.sub(r"<<(\w+)>>", lambda found: f"(?:{parts[found[1]]})", lines)


def _rule(given: Mapping[str, Any], parts: Mapping[str, str]) -> Rule:
    pattern = _pattern(given["pattern"], parts)
    check, around = (CHECKS[given[kind]] if kind in given else None for kind in ("check", "around"))
    return Rule(
        name=given["rule"],
        type=given["type"],
        regex=_compiled(pattern),
        check=check,
        around=around,
        score=given.get("score", 0.9),
        again=given.get("again", False),
        then=_compiled(parts[given["then"]]) if "then" in given else None,
        generic=given.get("generic", False),
        match=tuple(given.get("match", ())),
        miss=tuple(given.get("miss", ())),
    )
