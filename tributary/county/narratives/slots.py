"""What fills the slots of a narrative, from the record where it has it, else invented."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any, Final, NamedTuple

from tributary.county.narratives import identifiers as ids
from tributary.county.narratives.grammar import read
from tributary.county.narratives.people import EXACT, FORMS, SEXED, nicknamed
from tributary.county.narratives.records import OWN_ROLES, Person, Records, invented, names

#: Pronouns of the two main people, as the grammar writes them for short.
_SHORT: Final = {
    "she": "victim.she", "her": "victim.her", "them": "victim.them", "herself": "victim.herself",
    "he": "suspect.she", "his": "suspect.her", "him": "suspect.them",
}  # fmt: skip

#: Forms of a name of which only the initial of the given name is known.
_STAFF: Final = {name: name for name in FORMS if "initial" in name or "last" in name}


class Filled(NamedTuple):
    """What stands for a slot. ``type`` is empty for text that identifies nobody; ``says`` is an
    indicator, kind and code, that this very value carries."""

    text: str
    type: str = ""
    own: bool = False
    form: str = ""
    says: tuple[str, str] | None = None


class Value(NamedTuple):
    """A slot that is no person. ``write`` takes the forms listed under ``forms`` in the files."""

    type: str
    make: Callable[[Random, ids.Lists], str]
    write: Callable[[Random, Any, Sequence[str]], ids.Written] | None = None
    forms: str = ""


def _listed(name: str) -> Callable[[Random, ids.Lists], str]:
    return lambda random, lists: str(ids.one(random, lists[name]))


def _shaped(name: str) -> Callable[[Random, ids.Lists], str]:
    return lambda random, lists: ids.shaped(random, ids.one(random, lists[name]))


_number, _phone = ids.write_number, ids.write_phone
VALUES: Final[Mapping[str, Value]] = {
    "phone": Value("PHONE_NUMBER", ids.phone, _phone, "phones"),
    "adphone": Value("PHONE_NUMBER", ids.phone, _phone, "adphones"),
    "case": Value("CASE_NUMBER", _shaped("cases"), _number, "case_forms"),
    "othercase": Value("CASE_NUMBER", _shaped("othercases")),
    "badge": Value("BADGE_NUMBER", _shaped("badges")),
    "unit": Value("BADGE_NUMBER", _shaped("units")),
    "plate": Value("LICENSE_PLATE", _shaped("plates"), _number, "plate_forms"),
    "vin": Value("VIN", ids.vin),
    "ssn": Value("US_SSN", ids.ssn, _number, "ssn_forms"),
    "oln": Value("US_DRIVER_LICENSE", _shaped("licenses"), _number, "oln_forms"),
    "anumber": Value("ALIEN_NUMBER", _shaped("anumbers")),
    "visa": Value("VISA_NUMBER", _shaped("visas")),
    "passport": Value("PASSPORT", _shaped("passports")),
    "personid": Value("ID", _shaped("personids")),
    "card": Value("CREDIT_CARD", ids.card, _number, "card_forms"),
    "gift": Value("GIFT_CARD", _shaped("gifts")),
    "account": Value("BANK_ACCOUNT", _shaped("accounts")),
    "iban": Value("IBAN_CODE", ids.iban, _number, "iban_forms"),
    "crypto": Value("CRYPTO", ids.crypto),
    "ip": Value("IP_ADDRESS", ids.address_ip),
    "imei": Value("DEVICE_ID", ids.imei, _number, "imei_forms"),
    "device": Value("DEVICE_ID", _shaped("devices")),
    "email": Value("EMAIL_ADDRESS", ids.email, ids.write_email, "email_forms"),
    "handle": Value("HANDLE", ids.handle),
    "moniker": Value("PERSON", _listed("monikers")),
    "url": Value("URL", ids.url),
    "street": Value("STREET_ADDRESS", ids.street, ids.write_street, "street_forms"),
    "home": Value("STREET_ADDRESS", ids.street, ids.write_street, "street_forms"),
    "block": Value("STREET_ADDRESS", ids.block),
    "crossing": Value("STREET_ADDRESS", ids.crossing),
    "coords": Value("COORDINATES", ids.coordinates),
    "room": Value("ROOM", _shaped("rooms")),
    "hotel": Value("ORGANIZATION", _listed("hotels")),
    "org": Value("ORGANIZATION", _listed("organizations")),
    "employer": Value("ORGANIZATION", _listed("employers")),
    "school": Value("ORGANIZATION", _listed("schools")),
    "hospital": Value("ORGANIZATION", _listed("hospitals")),
    "town": Value("LOCATION", _listed("towns")),
    "state": Value("LOCATION", _listed("states")),
    "zip": Value("ZIP_CODE", _shaped("zips")),
    "nrp": Value("NRP", _listed("nationalities")),
    "race": Value("NRP", _listed("races")),
    "clock": Value("DATE_TIME", ids.clock),
    "month": Value("DATE_TIME", _listed("months")),
    "weekday": Value("DATE_TIME", _listed("weekdays")),
    "age": Value("AGE", lambda random, _: str(ids.between(random, 19, 54))),
    "teen": Value("AGE", lambda random, _: str(ids.between(random, 12, 18))),
    "car": Value("", _listed("cars")),
    "drug": Value("", _listed("drugs")),
    "sum": Value("", _listed("sums")),
}
#: Slots of days, with the forms they are written in.
_DAYS: Final = {"date": "dates", "otherdate": "dates", "dob": "births", "when": "short_dates"}


@cache
def _parts(slot: str) -> tuple[str, str, str]:
    """Name, name without its number, and form."""
    name, _, form = _SHORT.get(slot, slot).partition(".")
    return name, name.rstrip("0123456789"), form


class Filler:
    """Fills the slots of one batch. A slot has one value in a narrative, in any number of forms;
    a number behind its name (``{phone2}``) makes it another."""

    def __init__(self, split: str, records: Records, random: Random) -> None:
        raw = read(split)
        self._lists, self._names = raw["lists"], names(split)
        self._records, self._random = records, random
        self._forms = list(raw["person_forms"])
        self._weights = list(accumulate(raw["person_forms"].values()))
        self._people: dict[tuple[str, int], Person] = {}
        self._values: dict[tuple[str, int], Any] = {}

    @property
    def exact(self) -> bool:
        return self._records.exact

    def fill(self, slot: str, row: int, tidy: Callable[[str], str]) -> Filled:
        """The text of ``slot`` in narrative ``row``; ``tidy`` is how its register writes names."""
        name, base, form = _parts(slot)
        if form in SEXED:
            return Filled(SEXED[form][not self.person(name, row).female])
        if base in ("origin", "destination"):
            return self._movement(name, base, row)
        if base in _DAYS:
            return self._day(name, base, row)
        if base in VALUES:
            return self._value(name, base, row)
        return self._person(name, form, row, tidy)

    def person(self, role: str, row: int) -> Person:
        key = role, row
        if key not in self._people:
            known = self._records.people.get(role) if role in OWN_ROLES else None
            found = known[row] if known else None
            self._people[key] = found or invented(
                self._random, self._names, role.rstrip("0123456789")
            )
        return self._people[key]

    def _person(self, role: str, form: str, row: int, tidy: Callable[[str], str]) -> Filled:
        person, random = self.person(role, row), self._random
        if not form:
            form = self._forms[self._drawn()]
        if len(person.given) < 2 and not self._records.exact:  # staff known by an initial
            form = _STAFF.get(form, "last")
        if self._records.exact and person.own:
            form = form if form in EXACT else "full"
            return Filled(FORMS[form](random, person), "PERSON", True, form)
        if person.given.isupper() or person.surname.isupper():
            person = person._replace(given=tidy(person.given), surname=tidy(person.surname))
        if form == "nick":
            short = nicknamed(random, person, self._names.nicknames)
            if short:
                return Filled(short, "PERSON", person.own, form)
            form = "first"
        return Filled(FORMS[form](random, person), "PERSON", person.own, form)

    def _drawn(self) -> int:
        at = self._random.random() * self._weights[-1]
        return next(i for i, edge in enumerate(self._weights) if at < edge)

    def _known(self, name: str, row: int) -> Any:  # noqa: ANN401 - text or date
        column = self._records.values.get(name)
        return column[row] if column else None

    def _value(self, name: str, base: str, row: int) -> Filled:
        spec, key, own = VALUES[base], (name, row), self._known(name, row)
        if key not in self._values:
            made = own if own is not None else spec.make(self._random, self._lists)
            self._values[key] = made
        value = self._values[key]
        known = own is not None
        if spec.write is None or (known and self._records.exact and base != "phone"):
            return Filled(value, spec.type, known, "as_is")
        text, form = spec.write(self._random, value, self._lists[spec.forms])
        return Filled(text, spec.type, known, form)

    def _day(self, name: str, base: str, row: int) -> Filled:
        own = self._known(name, row)
        day = self._values.get((name, row), own)
        if day is None:
            near = self._records.day[row]
            if base == "dob":
                day = ids.birth(self._random, near)
            elif name in ("date", "when"):
                day = near
            else:
                day = near - timedelta(days=ids.between(self._random, 1, 400))
        self._values[name, row] = day
        if own is not None and self._records.exact:
            return Filled(day.strftime("%m/%d/%Y"), "DATE_TIME", True, "as_is")
        text, form = ids.write_day(self._random, day, self._lists[_DAYS[base]])
        return Filled(text, "DATE_TIME", isinstance(own, date), form)

    def _movement(self, name: str, base: str, row: int) -> Filled:
        """A place on somebody's way, with the area it lies in: ``text|US-TX`` or ``text|HND``."""
        key = name, row
        if key not in self._values:
            known = self._known(name, row)
            self._values[key] = known or ids.one(self._random, self._lists["places"])
        names_, _, area = self._values[key].partition("|")
        text = ids.one(self._random, names_.split("/"))
        return Filled(text, "LOCATION", False, "place", (f"movement_{base}", area))
