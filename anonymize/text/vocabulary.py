"""Which words are English: what is none and stands where a name may stand is taken for a name.

The dictionary is the one of the packaged language model's lemmatiser (the index of WordNet), so it
is checked with the model and nothing else has to be installed. Given names and family names that
are in it ("Noah", "Baker") are no words here.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources

from nicknames import NickNamer
from spacy.lookups import Lookups

from anonymize.text.model import model_path
from anonymize.text.words import words

_OURS = words(
    "function", "reports", "indicators", "institutions", "times", "calendar", "brands", "spanish"
)
_NAMES = words("ambiguous", "surnames")
_KINDS = ("noun", "verb", "adj", "adv")
_LEXICON_WORD = re.compile(r"\b[a-z]{3,}(?:'[a-z]+)?\b\*?")
#: Shorter words have too many neighbours for one of them to be its misspelling.
_MISSPELT = 6
#: What is longer is neither a word nor a name.
_LONGEST = 30
#: Endings that inflect a word, and what its base form ends in instead.
_ENDINGS = (
    ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""),
    ("ing", "e"), ("er", ""), ("est", ""), ("ly", ""),
)  # fmt: skip


@lru_cache(maxsize=100_000)
def is_word(word: str) -> bool:
    """Whether ``word`` (any case) is an English word, inflected or mistyped, and no name."""
    plain = word.casefold().replace("\u2019", "'").rstrip(".").split("'")[0]
    if plain in _OURS or not 1 < len(plain) < _LONGEST:
        return True
    if plain in _NAMES or plain in given_names():
        return False
    if plain in _indicating() or plain.startswith(_indicating_stems()):
        return True
    if "-" in plain.strip("-"):
        return all(is_word(part) for part in plain.split("-") if part)
    return _known(plain) or (len(plain) >= _MISSPELT and _misspelt(plain))


@cache
def given_names() -> frozenset[str]:
    """English given names and nicknames, in lower case, less those that are mere words."""
    table = NickNamer().nickname_lookup
    known = set(table).union(*table.values())
    return (frozenset(name for name in known if len(name) > 2) - _OURS) | words("given")


@lru_cache(maxsize=100_000)
def is_thing(word: str) -> bool:
    """Whether it is a noun in its base form and no word of reports: family names are, too."""
    plain = word.casefold()
    if plain in _OURS or plain in _indicating() or plain.startswith(_indicating_stems()):
        return False
    return plain in _index("noun")


@cache
def _indicating() -> frozenset[str]:
    """Words of the indicator lexicon, which redaction has to leave standing."""
    return frozenset(word for word in _lexicon() if not word.endswith("*"))


@cache
def _indicating_stems() -> tuple[str, ...]:
    """Beginnings of such words."""
    return tuple(word[:-1] for word in _lexicon() if word.endswith("*") and len(word) > 4)


@cache
def _lexicon() -> frozenset[str]:
    files = (resources.files("anonymize.text") / "indicators").iterdir()
    texts = [file.read_text(encoding="utf-8") for file in files if file.name.endswith(".yaml")]
    return frozenset(word for text in texts for word in _LEXICON_WORD.findall(text))


def _known(plain: str) -> bool:
    base = _dictionary()
    if plain in base:
        return True
    for ending, instead in _ENDINGS:
        if plain.endswith(ending):
            stem = plain[: -len(ending)]
            if stem + instead in base or (stem[-1:] == stem[-2:-1] and stem[:-1] in base):
                return len(stem) > 1
    return False


def _misspelt(plain: str) -> bool:
    """Whether one edit makes one of our own words of it: those are the words of every report."""
    return not _shortened().isdisjoint({plain, *_deletes(plain)})


@cache
def _dictionary() -> frozenset[str]:
    irregular = _lookups().get_table("lemma_exc")
    return frozenset().union(*(_index(kind) for kind in _KINDS), *(irregular[k] for k in _KINDS))


@cache
def _index(kind: str) -> frozenset[str]:
    return frozenset(_lookups().get_table("lemma_index")[kind])


@cache
def _lookups() -> Lookups:
    return Lookups().from_disk(model_path() / "lemmatizer" / "lookups")


@cache
def _shortened() -> frozenset[str]:
    """Our own longer words, and each of them without one of its letters."""
    own = [word for word in _OURS | _indicating() if len(word) >= _MISSPELT]
    return frozenset(own).union(*map(_deletes, own))


def _deletes(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}
