"""Finds everything identifying in texts: one engine a process, batches in, spans out.

Order: the model's entities, patterns, name cues, the record's own identifiers; then names found once
are found everywhere in the text, what identifies nobody is let go, and overlaps are joined.
"""

from __future__ import annotations

from collections.abc import Sequence

from anonymize.text import keep, names, patterns
from anonymize.text.known import DeliveryNames, Known
from anonymize.text.ner import Ner
from anonymize.text.spans import Span, merged

_NOTHING_KNOWN = Known.of(())


class Redactor:
    """Made once a process: the model takes seconds and hundreds of MB."""

    def __init__(self) -> None:
        self._ner = Ner()

    def find(
        self,
        texts: Sequence[str],
        known: Sequence[Known] | None = None,
        delivery: DeliveryNames | None = None,
    ) -> list[list[Span]]:
        """Spans to mask in each text, in order and without overlap.

        Args:
            known: what each text's own record knows, as long as ``texts``.
            delivery: names and numbers of the other records of the delivery.
        """
        owned = known or [_NOTHING_KNOWN] * len(texts)
        entities = self._ner.entities(texts)
        return [
            _found(text, found, own, delivery)
            for text, found, own in zip(texts, entities, owned, strict=True)
        ]


def _found(
    text: str, entities: list[Span], known: Known, delivery: DeliveryNames | None
) -> list[Span]:
    sure = [*patterns.find(text), *names.cued(text), *known.find(text)]
    if delivery is not None:
        sure += delivery.find(text)
    likely = [span for span in entities if keep.identifies(text, span)]
    persons = names.propagated(text, [*sure, *likely])
    return merged([*sure, *likely, *persons])
