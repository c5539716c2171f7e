"""Annotated narratives without a county, for benchmarks and tests."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any, Final, Literal, NamedTuple, get_args

from tributary.county.narratives import identifiers as ids
from tributary.county.narratives.grammar import read
from tributary.county.narratives.records import OWN_ROLES, Person, Records, invented, names
from tributary.county.narratives.slots import VALUES
from tributary.county.narratives.telling import Indicator, Sentence, Span, Word, tell
from tributary.county.seeds import pick, stream

Split = Literal["train", "tune", "check", "heldout", "unseen"]
GRAMMARS: Final[tuple[str, ...]] = get_args(Split)
#: Share of each kind of narrative in a sample.
KINDS: Final = {
    "ordinary": 0.30,
    "sex": 0.20,
    "labour": 0.12,
    "prostitution": 0.06,
    "note_sex": 0.12,
    "note_labour": 0.08,
    "note_other": 0.06,
    "referral": 0.06,
}
#: How often a record of the police, and one of a nonprofit, has the person in its fields.
_POLICE: Final = {"victim": 0.95, "suspect": 0.7, "officer": 0.9, "backup": 0.3, "witness": 0.4,
                  "relative": 0.3}  # fmt: skip
_NONPROFIT: Final = {"victim": 1.0, "worker": 0.9, "relative": 0.1}
#: How often a record has each of these.
_VALUES: Final = {"case": 0.95, "phone": 0.8, "phone2": 0.4, "street": 0.8, "home": 0.7,
                  "plate": 0.3, "email": 0.3, "ssn": 0.3, "oln": 0.3, "dob": 0.7, "dob2": 0.5,
                  "employer": 0.2}  # fmt: skip


class AnnotatedNarrative(NamedTuple):
    """A narrative as a benchmark takes it. ``known``: what the record's fields hold."""

    id: str
    text: str
    known: tuple[str, ...]
    spans: tuple[Span, ...]
    indicators: tuple[Indicator, ...]
    words: tuple[Word, ...]
    sentences: tuple[Sentence, ...]


def sample(count: int, seed: int, split: Split = "heldout") -> list[AnnotatedNarrative]:
    """``count`` narratives of all kinds with their truth; same arguments, same narratives."""
    drawn = stream(seed, "narratives", split)
    kinds = [list(KINDS)[at] for at in pick(drawn, list(KINDS.values()), count).tolist()]
    random = Random(int(drawn.integers(2**62)))  # noqa: S311 - no secret
    records = _records(random, split, kinds)
    told = tell(kinds, records, drawn, (split,))
    return [
        AnnotatedNarrative(
            f"{split}-{seed}-{at:06}", one.text, _known(random, records, at), one.spans,
            one.indicators, one.words, one.sentences,
        )
        for at, one in enumerate(told)
    ]  # fmt: skip


@cache
def _lists(split: str) -> Any:  # noqa: ANN401 - lists of the data files
    return read(split)["lists"]


def _records(random: Random, split: str, kinds: list[str]) -> Records:
    """What the fields of the records hold."""
    days = [date(2023, 1, 1) + timedelta(days=ids.between(random, 0, 1000)) for _ in kinds]
    people: dict[str, list[Person | None]] = {role: [] for role in OWN_ROLES}
    values: dict[str, list[Any]] = {name: [] for name in _VALUES}
    for kind, day in zip(kinds, days, strict=True):
        police = kind in ("ordinary", "sex", "labour", "prostitution")
        for role, column in people.items():
            share = (_POLICE if police else _NONPROFIT).get(role, 0)
            column.append(_person(random, split, role, police) if random.random() < share else None)
        for name, share in _VALUES.items():
            made = _value(random, split, name, day) if random.random() < share else None
            values[name].append(made)
    return Records(days, people, values)


def _person(random: Random, split: str, role: str, police: bool) -> Person:
    """As the record has somebody: police in capitals, officers often by initial and name."""
    found = invented(random, names(split), role)
    if role in ("officer", "backup") and random.random() < 0.5:
        found = found._replace(given=found.given[:1])
    if police:
        found = found._replace(given=found.given.upper(), surname=found.surname.upper())
    return found._replace(own=True)


def _value(random: Random, split: str, name: str, day: date) -> str | date:
    base = name.rstrip("2")
    return ids.birth(random, day) if base == "dob" else VALUES[base].make(random, _lists(split))


def _known(random: Random, records: Records, at: int) -> tuple[str, ...]:
    """The fields as strings, names in one field or in two, dates and telephones as typed."""
    found: list[str] = []
    for people in records.people.values():
        if (person := people[at]) is not None:
            found += _name_fields(random, person)
    for name, column in records.values.items():
        value = column[at]
        if isinstance(value, date):
            found.append(value.strftime(ids.one(random, ("%m/%d/%Y", "%Y-%m-%d"))))
        elif value is not None:
            phone = name.startswith("phone")
            found.append(f"({value[:3]}) {value[3:6]}-{value[6:]}" if phone else value)
    return tuple(found)


def _name_fields(random: Random, person: Person) -> list[str]:
    form = ids.one(random, ("whole", "whole", "comma", "fields"))
    if form == "whole":
        return [f"{person.given} {person.surname}"]
    if form == "comma":
        return [f"{person.surname}, {person.given}"]
    return [person.given, person.surname]
