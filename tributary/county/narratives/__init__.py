"""Narratives and case notes of the invented county, with the truth about every word of them.

Five grammars by five authors, who share no sentence (``data/narratives``): rules of a redaction or
of a lexicon are written, and a classifier trained, with ``train``, ``tune`` and ``check`` in sight,
and measured on ``heldout`` and ``unseen``, which nobody who writes a rule reads.

**Spans** are the shortest text that identifies: the name without its title, the number without the
word before it, a hotel's own name without the room. ``own`` says that the record's fields hold the
value, in whatever form it stands in the text.

**Indicators** are what the text states of exploitation, as kind and code (``common.yaml``):

* ``exploitation``: sexual exploitation where somebody else sells or profits; labour where a means
  of control or its like is told; a prostitution arrest is ``typeOfSexProstitution`` and no more.
  Begging, theft and forced marriage are ``isOtherExploit``; a webcam is ``typeOfSexPornography``.
  The word of a statute alone (servitude, peonage, CSEC) says the exploitation and no type.
* ``means``: means of control of the exploiter, and of nobody else. What is denied is none. Wages
  not paid, fines and money handed over are ``meansDebtBondageEarnings``; a lock, a watch kept, a
  telephone taken, a doctor refused, money out of reach are ``meansDenyBasicNeeds``. That a customer
  pays the exploiter, or that there is a quota, is none; a promise is one, kept or not.
* ``recruiter``: what the recruiter or exploiter was to the victim; ``Other`` where it is told that
  it was somebody else (neighbour, stranger, agency, an earlier boss, a relative's friend), and not
  for the boss or a pimp as such. A friend of the family is a friend.
* ``venue``: the kind of place where it happens, not where the police stood or somebody works. A
  person offered in an advertisement online is ``cyberspace``; farm, building site, plant and boat
  are ``other``, kitchens, salons and shops ``commercial``, a hotel's kitchen ``hotel_motel``. Of an
  arrest it is the place of the offer.
* ``movement_origin``, ``movement_destination``: ``US-TX``, or a country by ISO 3166 alpha-3; a
  journey that was only planned is none.
* ``trafficking/flagged``: sexual exploitation by another, labour or other exploitation under any
  means of control, or the text says so. A narrative without exploitation carries no indicator
  of any kind.

**Words** are those that carry indicators, in whatever sense: no redaction may take them away.
"""

from tributary.county.narratives.records import Person, Records
from tributary.county.narratives.sample import AnnotatedNarrative, sample
from tributary.county.narratives.telling import Indicator, Sentence, Span, Told, Word, tell

__all__ = [
    "AnnotatedNarrative",
    "Indicator",
    "Person",
    "Records",
    "Sentence",
    "Span",
    "Told",
    "Word",
    "sample",
    "tell",
]
