"""The search of spaCy's entity recogniser, for all tokens of a batch at once.

spaCy walks through a text token by token. At each it takes the best of its moves: the token is
outside of entities (O), is one (U), or begins (B), continues (I) or ends (L) one. A move's score
depends on three things alone: the token, the token before it and where the entity that is open
began. So every token's best move outside of entities comes out of one matrix; the entities begun
there are followed side by side; and a pass over what is left makes the walk: what begins within an
entity was never reached. Moves, weights and the order of additions are spaCy's, and so are the
spans (``spacy/pipeline/_parser_internals/ner.pyx`` has the rules).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]

#: Entities are followed this far side by side. Those that are longer and are reached, which are
#: rare and cannot overlap, are followed one by one: the whole stays linear.
_STEPS = 16


class Search:
    """Greedy search with the weights of one recogniser.

    Args:
        recogniser: spaCy's ``EntityRecognizer`` with an upper layer, as its own models have.
    """

    def __init__(self, recogniser: Any) -> None:  # noqa: ANN401 - compiled, without annotations
        moves = [recogniser.moves.get_class_name(n) for n in range(recogniser.moves.n_moves)]
        number = {move: n for n, move in enumerate(moves)}
        lower, upper = (recogniser.model.get_ref(name) for name in ("lower", "upper"))
        # What a score is made of: the token, the first token of the open entity, the token before.
        self._here, self._first, self._before = (
            _blocks(part).T.copy() for part in lower.get_param("W")
        )
        _, no_first, no_before = (_blocks(pad) for pad in lower.get_param("pad")[0])
        self._no_entity = no_first, no_before
        self._bias = _blocks(lower.get_param("b"))
        self._pieces = lower.get_dim("nP")
        self._scores, self._score_bias = upper.get_param("W").T.copy(), upper.get_param("b")
        # spaCy keeps a move U of no label for what it is told to leave alone.
        begin, unit = ([number[m] for m in moves if m[:2] == x and m != x] for x in ("B-", "U-"))
        self._begin, self._unit, self._outside = np.array(begin), np.array(unit), number["O"]
        self._never = np.setdiff1d(np.arange(len(moves)), [*begin, *unit, self._outside])
        self._labels = [move[2:] for move in moves]
        self._inside, self._last = (
            np.array([number.get(kind + label, 0) for label in self._labels])
            for kind in ("I-", "L-")
        )

    def entities(self, vectors: Floats, space: Flags, final: Flags) -> list[tuple[int, int, str]]:
        """First token, end and label of each entity, in order.

        Args:
            vectors: what the layers before made of the tokens of some texts, one after the other.
            space: the token is white space, on which no entity begins.
            final: the token is the last of its text, where every entity ends.
        """
        here = vectors @ self._here
        moves = self._moves_outside(here, space, final)
        starts = np.flatnonzero(moves != self._outside)
        moves = moves[starts]
        ends = np.where(np.isin(moves, self._unit), starts + 1, 0)
        long = np.flatnonzero(ends == 0)
        ends[long] = self._ends(vectors, here, final, starts[long], moves[long], _STEPS)
        found: list[tuple[int, int, str]] = []
        reached = 0
        for n, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            if start < reached:
                continue
            one = slice(n, n + 1)
            reached = end or int(
                self._ends(vectors, here, final, starts[one], moves[one], len(vectors))[0]
            )
            found.append((start, reached, self._labels[moves[n]]))
        return found

    def _moves_outside(self, here: Floats, space: Flags, final: Flags) -> Ints:
        """The best move at each token if no entity is open there."""
        first, before = self._no_entity
        scores = self._scored(here + first + before)
        scores[:, self._never] = -np.inf
        scores[np.ix_(final, self._begin)] = -np.inf
        scores[np.ix_(space, self._begin)] = -np.inf
        scores[np.ix_(space, self._unit)] = -np.inf
        best: Ints = scores.argmax(axis=1)
        return best

    def _ends(
        self, vectors: Floats, here: Floats, final: Flags, starts: Ints, moves: Ints, steps: int
    ) -> Ints:
        """Where the entities end that ``moves`` begin at ``starts``; 0 if not within ``steps``."""
        ends = np.zeros(len(starts), dtype=np.intp)
        first = vectors[starts] @ self._first
        open_ = np.arange(len(starts))
        for step in range(1, steps + 1):
            if not open_.size:
                break
            at = starts[open_] + step
            scores = self._scored(here[at] + first[open_] + vectors[at - 1] @ self._before)
            rows, label = np.arange(len(at)), moves[open_]
            closes = scores[rows, self._last[label]] > scores[rows, self._inside[label]]
            closes |= final[at]
            ends[open_[closes]] = at[closes] + 1
            open_ = open_[~closes]
        return ends

    def _scored(self, sums: Floats) -> Floats:
        """Scores of all moves from the sums of their parts."""
        units = (sums + self._bias).reshape(len(sums), self._pieces, -1).max(axis=1)
        scores: Floats = units @ self._scores + self._score_bias
        return scores


def _blocks(weights: Floats) -> Floats:
    """Weights of (unit, piece, ...) with the pieces that compete in blocks instead of in turns."""
    return np.swapaxes(weights, 0, 1).reshape(-1, *weights.shape[2:])
