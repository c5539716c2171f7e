"""What neither rules nor the model's entities tell, by a probe: a small network over the vectors
that the language model makes of each token and its neighbours.

The model is surest where names look like names and it was taught no numbers at all; its vectors
know more. The probe learnt from annotated reports and notes (``training/identifiers``) which tokens
belong to a person's name or to a number that stands for somebody, "Cash" and "214" among them. It
is asked only about what nothing else masks, and learns anew where that changes: after a change of
patterns, name lists or the language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from anonymize.text import vocabulary
from anonymize.text.known import Known
from anonymize.text.ner import Reading
from anonymize.text.spans import Span
from anonymize.text.words import ROLE, words

#: What a token is taken for; the first identifies nobody.
CLASSES: Final = ("", "PERSON", "ID")
#: Tokens on either side that a token is judged with.
BESIDE: Final = 2
#: What stands open is masked from this probability on, the words of every report from a higher one.
LEAST, LEAST_OF_OURS = 0.5, 0.7
#: From much lower ones what may be a name of the record, and what it holds as one: So of Zihan So.
LEAST_OF_NEAR, LEAST_OF_HELD = 0.05, 0.005

Floats = NDArray[np.float32]

_LISTS = tuple(
    words(name)
    for name in ("surnames", "function", "reports", "indicators", "institutions", "abbreviations")
)
#: Words that carry indicators; others of reports may be a part of a call sign.
_CARRY = words("indicators", "institutions", "brands")
_TIMES = words("calendar", "times")
#: "V/", "S": victim, suspect, witness, complainant, reporting party.
_ROLES = frozenset("vswcr")
_DIGITS = str.maketrans("", "", "0123456789")


def network(weights: dict[str, Floats], inputs: Floats) -> Floats:
    """(tokens, CLASSES): probabilities, from ``inputs`` (tokens, features).

    Args:
        weights: ``hidden`` (places, features, units), ``hidden_bias``, ``out``, ``out_bias``; a
            place is a token's distance, from ``-BESIDE`` to ``BESIDE``.
    """
    hidden = np.tile(weights["hidden_bias"], (len(inputs), 1))
    for place, part in enumerate(weights["hidden"], start=-BESIDE):
        came = inputs @ part
        to, of = max(0, -place), max(0, place)
        hidden[to : len(hidden) - of] += came[of : len(came) - to]
    scores = np.maximum(hidden, 0) @ weights["out"] + weights["out_bias"]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: Floats = powers / powers.sum(axis=1, keepdims=True)
    return likely


def inputs(texts: Sequence[str], cased: Sequence[str], read: Sequence[Reading]) -> Floats:
    """Features of the tokens of all texts, ``BESIDE`` empty rows after each text's."""
    number: dict[tuple[str, str], int] = {("", ""): 0}
    rows: list[int] = []
    for text, prose, reading in zip(texts, cased, read, strict=True):
        for start, end in zip(reading.starts.tolist(), reading.ends.tolist(), strict=True):
            rows.append(number.setdefault((text[start:end], prose[start:end]), len(number)))
        rows += [0] * BESIDE
    told = np.array([_told(*pair) for pair in number], dtype=np.float32)
    told[0] = 0
    gap = np.zeros((BESIDE, read[0].vectors.shape[1]), np.float32)
    vectors = np.concatenate([part for reading in read for part in (reading.vectors, gap)])
    return np.hstack([vectors, told[rows]])


def find(texts: Sequence[str], cased: Sequence[str], read: Sequence[Reading]) -> list[list[Span]]:
    """Tokens of each text that may be a name or a number of somebody, masked already or not.

    Args:
        cased: the texts as prose would write them, which is what was read.
        read: what the model made of them.
    """
    if not texts:
        return []
    likely = network(_weights(), inputs(texts, cased, read))
    best, sure = likely[:, 1:].argmax(axis=1) + 1, 1 - likely[:, 0]
    found: list[list[Span]] = []
    first = 0
    for text, reading in zip(texts, read, strict=True):
        here = slice(first, first + len(reading.starts))
        first = here.stop + BESIDE
        found.append([
            Span(start, end, CLASSES[best[here][at]], float(sure[here][at]))
            for at in np.flatnonzero(sure[here] >= LEAST_OF_HELD)
            for start, end in [(int(reading.starts[at]), int(reading.ends[at]))]
            if any(map(str.isalnum, text[start:end]))
        ])  # fmt: skip
    return found


def _is_somebodys(word: str, token: Span) -> bool:
    if LEAST <= token.score < LEAST_OF_OURS:
        plain = word.casefold()
        kept = plain in _CARRY if token.type == "ID" else vocabulary.is_ours(plain)
        return not (kept or plain.strip("/.#") in _ROLES or ROLE.fullmatch(plain))
    return token.score >= LEAST


def _is_known(word: str, sure: float, known: Known) -> bool:
    return (sure >= LEAST_OF_NEAR and known.may_name(word)) or known.holds(word)


def left_open(
    text: str,
    tokens: Sequence[Span],
    masked: Sequence[Span],
    known: Known,
) -> list[Span]:
    """Of ``tokens`` those that are somebody's and not masked whole; side by side they are one span.

    Args:
        known: of the text's own record.
    """
    left: list[Span] = []
    at = 0
    for token in tokens:
        while at < len(masked) and masked[at].end <= token.start:
            at += 1
        if at < len(masked) and masked[at].start <= token.start and token.end <= masked[at].end:
            continue
        word = text[token.start : token.end]
        if not _is_somebodys(word, token) and not _is_known(word, token.score, known):
            continue
        last, score = left[-1] if left else None, round(token.score, 2)
        if last and last.type == token.type and text[last.end : token.start] in ("", " "):
            left[-1] = Span(last.start, token.end, last.type, max(last.score, score))
        else:
            left.append(token._replace(score=score))
    return left


@lru_cache(maxsize=100_000)
def _told(word: str, prose: str) -> tuple[bool, ...]:
    """What lists and spelling say of a token, written ``word`` and in prose ``prose``."""
    plain = vocabulary.unaccented(word)
    return (
        plain in vocabulary.EVERY_NAME,
        plain in vocabulary.MAY_BE_NAME,
        plain in vocabulary.given_names(),
        plain in vocabulary.CENSUS["proper"],
        vocabulary.is_word(word),
        vocabulary.is_spelt(plain),
        vocabulary.is_thing(word),
        vocabulary.is_finite(word),
        vocabulary.is_quality(word),
        *(plain in listed for listed in _LISTS),
        plain in _TIMES,
        word.istitle(),
        word.isupper() and len(word) > 1,
        word.islower(),
        prose.istitle(),
        word != prose,
        len(word) == 1 and word.isalpha(),
        word.isdigit(),
        word.translate(_DIGITS) != word,
        not any(map(str.isalnum, word)),
        word.isspace(),
        "\n" in word,
        word in (".", "!", "?"),
        word in (",", ";", ":"),
        word in ("#", "@", "no", "no.", "nr", "num"),
        plain in ("'s", "\u2019s"),
        len(word) <= 2,
        len(word) <= 4,
        len(word) <= 6,
    )


@lru_cache(maxsize=1)
def _weights() -> dict[str, Floats]:
    file = resources.files("anonymize.text").joinpath("probe.safetensors")
    stored: dict[str, Floats] = load(file.read_bytes())
    return {name: part.astype(np.float32) for name, part in stored.items()}
