"""Everything a record knows, in the forms it is searched by."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from anonymize.text.known.forms import Form, Forms, Rule

#: Digits of a date that is written without separators: 05161989, 051689.
_UNBROKEN = (6, 8)


class Number(NamedTuple):
    """A number of seven digits or more.

    Attributes:
        partly: whether a part of it gives it away.
    """

    digits: str
    type: str
    partly: bool


class Gathered:
    """
    Attributes:
        near: spellings that one edit, a sound or a look may change, to the type of their spans.
        names: single words of persons' names, folded.
        titles: words of such names that are titles elsewhere (Judge, King).
        pets: ``pet_stems`` of ``names``.
        initials: first letters of ``names``.
        particles: what stands between them (de, la, van).
        houses: numbers of houses, folded.
    """

    def __init__(self) -> None:
        self._forms: tuple[Forms, ...] = tuple({} for _ in Rule)
        self.near: dict[str, str] = {}
        self.names: set[str] = set()
        self.titles: set[str] = set()
        self.pets: set[str] = set()
        self.initials: set[str] = set()
        self.particles: set[str] = set()
        self.numbers: list[Number] = []
        self.houses: set[str] = set()

    def forms(self) -> Forms:
        """Forms by their spelling; of two of one spelling the surer."""
        found: Forms = {}
        for forms in reversed(self._forms):
            found |= forms
        return found

    def add(self, other: Gathered) -> None:
        """All that ``other`` holds, too."""
        for rule, forms in enumerate(other._forms):
            mine = self._forms[rule]
            if rule == Rule.SEPARATED:
                for letters in forms.keys() & mine.keys():
                    both = mine[letters].joints + forms[letters].joints
                    forms = forms | {letters: forms[letters]._replace(joints=both)}
            mine.update(forms)
        self.near.update(other.near)
        self.numbers += other.numbers
        for name in ("names", "titles", "pets", "initials", "particles", "houses"):
            getattr(self, name).update(getattr(other, name))

    def whole(self, words: Iterable[str], kind: str) -> None:
        """Words that are the identifier however they are separated."""
        self._forms[Rule.WHOLE]["".join(words)] = form(kind, Rule.WHOLE)

    def word(self, letters: str, kind: str, rule: Rule = Rule.PART) -> None:
        """A word, or letters, that a rule holds for."""
        self._forms[rule][letters] = form(kind, rule)

    def words(self, forms: Forms, rule: Rule) -> None:
        """Many of one rule at once."""
        self._forms[rule].update(forms)

    def separated(self, groups: Iterable[str], kind: str) -> None:
        """Groups that stand apart in a text, too."""
        letters, joints = "", []
        for group in groups:
            letters += group
            joints.append(len(letters))
        old = self._forms[Rule.SEPARATED].get(letters)
        known = old.joints if old else ()
        if len(letters) in _UNBROKEN:
            known = (*known, frozenset())
        self._forms[Rule.SEPARATED][letters] = Form(
            kind, Rule.SEPARATED, (*known, frozenset(joints[:-1]))
        )


@cache
def form(kind: str, rule: Rule) -> Form:
    """The form of a rule that holds wherever the letters are separated."""
    return Form(kind, rule)
