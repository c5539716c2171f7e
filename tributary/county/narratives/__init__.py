"""Narratives and case notes of the invented county, with the truth about every word of them.

Two grammars that share no sentence (``data/narratives/train`` and ``heldout``): rules of a
redaction or of a lexicon are written with the first in sight and measured on the second.

**Spans** are the shortest text that identifies: the name without its title, the number without the
word before it, a hotel's own name without the room. ``own`` says that the record's fields hold the
value, in whatever form it stands in the text.

**Indicators** are what the text states of exploitation, as kind and code (``common.yaml``):

* ``exploitation``: sexual exploitation where somebody else sells or profits; labour where a means
  of control or its like is told; a prostitution arrest is ``typeOfSexProstitution`` and no more.
* ``means``: means of control of the exploiter, and of nobody else. What is denied is none.
* ``recruiter``: what the recruiter or exploiter was to the victim.
* ``venue``: the kind of place where it happens, not where the police stood or somebody works.
* ``movement_origin``, ``movement_destination``: ``US-TX``, or a country by ISO 3166 alpha-3.
* ``trafficking/flagged``: sexual exploitation by another, labour under any means of control, or
  the text says so. A narrative without exploitation carries no indicator of any kind.

**Words** are those that carry indicators, in whatever sense: no redaction may take them away.
"""

from tributary.county.narratives.records import Person, Records
from tributary.county.narratives.sample import AnnotatedNarrative, sample
from tributary.county.narratives.telling import Indicator, Span, Told, Word, tell

__all__ = [
    "AnnotatedNarrative",
    "Indicator",
    "Person",
    "Records",
    "Span",
    "Told",
    "Word",
    "sample",
    "tell",
]
