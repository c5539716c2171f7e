"""How likely each sentence says each code, by a classifier trained on labelled sentences.

Knows how things are said that no rule of the lexicon has foreseen. What it says of a sentence never
counts alone: ``weighing`` puts it beside the lexicon and the rest of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from anonymize.text.indicators.context import sentence_ends
from anonymize.text.indicators.encoder import Encoder, Floats, encoder_path
from anonymize.text.indicators.normal import normal

#: What the classifier tells, in the order of its outputs.
CODES: Final = (
    "meansDebtBondageEarnings", "meansThreats", "meansAbusePsyPhySex", "meansFalsePromises",
    "meansDrugsAlcohol", "meansDenyBasicNeeds", "meansExcessiveWorkHours", "meansWithholdDocs",
    "isSexualExploit", "isForcedLabour", "isOtherExploit", "typeOfLabourAgriculture",
    "typeOfLabourConstruction", "typeOfLabourDomesticWork", "typeOfLabourHospitality",
    "typeOfSexProstitution", "typeOfSexPornography", "recruiterRelationIntimatePartner",
    "recruiterRelationFriend", "recruiterRelationFamily", "recruiterRelationOther", "hotel_motel",
    "residence", "street", "cyberspace", "shelter", "transport", "commercial", "other", "flagged",
)  # fmt: skip
#: Longer sentences, mostly lists without full stops, are read in lines.
_LONG: Final = 300
_LINE = re.compile(r"[^\n]+")
_WORD = re.compile(r"[A-Za-z]{2}")

Likely = NDArray[np.float32]


def sentences(text: str) -> list[tuple[int, int]]:
    """First character of each sentence of ``text`` that has a word, and the one after its last."""
    edges = [0, *sentence_ends(normal(text)), len(text)]
    found = []
    for start, end in pairwise(edges):
        whole = text[start:end]
        lines = _LINE.finditer(whole) if len(whole) > _LONG else (re.match(r"(?s).*", whole),)
        found += [
            (start + line.start(), start + line.end())
            for line in lines
            if line is not None and _WORD.search(line.group())
        ]
    return found


def classify(sentences: Sequence[str]) -> Likely:
    """(sentences, CODES): how likely each sentence says each code, 0 to 1; each distinct sentence
    is read once.

    Raises:
        SettingsError: the encoder's files are not installed, or not the pinned ones.
    """
    distinct = {one: at for at, one in enumerate(dict.fromkeys(sentences))}
    if not distinct:
        return np.zeros((0, len(CODES)), np.float32)
    encoder, weight, bias = _model()
    logits = encoder.encode(list(distinct)) @ weight + bias
    likely: Likely = 1 / (1 + np.exp(-logits))
    return likely[[distinct[one] for one in sentences]]


@lru_cache(maxsize=1)
def _model() -> tuple[Encoder, Floats, Floats]:
    """The encoder with its adapters, and the classifier's layer; once a process."""
    path = encoder_path()
    published = load((path / "model.safetensors").read_bytes())
    file = resources.files("anonymize.text.indicators").joinpath("classifier.safetensors")
    ours = {name: part.astype(np.float32) for name, part in load(file.read_bytes()).items()}
    head = ours.pop("head.weight"), ours.pop("head.bias")
    return Encoder(path, published, ours), head[0].T, head[1]
