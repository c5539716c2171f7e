"""Annotated documents: texts whose identifying passages people (or a generator) have marked.

A set is named on the command line as ``KIND:PATH``. The kinds:

- ``tab``: the Text Anonymization Benchmark (Pilan et al. 2022) as JSON lines: ``doc_id``, ``text``,
  ``known`` and ``spans`` with ``identifier_type`` DIRECT, QUASI or NO_MASK.
- ``presidio``: samples of presidio-research, one JSON list: ``full_text`` and ``spans``.
- ``set``: JSON lines ``{"id", "text", "known"?, "entities": [{"start", "end", "type"}],
  "indicators"?: [{"start", "end"}]}``; indicators are words that redaction has to leave standing.
- ``county``: narratives of the invented county, no file: ``county:heldout`` (or ``county``) by the
  grammar no rule was written with, ``county:train``, ``county:tune`` and ``county:check`` by the
  others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

#: direct: names somebody alone; quasi: only together with others; free: marked, may stay.
KINDS = ("direct", "quasi", "free")
HALVES = ("all", "tune", "held-out")
#: Narratives of the county where ``limit`` does not say how many, and the seed they grow from.
NARRATIVES = 2_000
SEED = 64
#: What helps to find somebody beside other things.
QUASI_TYPES = frozenset(
    {"LOCATION", "ORGANIZATION", "DATE_TIME", "AGE", "NRP", "TITLE", "QUANTITY", "ZIP_CODE"}
)
_TAB_KINDS = {"DIRECT": "direct", "QUASI": "quasi", "NO_MASK": "free"}


class Mention(NamedTuple):
    """One marked passage: characters ``start`` to ``end`` (exclusive).

    Attributes:
        entity: mentions with the same name speak of the same person or thing.
        own: whether a field of the text's own record holds it.
    """

    start: int
    end: int
    type: str
    kind: str
    entity: str
    own: bool = False


@dataclass(frozen=True)
class Document:
    """One text and what is marked in it."""

    name: str
    text: str
    mentions: tuple[Mention, ...]
    known: tuple[str, ...] = ()
    indicators: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class AnnotatedSet:
    """Documents annotated by one method.

    Attributes:
        lenient: titles and function words do not count as missed (the method of TAB).
    """

    name: str
    documents: tuple[Document, ...]
    lenient: bool = False


def annotated(source: str, half: str = "all", limit: int | None = None) -> AnnotatedSet:
    """The set ``KIND:PATH``, or half of it: tune is every document at an even index.

    Raises:
        ValueError: no such kind or file, or not in its format; the message quotes no text.
    """
    kind, _, rest = source.partition(":")
    if kind == "county":
        documents = _county(rest or "heldout", (limit or NARRATIVES) * (1 + (half != "all")))
    elif kind not in _READERS or not Path(rest).is_file():
        known = ", ".join((*_READERS, "county"))
        raise ValueError(f"{source!r} is not KIND:FILE with a kind of {known}")
    else:
        try:
            documents = list(_READERS[kind](Path(rest)))
        except (KeyError, TypeError, ValueError) as error:
            message = f"{source!r} is not in the format {kind!r} ({type(error).__name__})"
            raise ValueError(message) from None
    if half != "all":
        documents = documents[HALVES.index(half) - 1 :: 2]
    return AnnotatedSet(source, tuple(documents[:limit]), lenient=kind == "tab")


def _tab(path: Path) -> Iterator[Document]:
    for line in _lines(path):
        yield Document(
            line["doc_id"],
            line["text"],
            tuple(
                Mention(
                    span["start_offset"],
                    span["end_offset"],
                    span["entity_type"],
                    _TAB_KINDS[span["identifier_type"]],
                    span["entity_id"],
                )
                for span in line["spans"]
            ),
            tuple(line.get("known", ())),
        )


def _presidio(path: Path) -> Iterator[Document]:
    for index, sample in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        spans = [
            (s["start_position"], s["end_position"], s["entity_type"]) for s in sample["spans"]
        ]
        yield Document(str(index), sample["full_text"], _each_alone(spans))


def _set(path: Path) -> Iterator[Document]:
    for line in _lines(path):
        spans = [(e["start"], e["end"], e["type"]) for e in line["entities"]]
        kept = tuple((word["start"], word["end"]) for word in line.get("indicators", ()))
        known = tuple(line.get("known", ()))
        yield Document(str(line["id"]), line["text"], _each_alone(spans), known, kept)


def _county(split: str, count: int) -> list[Document]:
    from tributary.county.narratives import sample
    from tributary.county.narratives.sample import GRAMMARS, Split

    if split not in GRAMMARS:
        raise ValueError(f"narratives are {' or '.join(GRAMMARS)}, not {split!r}")
    return [
        Document(
            told.id,
            told.text,
            tuple(
                Mention(
                    span.start,
                    span.end,
                    span.type,
                    "quasi" if span.type in QUASI_TYPES else "direct",
                    str(index),
                    span.own,
                )
                for index, span in enumerate(told.spans)
            ),
            told.known,
            tuple((word.start, word.end) for word in told.words),
        )
        for told in sample(count, SEED, cast("Split", split))
    ]


def _each_alone(spans: list[tuple[int, int, str]]) -> tuple[Mention, ...]:
    """Mentions of sets that do not say who is who: each is its own entity, all are direct."""
    return tuple(
        Mention(start, end, kind, "direct", str(index))
        for index, (start, end, kind) in enumerate(sorted(spans))
    )


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


_READERS: dict[str, Callable[[Path], Iterator[Document]]] = {
    "tab": _tab,
    "presidio": _presidio,
    "set": _set,
}
