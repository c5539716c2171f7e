"""Names of persons by their surroundings (titles, aliases, roles), and everywhere once found."""

from __future__ import annotations

from collections.abc import Sequence

from anonymize.text.spans import Span


def cued(text: str) -> list[Span]:
    """Names that a title, a role or a phrase like "goes by" announces."""
    return []


def propagated(text: str, spans: Sequence[Span]) -> list[Span]:
    """Further mentions of the persons found in ``spans``: each of their names, document-wide."""
    return []
