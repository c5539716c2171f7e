"""The language model's part: spaCy's entities as Presidio's ``SpacyRecognizer`` reports them.

spaCy's own weights and layers, run in another order than spaCy runs them: each distinct token is
embedded once a batch, tokens of many texts go through the layers together, and entities are
searched by ``transitions``. The spans are those of spaCy, some three times sooner.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import NumpyOps

from anonymize.text import model
from anonymize.text.cutting import pieces
from anonymize.text.spans import Span
from anonymize.text.transitions import Search

#: The model's labels that identify, as Presidio names them; FAC is ours: a building is a place.
TYPES = {
    "PERSON": "PERSON",
    "NORP": "NRP",
    "FAC": "LOCATION",
    "LOC": "LOCATION",
    "GPE": "LOCATION",
    "ORG": "ORGANIZATION",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
}
#: The score Presidio gives whatever spaCy finds.
SCORE = 0.85
#: Longer texts are cut, so that the memory one text takes is bounded.
MAX_CHARS = 100_000
#: What stands without white space beyond this is no word and is cut: spaCy's tokeniser takes the
#: square of its length.
_MAX_WORD = 128
_LONG_WORD = re.compile(rf"(?<!\S)\S{{{_MAX_WORD + 1},}}")
#: New words (each some strings) and characters after which the model is loaded anew, and what it
#: has learnt is gone with it: seconds a minute at the very worst. spaCy's own means, memory zones,
#: switch the tokeniser's cache off, and its hash tables keep growing nevertheless.
_LEARNT_STRINGS, _LEARNT_CHARS = 200_000, 50_000_000
#: Tokens that go through the layers together: what they need should fit a core's cache.
_GROUP_TOKENS = 2_500

Words = NDArray[np.uint64]
Columns = dict[int | str, Words]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_COLUMNS: list[int | str] = [
    "ORTH",
    "NORM",
    "PREFIX",
    "SUFFIX",
    "SHAPE",
    "IS_SPACE",
    "IDX",
    "LENGTH",
]


class Reading(NamedTuple):
    """What the model makes of one text.

    Attributes:
        entities: in order and without overlap.
        starts, ends: first character of each token, and the one after its last.
        vectors: (tokens, width), what the entities were told from.
    """

    entities: list[Span]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    vectors: NDArray[np.float32]


class Ner:
    """Made once a process; takes seconds."""

    def __init__(self) -> None:
        self._load()

    def _load(self) -> None:
        self._nlp = model.load()
        recogniser: Any = self._nlp.get_pipe("ner")
        layers = recogniser.model.get_ref("tok2vec")
        # Matrices are multiplied by numpy's BLAS, which is nearly twice as fast as spaCy's here.
        for layer in layers.walk():
            layer.ops = NumpyOps(use_blis=False)
        (self._embed, self._encode), self._narrow = layers.layers[0].layers, layers.layers[-1]
        self._search = Search(recogniser)
        self._known_strings, self._chars = len(self._nlp.vocab.strings), 0

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Entities and tokens of each text."""
        parts = [
            (number, offset, piece)
            for number, text in enumerate(texts)
            for offset, piece in _parts(text)
        ]
        self._forget(sum(len(text) for text in texts))
        docs = [self._nlp.make_doc(piece) for _, _, piece in parts]
        read: list[list[Reading]] = [[] for _ in texts]
        for (number, offset, _), reading in zip(parts, self._readings(docs), strict=True):
            read[number].append(_moved(reading, offset))
        width: int = self._narrow.get_dim("nO")
        return [_together(pieces, width) for pieces in read]

    def _forget(self, chars: int) -> None:
        """Start afresh if there is much to forget; else count ``chars`` more."""
        learnt = len(self._nlp.vocab.strings) - self._known_strings
        if learnt > _LEARNT_STRINGS or self._chars > _LEARNT_CHARS:
            del self._nlp, self._embed, self._encode, self._narrow, self._search
            gc.collect()  # or there would be two models in memory for a while
            self._load()
        self._chars += chars

    def _readings(self, docs: Sequence[Doc]) -> Iterator[Reading]:
        """What is read in each document, in turn."""
        if not docs:
            return
        tokens = np.concatenate([doc.to_array(_COLUMNS) for doc in docs])
        column = dict(zip(_COLUMNS, tokens.T, strict=True))
        space, starts = column["IS_SPACE"] != 0, column["IDX"].astype(np.intp)
        stops = starts + column["LENGTH"].astype(np.intp)
        embedded = self._embedded(column)
        ends = np.cumsum([len(doc) for doc in docs])
        first = 0
        for group in _groups(ends):
            here = slice(first, group[-1])
            rows = np.split(embedded[here], group[:-1] - first)
            vectors = self._narrow.predict(np.concatenate(self._encode.predict(rows)))
            final = np.zeros(len(vectors), dtype=bool)
            final[group - first - 1] = True
            found: list[list[Span]] = [[] for _ in group]
            for start, end, label in self._search.entities(vectors, space[here], final):
                if label in TYPES:
                    begin, stop = int(starts[first + start]), int(stops[first + end - 1])
                    doc = int(np.searchsorted(group, first + start, side="right"))
                    found[doc].append(Span(begin, stop, TYPES[label], SCORE))
            edges = [first, *group.tolist()]
            for spans, (begin, stop) in zip(found, pairwise(edges), strict=True):
                of = slice(begin - first, stop - first)
                yield Reading(spans, starts[begin:stop], stops[begin:stop], vectors[of])
            first = int(group[-1])

    def _embedded(self, column: Columns) -> NDArray[np.float32]:
        """A vector for each token as it is by itself."""
        # Everything else about a token follows from these two.
        token = column["ORTH"] ^ (column["NORM"] * _ODD)
        _, first, place = np.unique(token, return_index=True, return_inverse=True)
        distinct = _Distinct(self._nlp.vocab, {name: all_[first] for name, all_ in column.items()})
        vectors: NDArray[np.float32] = self._embed.predict([distinct])[0]
        return vectors[place]


