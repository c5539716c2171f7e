"""Which words are English: what is none and stands where a name may stand is taken for a name.

The dictionary is the one of the packaged language model's lemmatiser (the index of WordNet), so it
is checked with the model and nothing else has to be installed. Given names and family names that
are in it ("Noah", "Baker") are no words here.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from unicodedata import combining, normalize

from nicknames import NickNamer
from rapidfuzz.distance import OSA
from spacy.lookups import Lookups

from anonymize.text.model import model_path
from anonymize.text.words import flat, load, words

#: The lists of ``people.yaml``.
PEOPLE = {
    kind: frozenset(flat(rows))
    for kind, rows in load(Path(__file__).parent / "names" / "people.yaml").items()
}
_OURS = words(
    *("function", "reports", "indicators", "institutions", "times", "calendar", "brands"),
    *("spanish", "abbreviations"),
)
_NAMES = words("ambiguous", "surnames") | PEOPLE["family"]
#: Whatever may be somebody's name, common words among it.
EVERY_NAME = _NAMES.union(words("given"), PEOPLE["given"], PEOPLE["monikers"])
#: Common words that are names as well, as the census counts them.
CENSUS = {
    kind: frozenset(flat(rows))
    for kind, rows in load(Path(__file__).parent / "names" / "census.yaml").items()
}
#: What may be a name where capitals tell nothing.
MAY_BE_NAME = EVERY_NAME.union(*CENSUS.values())
#: Letters behind an apostrophe that contracts ("they've"), and longer words there.
_CONTRACTED = 2
_AFTER_APOSTROPHE = frozenset({"all", "clock", "day", "cuz", "cause", "til", "till", "knot"})
_KINDS = ("noun", "verb", "adj", "adv")
_LEXICON_WORD = re.compile(r"\b[a-z]{3,}(?:'[a-z]+)?\b\*?")
#: Shorter words have too many neighbours for one of them to be its misspelling.
_MISSPELT, _MISSPELT_CASELESS = 7, 6
#: A word without a vowel is an abbreviation, if it is no longer.
_NO_VOWEL = re.compile(r"[b-df-hj-np-tv-xz]{2,5}")
#: "detasseled", "overcharging": no dictionary has them all.
_PREFIXED = re.compile(r"(?:de|re|un|mis|pre|out|over|under)(?=\w{3,}(?:ed|ing)$)")
_FINITE = (("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ied", "y"))
#: What a plural in -es ends in before it.
_HISSING = ("s", "x", "z", "ch", "sh", "o")
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
    if _is_elided(word):
        return False
    if word.casefold() in _OURS:
        return True
    plain = word.casefold().replace("\u2019", "'").rstrip(".").split("'")[0]
    if plain in _OURS or not 1 < len(plain) < _LONGEST:
        return True
    bare = unaccented(plain)
    if (
        bare in _NAMES
        or bare in CENSUS["proper"]
        or bare in given_names()
        or plain in given_names()
    ):
        return False
    if plain in _indicating() or plain.startswith(_indicating_stems()):
        return True
    if "-" in plain.strip("-"):
        return all(is_word(part) for part in plain.split("-") if part)
    if is_spelt(plain) or _NO_VOWEL.fullmatch(plain):
        return True
    least = _MISSPELT if word.istitle() else _MISSPELT_CASELESS
    return len(plain) >= least and plain.isascii() and _misspelt(plain)


def _is_elided(word: str) -> bool:
    """Whether an apostrophe joins a name ("O'Rourke", "Da'Quan"), and is no contraction."""
    head, _, tail = word.casefold().replace("\u2019", "'").partition("'")
    return len(tail) > _CONTRACTED and tail not in _AFTER_APOSTROPHE and not is_spelt(head + tail)


@cache
def given_names() -> frozenset[str]:
    """English given names and nicknames, in lower case, less those that are mere words."""
    table = NickNamer().nickname_lookup
    known = set(table).union(*table.values())
    library = frozenset(name for name in known if len(name) > 2) - words("no_nicknames")
    return ((library | PEOPLE["given"]) - _OURS) | words("given")


def is_ours(plain: str) -> bool:
    """Whether one of our lists has the word, in lower case."""
    return plain in _OURS


@lru_cache(maxsize=100_000)
def is_spelt(plain: str) -> bool:
    """Whether a dictionary or one of our lists has the word as it stands, in lower case."""
    return plain in _OURS or plain in _indicating() or _known(plain)


@lru_cache(maxsize=100_000)
def is_thing(word: str) -> bool:
    """Whether it is a noun in its base form and no word of reports: family names are, too."""
    plain = word.casefold()
    if plain in _OURS or plain in _indicating() or plain.startswith(_indicating_stems()):
        return False
    return plain in _index("noun")


@lru_cache(maxsize=100_000)
def is_finite(word: str) -> bool:
    """Whether it may be a verb that has a subject: "keeps", "kept", "nailed"; no base form."""
    plain = word.casefold()
    if plain in _lookups().get_table("lemma_exc")["verb"]:
        return not plain.endswith("ing")
    base = _index("verb")
    return any(
        plain.endswith(ending) and plain[: -len(ending)] + instead in base
        for ending, instead in _FINITE
    ) or (plain.endswith("ed") and plain[-3:-2] == plain[-4:-3] and plain[:-3] in base)


@lru_cache(maxsize=100_000)
def is_quality(word: str) -> bool:
    """Whether it is an adjective in its base form and no word of reports: family names are, too."""
    plain = word.casefold()
    return plain in _index("adj") and not is_ours(plain) and plain not in _indicating()


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
    files = (Path(__file__).parent / "indicators").rglob("*.yaml")
    texts = [file.read_text(encoding="utf-8") for file in files]
    return frozenset(word for text in texts for word in _LEXICON_WORD.findall(text))


def _known(plain: str) -> bool:
    base = _dictionary()
    prefixed = _PREFIXED.match(plain)
    if prefixed and _known(plain[prefixed.end() :]):
        return True
    if plain in base or (plain.endswith("in") and plain[:-2] in base):
        return True
    for ending, instead in _ENDINGS:
        if plain.endswith(ending):
            stem = plain[: -len(ending)]
            if ending == "es" and not stem.endswith(_HISSING):
                continue  # Gaines
            if stem + instead in base or (stem[-1:] == stem[-2:-1] and stem[:-1] in base):
                return len(stem) > 1
    return False


def _misspelt(plain: str) -> bool:
    """Whether one edit makes one of our own words of it: those are the words of every report.

    Nobody mistypes the first letter so often that names with another one should stand.
    """
    near = _shortened()
    meant = {word for form in (plain, *_deletes(plain)) for word in near.get(form, ())}
    return any(
        word[0] == plain[0] and OSA.distance(word, plain, score_cutoff=1) <= 1 for word in meant
    )


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
def _shortened() -> dict[str, list[str]]:
    """Our own longer words by themselves and by what is left of them without one letter."""
    found: dict[str, list[str]] = {}
    for word in _OURS | _indicating():
        if len(word) >= _MISSPELT_CASELESS:
            for form in {word, *_deletes(word)}:
                found.setdefault(form, []).append(word)
    return found


def _deletes(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


@lru_cache(maxsize=100_000)
def unaccented(word: str) -> str:
    """``word`` in lower case, without accents: names are looked up by it."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in normalize("NFKD", word.casefold()) if not combining(c))
