"""Trains the redactor's probe: ``anonymize/text/probe.safetensors``.

    python training/identifiers/train_probe.py

On whatever is annotated as somebody's, and on what nobody's the redactor leaves open; some minutes
on a core. What is masked and nobody's says nothing: the probe is never asked about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from passages import NOBODYS, NUMBER, PERSON, Annotated, narratives, passages, sentences
from safetensors.numpy import save_file
from sklearn.neural_network import MLPClassifier

from anonymize.text import probe
from anonymize.text.casing import recased
from anonymize.text.redactor import engine
from tributary.bench.scores import marked

TARGET = Path(probe.__file__).with_name("probe.safetensors")
NARRATIVES = 900
#: How often a passage counts: there are few, and no two are made alike.
TIMES = 4
#: Share of the open tokens nobody's that is learnt from.
NOBODYS_SHARE = 0.6
UNITS, DECAY, EPOCHS, SEED = 96, 0.3, 6, 0


def rows(texts: Sequence[Annotated]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(tokens, places, features), the kind of each token, and whether the redactor leaves it open
    without the probe."""
    plain = [one.text for one in texts]
    cased = [recased(text) for text in plain]
    read = engine()._ner.read(cased)
    found = probe.inputs(plain, cased, read)
    beside = np.stack(
        [np.roll(found, -place, axis=0) for place in range(-probe.BESIDE, probe.BESIDE + 1)], axis=1
    )
    kinds, open_, kept, first = [], [], [], 0
    for one, reading, masked in zip(texts, read, engine().find(plain), strict=True):
        covered = marked(one.text, masked)
        edges = list(zip(reading.starts.tolist(), reading.ends.tolist(), strict=True))
        kinds += [max(one.kinds[start:end]) for start, end in edges]
        open_ += [not all(covered[start:end]) for start, end in edges]
        kept += range(first, first + len(edges))
        first += len(edges) + probe.BESIDE
    return beside[kept].astype(np.float16), np.array(kinds), np.array(open_)


def learnt_from(texts: Sequence[Annotated]) -> tuple[np.ndarray, np.ndarray]:
    """Features and classes of the tokens that count."""
    chance = np.random.default_rng(SEED)
    parts = []
    for at in range(0, len(texts), 300):
        features, kinds, open_ = rows(texts[at : at + 300])
        some = (kinds == NOBODYS) & open_ & (chance.random(len(kinds)) < NOBODYS_SHARE)
        wanted = some | (kinds == PERSON) | (kinds == NUMBER)
        parts.append((features[wanted], kinds[wanted]))
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def trained(features: np.ndarray, classes: np.ndarray) -> dict[str, np.ndarray]:
    """Weights as ``probe.network`` takes them, for features as they are."""
    flat = features.reshape(len(features), -1).astype(np.float32)
    mean, spread = flat.mean(0), flat.std(0) + 0.05
    flat -= mean
    flat /= spread
    made = MLPClassifier(
        (UNITS,), alpha=DECAY, max_iter=EPOCHS, batch_size=512, random_state=SEED, verbose=True
    ).fit(flat, classes)
    hidden, out = made.coefs_
    hidden = hidden / spread[:, None]
    return {
        "hidden": hidden.reshape(features.shape[1], features.shape[2], UNITS).astype(np.float16),
        "hidden_bias": (made.intercepts_[0] - mean @ hidden).astype(np.float32),
        "out": out.astype(np.float32),
        "out_bias": made.intercepts_[1].astype(np.float32),
    }


if __name__ == "__main__":
    probe.LEAST = 2.0  # masks nothing: what the rest leaves open is asked for
    written = learnt_from([*narratives(NARRATIVES), *sentences(), *list(passages()) * TIMES])
    save_file(trained(*written), TARGET)