class _Distinct:
    """Distinct tokens, with as much of a ``Doc`` as the embedding layers need."""

    def __init__(self, vocab: Vocab, column: Columns) -> None:
        self.vocab = vocab
        self._column = column

    def __len__(self) -> int:
        return len(self._column["ORTH"])

    def to_array(self, asked: Any) -> Words:  # noqa: ANN401 - names, or the number of ORTH
        if isinstance(asked, list):
            return np.stack([self._column[name] for name in asked], axis=1)
        return self._column["ORTH"]


def _moved(reading: Reading, offset: int) -> Reading:
    """What was read in a piece that begins at ``offset`` of its text."""
    if not offset:
        return reading
    entities = [
        span._replace(start=span.start + offset, end=span.end + offset) for span in reading.entities
    ]
    return Reading(entities, reading.starts + offset, reading.ends + offset, reading.vectors)


def _together(pieces: Sequence[Reading], width: int) -> Reading:
    """What was read in the pieces of one text."""
    if len(pieces) == 1:
        return pieces[0]
    if not pieces:
        none = np.zeros(0, dtype=np.intp)
        return Reading([], none, none, np.zeros((0, width), np.float32))
    return Reading(
        [span for piece in pieces for span in piece.entities],
        np.concatenate([piece.starts for piece in pieces]),
        np.concatenate([piece.ends for piece in pieces]),
        np.concatenate([piece.vectors for piece in pieces]),
    )


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Parts the tokeniser may see, each with the offset it starts at."""
    at = 0
    for word in _LONG_WORD.finditer(text):
        yield from _within(text, at, word.start(), MAX_CHARS)
        yield from _within(text, word.start(), word.end(), _MAX_WORD)
        at = word.end()
    yield from _within(text, at, len(text), MAX_CHARS)


def _within(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, str]]:
    return ((start + offset, piece) for offset, piece in pieces(text[start:end], limit))


def _groups(ends: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Ends of documents in groups of ``_GROUP_TOKENS`` tokens, or of one long document."""
    first = before = 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, before + _GROUP_TOKENS, side="right")))
        yield ends[first:last]
        first, before = last, int(ends[last - 1])
