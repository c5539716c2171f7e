"""The sentence encoder all-MiniLM-L6-v2 with our adapters: sentences to vectors, in numpy alone.

BERT's forward pass (Devlin et al. 2019) over the published weights; low-rank
adapters (LoRA, Hu et al. 2022) trained on labelled sentences (``training/``) are added to them
when they are loaded. Sentences of equal length in tokens go through together, so that nothing is
padded and a sentence's vector does not depend on the sentences beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from math import pi, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from tokenizers import Tokenizer

from anonymize.text.pinned import installed

Floats = NDArray[np.float32]

_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
#: Tokens of a sentence that are read (what the adapters were trained with), and that go through the
#: layers together: what they need should fit a core's cache.
MAX_TOKENS, _TOGETHER = 128, 2_048


@lru_cache(maxsize=1)
def encoder_path() -> Path:
    """Directory of the encoder, once a process found to be the pinned one (``data/encoder.yaml``).

    Raises:
        SettingsError: it is not installed, or not bit for bit the pinned one.
    """
    return installed("sentence encoder", "encoder")


class Encoder:
    """Made once a process.

    Args:
        directory: of the model, as published.
        weights: the model's, by their published names.
        adapters: ``<name of a matrix>.A`` (rank, in) and ``.B`` (out, rank), scaled.
    """

    def __init__(
        self, directory: Path, weights: Mapping[str, Floats], adapters: Mapping[str, Floats]
    ) -> None:
        self._tokens = Tokenizer.from_file(str(directory / "tokenizer.json"))
        self._tokens.enable_truncation(MAX_TOKENS)
        self._tokens.no_padding()
        self._weights = {
            name: np.ascontiguousarray(_adapted(name, matrix, adapters).T)
            if name.endswith("weight") and matrix.ndim == 2 and "embeddings" not in name
            else matrix
            for name, matrix in weights.items()
        }
        self._blas = ThreadpoolController()
        words = self._weights["embeddings.word_embeddings.weight"]
        # Every token is of the first kind: a sentence stands alone.
        self._words = words + self._weights["embeddings.token_type_embeddings.weight"][0]

    def encode(self, sentences: Sequence[str]) -> Floats:
        """(sentences, 2 * 384): the mean and the maximum of each sentence's token vectors."""
        ids = [one.ids for one in self._tokens.encode_batch(list(sentences))]
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        pooled = np.empty((len(ids), 2 * self._words.shape[1]), np.float32)
        # One thread: more of them spin for each other in products as small as these, and take the
        # processor from what runs beside.
        with self._blas.limit(limits=1, user_api="blas"):
            for size, alike in groupby(order, key=lambda at: len(ids[at])):
                for batch in _batches(list(alike), max(1, _TOGETHER // size)):
                    states = self._states(np.array([ids[at] for at in batch]))
                    pooled[batch] = np.concatenate([states.mean(1), states.max(1)], axis=1)
        return pooled

    def _states(self, ids: NDArray[np.int64]) -> Floats:
        """(sentences, tokens, 384) of (sentences, tokens) ids."""
        positions = self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        states = self._normed(self._words[ids] + positions, "embeddings.LayerNorm")
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}"
            attended = self._linear(self._attended(states, name), f"{name}.attention.output.dense")
            states = self._normed(states + attended, f"{name}.attention.output.LayerNorm")
            inner = _gelu(self._linear(states, f"{name}.intermediate.dense"))
            states = self._normed(
                states + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm"
            )
        return states

    def _attended(self, states: Floats, name: str) -> Floats:
        sentences, tokens, width = states.shape

        def heads(part: str) -> Floats:
            made = self._linear(states, f"{name}.attention.self.{part}")
            return made.reshape(sentences, tokens, _HEADS, -1).transpose(0, 2, 1, 3)

        scores: Floats = heads("query") @ heads("key").transpose(0, 1, 3, 2)
        scores /= np.float32(sqrt(width // _HEADS))
        scores -= scores.max(-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(-1, keepdims=True)
        made: Floats = (scores @ heads("value")).transpose(0, 2, 1, 3)
        return made.reshape(sentences, tokens, width)

    def _linear(self, states: Floats, name: str) -> Floats:
        flat = states.reshape(-1, states.shape[-1]) @ self._weights[f"{name}.weight"]
        flat += self._weights[f"{name}.bias"]
        return flat.reshape(*states.shape[:-1], -1)

    def _normed(self, states: Floats, name: str) -> Floats:
        centred = states - states.mean(-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(_EPSILON))
        made: Floats = centred / spread * self._weights[f"{name}.weight"]
        return made + self._weights[f"{name}.bias"]


def _adapted(name: str, matrix: Floats, adapters: Mapping[str, Floats]) -> Floats:
    plain = name.removesuffix(".weight")
    if f"{plain}.A" not in adapters:
        return matrix
    made: Floats = matrix + adapters[f"{plain}.B"] @ adapters[f"{plain}.A"]
    return made


def _batches(order: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for at in range(0, len(order), size):
        yield order[at : at + size]


def _gelu(values: Floats) -> Floats:
    """GELU in its tanh form (Hendrycks and Gimpel 2016): within 5e-4 of the exact one, and several
    times as fast as SciPy's erf."""
    made: Floats = values * values
    made *= np.float32(0.044715)
    made += 1
    made *= values
    made *= np.float32(sqrt(2 / pi))
    np.tanh(made, out=made)
    made += 1
    made *= values
    made *= np.float32(0.5)
    return made
