"""Narratives and case notes of the invented county, with the truth about every word of them.

Four grammars by four authors, who share no sentence (``data/narratives``): rules of a redaction or
of a lexicon are written with ``train`` and ``tune`` in sight, chosen by ``check``, and measured on
``heldout``, which nobody who writes a rule reads.

**Spans** are the shortest text that identifies: the name without its title, the number without the
word before it, a hotel's own name without the room. ``own`` says that the record's fields hold the
value, in whatever form it stands in the text.

**Indicators** are what the text states of exploitation, as kind and code (``common.yaml``):

* ``exploitation``: sexual exploitation where somebody else sells or profits; labour where a means
  of control or its like is told; a prostitution arrest is ``typeOfSexProstitution`` and no more.
  Begging and forced marriage are ``isOtherExploit``; a webcam is ``typeOfSexPornography``.
* ``means``: means of control of the exploiter, and of nobody else. What is denied is none. Wages
  not paid and money handed over are ``meansDebtBondageEarnings``; a lock, a watch kept, a telephone
  taken or doctor refused are ``meansDenyBasicNeeds``.
* ``recruiter``: what the recruiter or exploiter was to the victim; ``Other`` where it is told that
  it was somebody else (neighbour, stranger, agency), and not for a boss or a pimp as such.
* ``venue``: the kind of place where it happens, not where the police stood or somebody works. A
  person offered in an advertisement online is ``cyberspace``; farm, building site, plant and boat
  are ``other``, kitchens, salons and shops ``commercial``.
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
