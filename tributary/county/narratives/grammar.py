"""The grammar of narratives: data files to arrays of integers, and their expansion.

A production is a line of text in which

* ``{victim}`` or ``{victim.last}`` is a slot (who or what, and the form where it matters),
* ``<threat>`` is a symbol, one of whose productions comes in its place,
* ``[a|b|]`` is one of the alternatives, which may be nested and may be nothing,
* ``*threatened*`` is an indicator word, which no redaction may take away,
* ``%threats%`` has no text and says that the narrative carries an indicator (``says`` of the file).

All expansions of a batch are done together, one round a level of nesting: a token is an integer,
its kind times ``KIND`` plus an index.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import yaml

from tributary.county.seeds import Ints, Mask

KIND: Final = 1 << 20
SYMBOL, LITERAL, WORD, SLOT, SAYS, START = range(6)
#: Bit of productions that tell of a journey.
MOVED: Final = 1 << 62
_JOURNEY: Final = r"(origin|destination)\d*"
_PARTS: Final = re.compile(
    r"\{([a-z0-9_]+(?:\.[a-z0-9_]+)?)\}|<([a-z0-9_]+)>|%([a-z]+)% ?|\*([^*]+)\*|([\[|\]])"
)


@dataclass(frozen=True)
class Section:
    """Sentences of a symbol in a story: at least ``least``, about ``share`` of all, at most
    ``most``."""

    symbol: int
    least: int
    share: float
    most: int


@dataclass(frozen=True)
class Story:
    """A kind of narrative: its sections in order, its registers and how many sentences it has."""

    sections: tuple[Section, ...]
    registers: Mapping[str, float]
    sentences: float


@dataclass(frozen=True)
class Grammar:
    """Productions as compressed rows: those of symbol ``s`` are ``first[s]`` to ``first[s + 1]``,
    the tokens of production ``p`` are ``tokens[begin[p]:begin[p + 1]]``; ``bits[p]`` is the set of
    ``says`` that it, or a symbol in it, may carry."""

    symbols: Mapping[str, int]
    first: Ints
    begin: Ints
    tokens: Ints
    bits: Ints
    literals: tuple[str, ...]
    slots: tuple[str, ...]
    says: tuple[str, ...]
    stories: Mapping[str, Story]

    def sizes(self, symbol: Ints) -> Ints:
        """Number of productions of each symbol."""
        return np.asarray(self.first[symbol + 1] - self.first[symbol])

    def expanded(self, random: np.random.Generator, row: Ints, token: Ints) -> tuple[Ints, Ints]:
        """Rows and tokens with every symbol replaced by one of its productions, to the end."""
        while (open_ := token < KIND).any():
            symbol = token[open_]
            production = self.first[symbol] + (
                random.random(len(symbol)) * self.sizes(symbol)
            ).astype(np.int64)
            row, token = self.replaced(row, token, open_, production)
        return row, token

    def replaced(
        self,
        row: Ints,
        token: Ints,
        open_: Mask,
        production: Ints,
    ) -> tuple[Ints, Ints]:
        """One round: the tokens of ``production`` in place of those of the mask ``open_``."""
        begin, count = np.zeros(len(token), np.int64), np.ones(len(token), np.int64)
        begin[open_] = self.begin[production]
        count[open_] = self.begin[production + 1] - self.begin[production]
        source = np.repeat(np.arange(len(token)), count)
        within = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
        new = np.where(
            open_[source], self.tokens[(begin[source] + within) * open_[source]], token[source]
        )
        return row[source], new


@dataclass
class _Compiler:
    symbols: dict[str, int] = field(default_factory=dict)
    rows: list[list[list[int]]] = field(default_factory=list)
    literals: dict[str, int] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)
    says: dict[str, int] = field(default_factory=dict)

    def symbol(self, name: str) -> int:
        if name not in self.symbols:
            self.symbols[name] = len(self.rows)
            self.rows.append([])
        return self.symbols[name]

    def define(self, name: str, productions: Sequence[str]) -> None:
        self.rows[self.symbol(name)] += [self.parsed(text) for text in productions]

    def parsed(self, text: str) -> list[int]:
        """Tokens of a production; alternatives become symbols without a name."""
        levels: list[list[list[int]]] = [[[]]]
        at = 0
        for part in _PARTS.finditer(text):
            levels[-1][-1] += self._literal(text[at : part.start()])
            at = part.end()
            slot, name, say, word, mark = part.groups()
            if mark == "[":
                levels.append([[]])
            elif mark == "|" and len(levels) > 1:
                levels[-1].append([])
            elif mark == "|":
                levels[-1][-1] += self._literal(mark)
            elif mark == "]":
                options = levels.pop()
                self.rows.append(options)
                levels[-1][-1].append(len(self.rows) - 1)
            else:
                levels[-1][-1] += self._tokens(slot, name, say, word)
        levels[-1][-1] += self._literal(text[at:])
        if len(levels) != 1 or len(levels[0]) != 1:
            raise ValueError(f"brackets of a production do not match: {text}")
        return levels[0][0]

    def _tokens(self, slot: str, name: str, say: str, word: str) -> list[int]:
        if slot:
            return [SLOT * KIND + self.slots.setdefault(slot, len(self.slots))]
        if name:
            return [self.symbol(name)]
        if say:
            return [SAYS * KIND + self.says.setdefault(say, len(self.says))]
        return self._words(word)

    def _words(self, text: str) -> list[int]:
        """Indicator words; a slot among them parts them."""
        found: list[int] = []
        for part in re.split(r"(\{[^}]*\}|^ +| +$| +(?=\{)|(?<=\}) +)", text):
            if part.startswith("{"):
                found += self._tokens(part[1:-1], "", "", "")
            elif part.strip(" "):
                found.append(WORD * KIND + self.literals.setdefault(part, len(self.literals)))
            else:
                found += self._literal(part)
        return found

    def _literal(self, text: str) -> list[int]:
        if not text:
            return []
        return [LITERAL * KIND + self.literals.setdefault(text, len(self.literals))]


@cache
def read(split: str) -> Mapping[str, Any]:
    """All data files of a split as one mapping. Mappings of the same key are joined, and so are the
    productions of a symbol."""
    found: dict[str, Any] = {}
    data = files("tributary.county.data").joinpath("narratives")
    own = sorted(data.joinpath(split).iterdir(), key=lambda entry: entry.name)
    for file in (data.joinpath("common.yaml"), *own):
        raw = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for key, value in raw.items():
            part = found.setdefault(key, {})
            for name, entry in value.items():
                part[name] = part.get(name, "") + entry if key == "symbols" else entry
    return found


@cache
def grammar(split: str) -> Grammar:
    """The compiled grammar of a split.

    Raises:
        ValueError: a production that does not parse, or a symbol without productions.
    """
    raw = read(split)
    compiler = _Compiler()
    for name, productions in raw["symbols"].items():
        compiler.define(name, productions.splitlines())
    stories = {kind: _story(compiler, kind, raw) for kind in raw["stories"]}
    empty = [name for name, at in compiler.symbols.items() if not compiler.rows[at]]
    if empty:
        raise ValueError(f"symbols without productions: {', '.join(sorted(empty))}")
    counts = [len(productions) for productions in compiler.rows]
    lengths = [len(tokens) for productions in compiler.rows for tokens in productions]
    flat = [t for productions in compiler.rows for tokens in productions for t in tokens]
    return Grammar(
        symbols=compiler.symbols,
        first=np.concatenate([[0], np.cumsum(counts)]),
        begin=np.concatenate([[0], np.cumsum(lengths)]),
        tokens=np.array(flat, np.int64),
        bits=_bits(compiler),
        literals=tuple(compiler.literals),
        slots=tuple(compiler.slots),
        says=tuple(compiler.says),
        stories=stories,
    )


def _story(compiler: _Compiler, kind: str, raw: Mapping[str, Any]) -> Story:
    entry = raw["stories"][kind]
    sections = tuple(
        Section(compiler.symbol(name), least, share, most)
        for name, least, share, most in entry["sections"]
    )
    return Story(sections, entry["registers"], float(entry["sentences"]))


def _bits(compiler: _Compiler) -> Ints:
    """What each production may say, symbols in it included."""
    rows, of = compiler.rows, dict[int, int]()
    journeys = {i for name, i in compiler.slots.items() if re.fullmatch(_JOURNEY, name)}

    def of_symbol(symbol: int) -> int:
        if symbol not in of:
            of[symbol] = 0  # a symbol in itself adds nothing
            for tokens in rows[symbol]:
                of[symbol] |= of_production(tokens)
        return of[symbol]

    def of_production(tokens: Sequence[int]) -> int:
        found = 0
        for token in tokens:
            kind, index = divmod(token, KIND)
            if kind == SYMBOL:
                found |= of_symbol(index)
            elif kind == SAYS or (kind == SLOT and index in journeys):
                found |= 1 << index if kind == SAYS else MOVED
        return found

    return np.array([of_production(tokens) for options in rows for tokens in options], np.int64)


def skeletons(
    made: Grammar, random: np.random.Generator, kind: str, barred: Ints, longest: int = 60
) -> tuple[Ints, Ints]:
    """Rows and terminal tokens of narratives of a kind; ``START`` opens each sentence.

    Args:
        barred: for each narrative the bits of ``says`` that would contradict its record.
    """
    story, size = made.stories[kind], len(barred)
    wanted = np.exp(random.normal(np.log(story.sentences), 0.85, size)).clip(1, longest)
    rows, orders, productions = [], [], []
    for number, section in enumerate(story.sections):
        first, last = made.first[section.symbol], made.first[section.symbol + 1]
        allowed = made.bits[first:last] & barred[:, None] == 0
        count = np.floor(section.share * wanted + random.random(size)).astype(np.int64)
        count = count.clip(section.least, max(section.least, min(section.most, last - first)))
        count = np.minimum(count, np.maximum(allowed.sum(axis=1), section.least))
        # without replacement: no sentence twice in a narrative; those that are barred come last
        nth = np.argsort(random.random(allowed.shape) + ~allowed, axis=1)
        taken = np.arange(last - first) < count[:, None]
        row, _ = np.nonzero(taken)
        rows.append(row)
        orders.append(np.full(len(row), number))
        productions.append(first + nth[taken])
    row, order = np.concatenate(rows), np.concatenate(orders)
    sorted_ = np.lexsort((order, row))
    row, production = row[sorted_], np.concatenate(productions)[sorted_]
    return made.expanded(random, *_sentences(made, row, production))


def _sentences(made: Grammar, row: Ints, production: Ints) -> tuple[Ints, Ints]:
    """A ``START`` and the tokens of each production."""
    token = np.zeros(2 * len(row), np.int64)
    token[::2] = START * KIND
    return made.replaced(np.repeat(row, 2), token, token == 0, production)
