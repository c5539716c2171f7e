"""Names by their surroundings and their form, and everywhere in the text once they are found."""

from __future__ import annotations

from anonymize.text.names.forms import formed
from anonymize.text.names.repeats import propagated
from anonymize.text.names.scan import cued_spans
from anonymize.text.spans import Span

__all__ = ["cued", "propagated"]


def cued(text: str) -> list[Span]:
    """Names that a title, a role, a phrase like "goes by" or their own form gives away."""
    return [*cued_spans(text), *formed(text)]
