"""Narratives of a batch of records, with the truth about every span of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from random import Random
from typing import Final, NamedTuple

import numpy as np

from tributary.county.narratives.grammar import (
    KIND,
    LITERAL,
    MOVED,
    SAYS,
    SLOT,
    START,
    WORD,
    Grammar,
    grammar,
    read,
    skeletons,
)
from tributary.county.narratives.records import Records
from tributary.county.narratives.registers import (
    REGISTERS,
    Register,
    begun,
    cased,
    literals,
    mistyped,
    pause,
    stopless,
    tidied,
)
from tributary.county.narratives.slots import Filled, Filler
from tributary.county.seeds import Ints, pick

#: A batch that is told at a time.
CHUNK: Final = 2_000
#: The grammars a county is told by: all but the one that is for measuring alone.
SPLITS: Final = ("train", "tune", "check")


_STOPS: Final = frozenset(".,;:)")


#: How each case writes a name that the record has in capitals.
_TIDY: Final = {case: partial(tidied, case=case) for case in ("", "upper", "lower")}


class Span(NamedTuple):
    """Characters ``start`` to ``end`` identify somebody. ``type``: as the redaction calls it;
    ``own``: the record holds the value in its fields; ``form``: how it is written here."""

    start: int
    end: int
    type: str
    own: bool
    form: str


class Indicator(NamedTuple):
    """What a narrative truly carries: kind and code."""

    kind: str
    code: str


class Word(NamedTuple):
    """An indicator word."""

    start: int
    end: int


class Sentence(NamedTuple):
    """A sentence, and what it says by itself."""

    start: int
    end: int
    says: frozenset[Indicator]


@dataclass(frozen=True)
class Told:
    """One narrative and the truth about it; spans, words and sentences in order, indicators
    sorted."""

    text: str
    spans: tuple[Span, ...]
    words: tuple[Word, ...]
    indicators: tuple[Indicator, ...]
    sentences: tuple[Sentence, ...]

    @property
    def flagged(self) -> bool:
        """Whether it indicates trafficking."""
        return Indicator("trafficking", "flagged") in self.indicators


def tell(
    kinds: Sequence[str],
    records: Records,
    random: np.random.Generator,
    splits: Sequence[str] = SPLITS,
) -> Iterator[Told]:
    """A narrative of each kind for each record, each by one of the grammars ``splits``."""
    for at in range(0, len(kinds), CHUNK):
        index = np.arange(at, min(at + CHUNK, len(kinds)))
        split = random.integers(0, len(splits), len(index))
        found: dict[int, Told] = {}
        for number, name in enumerate(splits):
            mine = index[split == number]
            part = _Telling(name, [kinds[row] for row in mine], records, mine, random)
            found |= zip(mine.tolist(), part.told(), strict=True)
        yield from (found[row] for row in index.tolist())


@cache
def _says(split: str) -> tuple[tuple[Indicator, ...], ...]:
    """What each say token of a grammar stands for."""
    raw = read(split)["says"]
    return tuple(
        tuple(Indicator(*entry.split("/")) for entry in raw[name]) for name in grammar(split).says
    )


class _Telling:
    """Narratives of one grammar for the records ``index``."""

    def __init__(
        self,
        split: str,
        kinds: Sequence[str],
        records: Records,
        index: Ints,
        random: np.random.Generator,
    ) -> None:
        self._split, self._made, self._random = split, grammar(split), random
        self._kinds, self._index = np.array(kinds, dtype=object), index.tolist()
        self._barred = barred(self._made, records, index)
        self._chosen = self._registers()
        self._loose = Random(int(random.integers(2**62)))  # noqa: S311 - no secret
        self._filler = Filler(split, records, self._loose)
        self._said = _says(split)
        self._filled: dict[int, Filled] = {}

    def told(self) -> list[Told]:
        """One narrative a record; once."""
        row, token = self._planned()
        texts = self._texts(row.tolist(), token.tolist())
        typos = np.array([REGISTERS[name].typos for name in self._chosen])
        spoken = (token // KIND == LITERAL) | (token // KIND == WORD)
        whole, length = mistyped(self._random, texts, np.where(spoken, typos[row], 0))
        end = np.cumsum(length)
        edges = np.searchsorted(row, np.arange(len(self._index) + 1))
        limits = np.concatenate([[0], end])[edges]
        marks = self._marks(row, token, end - length, end, limits[:-1])
        sentences = self._sentences(row, token, end - length, limits)
        return [
            Told(
                whole[low:high],
                *marks[at],
                _indicators({one for said in sentences[at] for one in said.says}),
                sentences[at],
            )
            for at, (low, high) in enumerate(pairwise(limits.tolist()))
        ]

    def _planned(self) -> tuple[Ints, Ints]:
        """Rows and terminal tokens of all narratives, by row."""
        rows, tokens = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for kind in sorted(set(self._kinds)):
            index = np.flatnonzero(self._kinds == kind)
            row, token = skeletons(self._made, self._random, kind, self._barred[index])
            rows.append(index[row])
            tokens.append(token)
        row, token = np.concatenate(rows), np.concatenate(tokens)
        order = np.argsort(row, kind="stable")
        return row[order], token[order]

    def _registers(self) -> list[str]:
        chosen = np.empty(len(self._kinds), object)
        for kind in sorted(set(self._kinds)):
            index = np.flatnonzero(self._kinds == kind)
            weights = self._made.stories[kind].registers
            drawn = pick(self._random, list(weights.values()), len(index))
            chosen[index] = np.array(list(weights), object)[drawn]
        return [str(name) for name in chosen]

    def _texts(self, rows: list[int], tokens: list[int]) -> list[str]:
        """The text of each token; fills ``self._filled``."""
        pools = {name: literals(self._split, name) for name in set(self._chosen)}
        texts: list[str] = []
        last, fresh, seen = -1, False, 0
        for at, (row, token) in enumerate(zip(rows, tokens, strict=True)):
            name = self._chosen[row]
            register = REGISTERS[name]
            kind, index = divmod(token, KIND)
            if kind == START:
                text = register.opening if row != last else self._paused(texts, register)
                last, fresh = row, True
            elif kind == SAYS:
                text = ""
            else:
                text = self._slot(at, row, index) if kind == SLOT else pools[name][index]
                if fresh and text:
                    text, fresh = (text if register.case else begun(text)), False
                if text[:1] in _STOPS and seen not in self._filled:
                    texts[seen] = texts[seen].rstrip(" ")  # what stood between was left out
            seen = at if text else seen
            texts.append(text)
        return texts

    def _slot(self, at: int, row: int, index: int) -> str:
        """The text of the slot ``index`` of the grammar, at token ``at``."""
        case = REGISTERS[self._chosen[row]].case
        found = self._filler.fill(self._made.slots[index], self._index[row], _TIDY[case])
        self._filled[at] = found
        return self._cased(found, case)

    def _paused(self, texts: list[str], register: Register) -> str:
        """What stands between two sentences; sometimes the stop before it goes."""
        found = pause(self._loose, register)
        dropped = found[:1] in _STOPS or self._loose.random() < register.unstopped
        if dropped and len(texts) - 1 not in self._filled:
            texts[-1] = stopless(texts[-1])
        return found

    def _cased(self, found: Filled, case: str) -> str:
        """Hurried clerks write most names small; a canary's names stay as they are."""
        if found.own and self._filler.exact:
            return found.text
        if case == "lower" and found.type and self._loose.random() < 0.15:
            return found.text
        return cased(found.text, case)

    def _marks(
        self,
        row: Ints,
        token: Ints,
        begin: Ints,
        end: Ints,
        first: Ints,
    ) -> list[tuple[tuple[Span, ...], tuple[Word, ...]]]:
        """Spans and words of each narrative, counted from its own first character ``first``."""
        spans: list[list[Span]] = [[] for _ in first]
        words: list[list[Word]] = [[] for _ in first]
        for at in np.flatnonzero((token // KIND == SLOT) | (token // KIND == WORD)).tolist():
            which = int(row[at])
            low, high = int(begin[at] - first[which]), int(end[at] - first[which])
            found = self._filled.get(at)
            if found is None:
                words[which].append(Word(low, high))
            elif found.type:
                spans[which].append(Span(low, high, found.type, found.own, found.form))
        return [(tuple(s), tuple(w)) for s, w in zip(spans, words, strict=True)]

    def _sentences(
        self, row: Ints, token: Ints, begin: Ints, limits: Ints
    ) -> list[tuple[Sentence, ...]]:
        """The sentences of each narrative, counted from its own first character."""
        found: list[list[tuple[int, set[Indicator]]]] = [[] for _ in self._index]
        kind, index = token // KIND, token % KIND
        for at in np.flatnonzero((kind == START) | (kind == SAYS) | (kind == SLOT)).tolist():
            mine = found[row[at]]
            if kind[at] == START:
                mine.append((int(begin[at] - limits[row[at]]), set()))
            elif kind[at] == SAYS:
                mine[-1][1].update(self._said[index[at]])
            elif (said := self._filled[at].says) is not None:
                mine[-1][1].add(Indicator(*said))
        ends = np.diff(limits).tolist()
        return [
            tuple(
                Sentence(start, end, frozenset(says))
                for (start, says), end in zip(
                    mine, [*(start for start, _ in mine[1:]), end], strict=True
                )
            )
            for mine, end in zip(found, ends, strict=True)
        ]


def barred(made: Grammar, records: Records, index: Ints) -> Ints:
    """Bits of what the grammar can say and the records ``index`` contradict."""
    if records.barred is None:
        return np.zeros(len(index), np.int64)
    bit = {name: 1 << at for at, name in enumerate(made.says)} | {"moved": MOVED}
    return np.array(
        [sum(bit.get(name, 0) for name in records.barred[row]) for row in index.tolist()], np.int64
    )


def _indicators(said: set[Indicator]) -> tuple[Indicator, ...]:
    """Indicators are of exploitation: where the text speaks of none, a hotel is just a hotel.

    What is sold by another, or worked under any means of control, is trafficking; so is what the
    text calls trafficking.
    """
    kinds = {indicator.kind for indicator in said}
    if not kinds & {"exploitation", "trafficking"}:
        return ()
    exploited = {indicator.code for indicator in said if indicator.kind == "exploitation"}
    worked = exploited & {"isForcedLabour", "isOtherExploit"} and "means" in kinds
    if "isSexualExploit" in exploited or worked:
        said = said | {Indicator("trafficking", "flagged")}
    return tuple(sorted(said))
