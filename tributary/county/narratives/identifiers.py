"""Numbers, contacts, places and dates of narratives: invented values and the ways to write them.

Shapes come from the files: ``#`` a digit, ``@`` a capital letter, ``~`` a hexadecimal digit. All
are fictitious where a range is kept free for that: telephones 555-01xx, Social Security areas of
900 and more with groups below 50, documentation domains and addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final, NamedTuple

_CAPITALS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
_WORDS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
)  # fmt: skip
#: Area codes in use: a parser of telephone numbers must accept them.
_AREAS: Final = (
    205, 212, 213, 214, 303, 305, 310, 312, 313, 314, 316, 402, 404, 405, 407, 408, 415, 469, 480,
    502, 503, 504, 509, 512, 515, 602, 605, 612, 614, 615, 617, 619, 702, 704, 713, 714, 717, 718,
    719, 720, 773, 786, 801, 803, 804, 816, 817, 818, 832, 904, 909, 910, 915, 916, 917, 918, 951,
    954, 956, 972, 201, 973,
)  # fmt: skip
_VIN_VALUES: Final = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", [*range(10), *range(1, 9), 1, 2, 3, 4, 5, 7, 9,
                                             *range(2, 10)], strict=True)
)  # fmt: skip
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


class Written(NamedTuple):
    """What stands in the text, and which form it is."""

    text: str
    form: str


Lists = Mapping[str, Any]


def one(random: Random, options: Sequence[Any]) -> Any:  # noqa: ANN401 - one of them
    """An option drawn evenly."""
    return options[int(random.random() * len(options))]


def shaped(random: Random, shape: str) -> str:
    """A value of a shape."""
    return re.sub("[#@~]", lambda m: one(random, _ALPHABETS[m.group()]), shape)


_ALPHABETS: Final = {"#": "0123456789", "@": _CAPITALS, "~": "0123456789abcdef"}


def between(random: Random, low: int, high: int) -> int:
    return low + int(random.random() * (high - low))


# --- telephones -----------------------------------------------------------------------------------


def phone(random: Random, _: Lists) -> str:
    return f"{one(random, _AREAS)}55501{between(random, 0, 100):02}"


def write_phone(random: Random, digits: str, shapes: Sequence[str]) -> Written:
    """Digits by a shape: ``#`` the digit, ``W`` its word, ``O`` a letter o for a zero, ``K`` as a
    keycap emoji, ``*`` one of all these. A shape with seven digits leaves the area code out."""
    shape = one(random, shapes)
    marks = sum(shape.count(mark) for mark in "#WOK*")
    left = iter(digits[-marks:])
    return Written(re.sub("[#WOK*]", lambda m: _digit(random, m.group(), next(left)), shape), shape)


def _digit(random: Random, mark: str, digit: str) -> str:
    if mark == "*":
        mark = one(random, "##WO")
    if mark == "W":
        return _WORDS[int(digit)]
    if mark == "K":
        return digit + "\ufe0f\u20e3"
    return "o" if mark == "O" and digit == "0" else digit


# --- numbers --------------------------------------------------------------------------------------


def ssn(random: Random, _: Lists) -> str:
    return (
        f"9{between(random, 0, 100):02}{between(random, 1, 50):02}{between(random, 1, 10_000):04}"
    )


def vin(random: Random, _: Lists) -> str:
    """17 characters whose ninth is the check digit (49 CFR 565.15)."""
    head = one(random, ("1HG", "2T1", "3FA", "JN1", "WBA", "5YJ", "KMH", "1FT", "4T1", "19U"))
    raw = shaped(random, head + "@@##@_@@######")
    total = sum(_VIN_VALUES[c] * w for c, w in zip(raw, _VIN_WEIGHTS, strict=True) if c != "_")
    check = "0123456789X"[total % 11]
    return raw[:8] + check + raw[9:]


def card(random: Random, _: Lists) -> str:
    """A payment card number that passes the Luhn test, in ranges of test cards."""
    digits = shaped(random, one(random, ("411111#########", "424242#########", "555555#########")))
    odd = sum(sum(divmod(2 * int(d), 10)) for d in digits[::2])
    return digits + str(-(odd + sum(int(d) for d in digits[1::2])) % 10)


def iban(random: Random, _: Lists) -> str:
    """A German account number with its check digits (ISO 7064)."""
    account = shaped(random, "##################")
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def crypto(random: Random, _: Lists) -> str:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    if random.random() < 0.5:
        return "bc1q" + "".join(one(random, "acdefghjklmnpqrstuvwxyz023456789") for _ in range(38))
    return "1" + "".join(one(random, alphabet) for _ in range(32))


def grouped(value: str, size: int, by: str) -> str:
    return by.join(value[at : at + size] for at in range(0, len(value), size))


def write_number(random: Random, value: str, forms: Sequence[str]) -> Written:
    """A number by one of the forms: as it is, in groups, last four, other punctuation."""
    form = one(random, forms)
    compact = re.sub(r"[\s-]", "", value)
    texts: dict[str, Callable[[], str]] = {
        "as_is": lambda: value,
        "compact": lambda: compact,
        "ssn_dashes": lambda: f"{compact[:3]}-{compact[3:5]}-{compact[5:]}",
        "ssn_spaces": lambda: f"{compact[:3]} {compact[3:5]} {compact[5:]}",
        "ssn_dots": lambda: f"{compact[:3]}.{compact[3:5]}.{compact[5:]}",
        "fours": lambda: grouped(compact, 4, " "),
        "fours_dashes": lambda: grouped(compact, 4, "-"),
        "threes": lambda: grouped(compact, 3, " "),
        "threes_dashes": lambda: grouped(compact, 3, "-"),
        "spaced": lambda: re.sub(r"(?<=[A-Za-z]{2})[ -]?(?=\d{2})", " ", value),
        "dashed": lambda: re.sub(r"(?<=[A-Za-z]{2})[ -]?(?=\d{2})", "-", value),
        "letter_spaced": lambda: re.sub(r"(?<=[A-Za-z])[ -]?(?=\d)", " ", value),
        "letter_dashed": lambda: re.sub(r"(?<=[A-Za-z])[ -]?(?=\d)", "-", value),
        "unzero": lambda: re.sub(r"-0+(?=\d)", "-", value),
        "hash": lambda: "#" + value,
    }
    return Written(texts[form](), form)


# --- contacts -------------------------------------------------------------------------------------

_DOMAINS: Final = ("example.com", "example.org", "example.net", "mail.example.com")


def email(random: Random, lists: Lists) -> str:
    name = re.sub("[^a-z]", "", one(random, lists["monikers"]).lower())
    return (
        f"{name}{one(random, '._-')}{shaped(random, one(random, ('##', '####', '@#')))}".lower()
        + f"@{one(random, _DOMAINS)}"
    )


def write_email(random: Random, value: str, forms: Sequence[str]) -> Written:
    form = one(random, forms)
    local, _, domain = value.partition("@")
    texts = {
        "as_is": value,
        "caps": value.upper(),
        "spelled": f"{local} at {domain.replace('.', ' dot ')}",
        "bracketed": f"{local}(at){domain.replace('.', '(dot)')}",
        "spaced": f"{local} @ {domain}",
        "angled": f"<{value}>",
    }
    return Written(texts[form], form)


def handle(random: Random, lists: Lists) -> str:
    base = re.sub("[^a-z]", one(random, ("", "_", ".")), one(random, lists["monikers"]).lower())
    shape = one(random, lists["handles"])
    return re.sub("#", lambda _: str(between(random, 0, 10)), shape).replace("NAME", base).lower()


def url(random: Random, lists: Lists) -> str:
    base = re.sub("[^a-z]", "-", one(random, lists["monikers"]).lower())
    shape = one(random, lists["urls"])
    return shaped(random, shape.replace("NAME", base)).lower()


# --- places ---------------------------------------------------------------------------------------


def street(random: Random, lists: Lists) -> str:
    """House number, street, often a flat."""
    number = between(random, 1, 13_999) if random.random() < 0.3 else between(random, 100, 3_999)
    name = f"{number} {one(random, lists['directions'])}{one(random, lists['streets'])}"
    return name + (shaped(random, one(random, lists["flats"])) if random.random() < 0.3 else "")


def write_street(random: Random, value: str, forms: Sequence[str]) -> Written:
    form = one(random, forms)
    text = value
    if form == "long":
        for short, long in _ENDINGS.items():
            text = re.sub(rf"\b{short}\b\.?", long, text)
        text = re.sub(r"\b(?:Apt\.?|#) ?(?=\w)", "Apartment ", text)
    elif form == "short":
        for short, long in _ENDINGS.items():
            text = re.sub(rf"\b{long}\b", short, text)
        text = re.sub(r",? (?:Apt\.?|Unit) ", " #", text)
    elif form == "dotted":
        text = re.sub(rf"\b({'|'.join(_ENDINGS)})\b(?!\.)", r"\1.", text)
    elif form == "no_flat":
        text = re.sub(r",? (?:Apt|Unit|Lot|#).*$", "", text)
    elif form == "no_ending":
        text = re.sub(rf" (?:{'|'.join(_ENDINGS)})\b.*$", "", text)
    return Written(text, form)


_ENDINGS: Final = {"St": "Street", "Ave": "Avenue", "Rd": "Road", "Dr": "Drive", "Ln": "Lane",
                   "Ct": "Court", "Blvd": "Boulevard", "Pl": "Place", "Hwy": "Highway",
                   "Pkwy": "Parkway"}  # fmt: skip


def block(random: Random, lists: Lists) -> str:
    return f"{between(random, 1, 99)}00 blk {one(random, lists['streets'])}"


def crossing(random: Random, lists: Lists) -> str:
    one_, other = one(random, lists["streets"]), one(random, lists["streets"])
    return f"{one_}{one(random, lists['crossings'])}{other}"


def coordinates(random: Random, lists: Lists) -> str:
    """WGS 84 degrees, as phones and dispatch systems write them."""
    north, west = 25.2 + random.random() * 23, 70.1 + random.random() * 52
    form = one(random, lists["coordinates"])
    return str(form.format(
        n=north, w=west, nd=int(north), nm=north % 1 * 60, ns=north * 60 % 1 * 60,
        wd=int(west), wm=west % 1 * 60, ws=west * 60 % 1 * 60,
    ))  # fmt: skip


def address_ip(random: Random, _: Lists) -> str:
    if random.random() < 0.2:
        return "2001:db8:" + ":".join(shaped(random, "~~~~") for _ in range(6))
    head = one(random, ("192.0.2", "198.51.100", "203.0.113", "10.12.4", "172.16.9"))
    return f"{head}.{between(random, 1, 255)}"


def imei(random: Random, _: Lists) -> str:
    """15 digits, the last a Luhn digit."""
    digits = shaped(random, "35#########" + "###")
    doubled = sum(sum(divmod(2 * int(d), 10)) for d in digits[1::2])
    return digits + str(-(doubled + sum(int(d) for d in digits[::2])) % 10)


# --- days and times -------------------------------------------------------------------------------


def birth(random: Random, day: date) -> date:
    """A date of birth: teenagers and adults."""
    years = between(random, 14, 18) if random.random() < 0.3 else between(random, 18, 55)
    return day - timedelta(days=years * 365 + between(random, 0, 365))


def write_day(random: Random, value: date, forms: Sequence[str]) -> Written:
    """By a ``strftime`` form, in which ``%-d`` and ``%-m`` have no zero and ``%o`` is 1st, 2nd."""
    form = one(random, forms)
    number = value.day
    end = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    ready = form.replace("%-d", str(number)).replace("%-m", str(value.month))
    ready = ready.replace("%o", f"{number}{end}").replace("%^b", value.strftime("%b").upper())
    return Written(value.strftime(ready), form)


def clock(random: Random, lists: Lists) -> str:
    hour, minute = between(random, 0, 24), between(random, 0, 60)
    half = "am" if hour < 12 else "pm"
    return str(one(random, lists["clocks"]).format(
        h=hour, m=minute, h12=hour % 12 or 12, half=half, HALF=half.upper(), round=minute // 15 * 15
    ))  # fmt: skip
