"""What stands in a text where an identifier stood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from anonymize.text.spans import Span

#: remove: nothing; type: ``<PERSON>``; pseudonym: ``<PERSON_1>``, the same for the same words
#: (whatever their case) within one text and for nothing beyond it.
STYLES = ("remove", "type", "pseudonym")


#: type -> words -> number.
Numbers = dict[str, dict[str, int]]


def redacted(text: str, spans: Sequence[Span], style: str, numbers: Numbers | None = None) -> str:
    """``text`` without what stands in ``spans`` (in order, not overlapping).

    Args:
        numbers: pseudonyms given in earlier parts of the same text; new ones are added.

    Raises:
        ValueError: ``style`` is none of ``STYLES``.
    """
    if style not in STYLES:
        raise ValueError(f"style must be one of {', '.join(STYLES)}")
    parts: list[str] = []
    at = 0
    for span, stand_in in zip(spans, _stand_ins(text, spans, style, numbers), strict=True):
        parts += (text[at : span.start], stand_in)
        at = span.end
    return "".join((*parts, text[at:]))


def _stand_ins(
    text: str, spans: Sequence[Span], style: str, numbers: Numbers | None
) -> Iterable[str]:
    if style == "remove":
        return [""] * len(spans)
    if style == "type":
        return [f"<{span.type}>" for span in spans]
    numbers = {} if numbers is None else numbers
    named = []
    for span in spans:
        known = numbers.setdefault(span.type, {})
        words = " ".join(text[span.start : span.end].casefold().split())
        named.append(f"<{span.type}_{known.setdefault(words, len(known) + 1)}>")
    return named
