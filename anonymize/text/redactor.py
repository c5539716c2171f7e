"""Finds everything identifying in texts: one engine a process, batches in, spans out.

Order: the model's entities, patterns, name cues, the record's own identifiers; what of the entities
identifies nobody is let go, the probe is asked about what stands open, names found once are found
everywhere in the text, what was found in part is masked whole, and overlaps are joined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from anonymize.text import builtin, keep, names, patterns, probe
from anonymize.text.casing import recased
from anonymize.text.known import DeliveryNames, Known
from anonymize.text.ner import Ner
from anonymize.text.spans import Span, merged
from anonymize.text.whole import whole
from schemas.errors import PrivacyError, TributaryError, UnexpectedError

#: Characters analysed at a time, which bounds memory; one text may be longer.
BATCH_CHARS = 400_000

_NOTHING_KNOWN = Known.of(())
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=1)
def engine() -> Redactor:
    """The redactor of this process."""
    return Redactor()


class Redactor:
    """Made once a process (``engine``): the model takes seconds and hundreds of MB."""

    def __init__(self) -> None:
        self._ner = Ner()

    def find(
        self,
        texts: Sequence[str],
        known: Sequence[Known] | None = None,
        delivery: DeliveryNames | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Span]]:
        """Spans to mask in each text, in order and without overlap.

        Args:
            known: what each text's own record knows, as long as ``texts``.
            delivery: names and numbers of the other records of the delivery.
            progress: called with the number of texts done since it was called last.

        Raises:
            PrivacyError: a stage failed; it names neither a text nor the cause's message.
        """
        owned = known or [_NOTHING_KNOWN] * len(texts)
        found: list[list[Span]] = []
        for start, end in _batches(texts):
            batch = [_encodable(text) for text in texts[start:end]]
            found += self._batch(batch, owned[start:end], delivery)
            if progress is not None:
                progress(end - start)
        return found

    def _batch(
        self, texts: Sequence[str], known: Sequence[Known], delivery: DeliveryNames | None
    ) -> list[list[Span]]:
        """As ``find``; what stands there twice is analysed once."""
        cause = ""
        pairs = list(zip(texts, known, strict=True))
        try:
            distinct = list(dict.fromkeys(texts))
            cased = dict(zip(distinct, map(recased, distinct), strict=True))
            prose = list(cased.values())
            read = self._ner.read(prose)
            told = (reading.entities for reading in read)
            doubts = probe.find(distinct, prose, read)
            model = dict(zip(distinct, zip(told, doubts, strict=True), strict=True))
            alone = {text: _found_alone(text, cased[text]) for text in distinct}
            spans: dict[tuple[str, int], list[Span]] = {}
            for text, own in pairs:
                if (text, id(own)) not in spans:
                    sure = [*alone[text], *_found_known(text, own, delivery)]
                    spans[text, id(own)] = _joined(text, cased[text], *model[text], sure, own)
        except TributaryError:
            raise
        except Exception as error:  # whatever it is, its text may quote a value
            cause = str(UnexpectedError.instead_of(error, "free text could not be analysed"))
        # Raised outside of the handler: not even as its context does the error carry the cause.
        if cause:
            raise PrivacyError(cause)
        return [spans[text, id(own)] for text, own in pairs]


def _found_alone(text: str, cased: str) -> list[Span]:
    """What a text gives away whoever it belongs to; ``cased``: as prose would write it."""
    told = [*names.cued(text), *(names.cued(cased) if cased != text else ())]
    return [*builtin.find(text), *patterns.find(text), *told]


def _found_known(text: str, known: Known, delivery: DeliveryNames | None) -> list[Span]:
    others = delivery.find(text) if delivery is not None else []
    return [*known.find(text), *others]


def _joined(
    text: str,
    cased: str,
    entities: list[Span],
    doubts: list[Span],
    sure: list[Span],
    own: Known,
) -> list[Span]:
    likely = keep.identifying(cased, entities, sure)
    masked = [*sure, *likely]
    masked += probe.left_open(text, doubts, merged(masked), own)
    return whole(text, [*masked, *names.propagated(text, masked)])


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of neighbours of ``BATCH_CHARS`` at most."""
    start = size = 0
    for at, text in enumerate(texts):
        if at > start and size + len(text) > BATCH_CHARS:
            yield start, at
            start, size = at, 0
        size += len(text)
    if start < len(texts):
        yield start, len(texts)


def _encodable(text: str) -> str:
    """``text`` as long as it was, without halves of characters, which no encoding can hold."""
    return text if text.isascii() else _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
