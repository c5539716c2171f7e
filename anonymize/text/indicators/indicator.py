"""What an indicator is, and the closed list of what one can say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.codes import code_list
from schemas.vocabulary import INDICATOR_KINDS

#: Kinds of indicator. The two kinds of movement share the codes that the list gives ``movement``.
KINDS: Final = INDICATOR_KINDS


class Indicator(NamedTuple):
    """One thing a text says. Nothing in it is copied from the text.

    Attributes:
        kind: one of ``KINDS``.
        code: one of ``codes(kind)``.
        rule: id of the lexicon's rule that found it, or ``sentence.<kind>``: no rule did.
        confidence: 0 to 1.
        start: first character of the mention, as Python counts them; for evaluation only.
        end: the character after the mention.
    """

    kind: str
    code: str
    rule: str
    confidence: float
    start: int
    end: int


def codes(kind: str) -> tuple[str, ...]:
    """Codes an indicator of ``kind`` can have."""
    listed = "movement" if kind.startswith("movement_") else kind
    kinds = code_list("text_indicator").column("kind")
    return tuple(code for code, of in kinds.items() if of == listed)


def kind_of(code: str) -> str:
    """The kind of a code of the list; ``movement`` of an area."""
    return str(code_list("text_indicator").column("kind")[code])


def summarise(indicators: Iterable[Indicator]) -> list[tuple[str, str, str, float]]:
    """Kind, code, rule and confidence: once for each kind and code, from its surest mention."""
    surest: dict[tuple[str, str], Indicator] = {}
    for found in indicators:
        key = found.kind, found.code
        if key not in surest or found.confidence > surest[key].confidence:
            surest[key] = found
    return sorted((*key, found.rule, found.confidence) for key, found in surest.items())
