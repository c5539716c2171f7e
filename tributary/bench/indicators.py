"""How well indicators are found: per kind, the codes found in a text against those it carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anonymize.text.indicators import KINDS, Indicator, read_all, summarise
from schemas.codes import code_list

#: Kind and code.
Said = tuple[str, str]


@dataclass(frozen=True)
class Quality:
    """Codes of one kind (or of all) over a set of texts; a code counts once a text."""

    kind: str
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


#: What reads texts: ``read_all``, or the lexicon alone (``extract_all``).
Reader = Callable[[Sequence[str]], list[list[Indicator]]]


def found(texts: Sequence[str], reader: Reader = read_all) -> list[set[Said]]:
    """Kinds and codes that are read in each text."""
    return [{(kind, code) for kind, code, _, _ in summarise(one)} for one in reader(texts)]


def quality(
    labelled: Iterable[tuple[str, Iterable[Said]]],
    kinds: Sequence[str] = KINDS,
    reader: Reader = read_all,
) -> list[Quality]:
    """Quality of a reader on texts with the kinds and codes they carry: a row for each kind,
    then one for ``all``. Kinds that are not in ``kinds`` are not looked at."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    pairs = list(labelled)
    answers = found([text for text, _ in pairs], reader)
    for (_, carried), got_all in zip(pairs, answers, strict=True):
        truth = {said for said in carried if said[0] in kinds}
        got = {said for said in got_all if said[0] in kinds}
        right.update(kind for kind, _ in got & truth)
        wrong.update(kind for kind, _ in got - truth)
        missed.update(kind for kind, _ in truth - got)
    rows = [Quality(kind, right[kind], wrong[kind], missed[kind]) for kind in kinds]
    total = Quality("all", right.total(), wrong.total(), missed.total())
    return [*rows, total]


def hand_written(entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, set[Said]]]:
    """Texts with what they carry, from entries with ``text`` and ``says``: a list of codes, with
    ``from:`` and ``to:`` before the areas of a movement."""
    kinds = code_list("text_indicator").column("kind")
    directions = {"from": "movement_origin", "to": "movement_destination"}
    for entry in entries:
        carried = set()
        for said in entry["says"]:
            direction, _, area = said.partition(":")
            carried.add((directions[direction], area) if area else (str(kinds[said]), said))
        yield entry["text"], carried
