"""What stands in a text where an identifier stood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from anonymize.text.spans import Span

#: remove: nothing; type: ``<PERSON>``; pseudonym: ``<PERSON_1>``, the same for the same words
#: (whatever their case) within one text and for nothing beyond it.
STYLES = ("remove", "type", "pseudonym")


def redacted(text: str, spans: Sequence[Span], style: str) -> str:
    """``text`` without what stands in ``spans`` (in order, not overlapping).

    Raises:
        ValueError: ``style`` is none of ``STYLES``.
    """
    if style not in STYLES:
        raise ValueError(f"style must be one of {', '.join(STYLES)}")
    parts, at = [], 0
    for span, stand_in in zip(spans, _stand_ins(text, spans, style), strict=True):
        parts += (text[at : span.start], stand_in)
        at = span.end
    return "".join((*parts, text[at:]))


def _stand_ins(text: str, spans: Sequence[Span], style: str) -> Iterable[str]:
    if style == "remove":
        return [""] * len(spans)
    if style == "type":
        return [f"<{span.type}>" for span in spans]
    numbers: dict[str, dict[str, int]] = {}
    named = []
    for span in spans:
        known = numbers.setdefault(span.type, {})
        words = " ".join(text[span.start : span.end].casefold().split())
        named.append(f"<{span.type}_{known.setdefault(words, len(known) + 1)}>")
    return named
