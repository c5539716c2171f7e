"""Values as they are compared: one spelling for what means the same, nothing for unknown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from anonymize.encoding.hud import from_hud

#: What clerks write where they do not know.
UNKNOWN = frozenset(
    (
        *("unknown", "unk", "unknwn", "none", "null", "n/a", "nfn", "nln"),
        *("john doe", "jane doe", "not known", "not given", "refused", "declined", "withheld"),
        *("redacted", "x", "xx", "xxx", "-", "?", ".", "0"),
    )
)

#: What they write as well, and what people are called: Na and Nan are names, and so is Doe. In a
#: name it is unknown where the other name is unknown, too (``told_names``).
ALSO_NAMES = frozenset(("na", "nan", "doe"))
#: With these, Doe is nobody's surname.
_OF_DOE = ("john", "jane", "johnny", "janie", "baby", "child", "infant", "juvenile")

_PARTICLES = frozenset(
    (
        *("de", "del", "la", "las", "los", "da", "dos", "van", "von", "der", "den"),
        *("bin", "ibn", "al", "el"),
    )
)
_ISO = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?!\d)")
_US = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_WORDED = re.compile(
    r"(?:(\d{1,2})[-/. ]*)?([a-z]{3})[a-z]*[-/. ]*(?:(\d{1,2}),?[-/. ]+)?(\d{4}|\d{2})$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{2})$")
_YEAR = re.compile(r"(\d{4})(?:\.0)?$")
_NO_SSN = ("123456789", "987654321")
_TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "sr", "sra", "jr", "ii", "iii", "iv"])


def normalised_column(kind: str, values: pa.Array) -> pa.Array:
    """``normalised`` of every value, null included; called with distinct ones.

    Most values are plain: what has the kind's usual form is its own spelling, but for case and
    some signs. The others are looked at one by one.
    """
    usual = _USUAL.get(kind)
    if usual is None:
        return pa.array([normalised(kind, value) for value in values.to_pylist()], pa.string())
    form, instead = usual
    plain = pc.ascii_lower(pc.ascii_trim_whitespace(values))
    plain = pc.if_else(pc.match_substring_regex(plain, form), plain, None)
    unusual = pc.or_(
        pc.is_in(plain, value_set=_NOT_PLAIN), pc.match_substring_regex(plain, _NO_PLAIN_WORD)
    )
    plain = pc.if_else(unusual, None, plain)
    others = values.filter(plain.is_null()).to_pylist()
    spelled = pa.array([normalised(kind, value) for value in others], pa.string())
    plain = pc.replace_substring(plain, "-", instead)
    return pc.replace_with_mask(plain, plain.is_null(), spelled)


def told_names(
    given: pa.DictionaryArray, surname: pa.DictionaryArray
) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Names without those that the whole record shows to be no names: NA NA, Doe beside nothing,
    John Doe."""
    names = (given, surname)
    folded = [pc.utf8_lower(pc.utf8_trim_whitespace(name.dictionary)) for name in names]
    unsure = pa.array(ALSO_NAMES, pa.string())
    if not any(pc.any(pc.is_in(values, unsure)).as_py() for values in folded):
        return given, surname

    def among(words: Iterable[str], unknown: bool = False) -> list[pa.Array]:
        """Whether each record's given name is one of the words, and whether its surname is."""
        listed = [pc.is_in(values, pa.array(words, pa.string())) for values in folded]
        rows = [one.take(name.indices) for one, name in zip(listed, names, strict=True)]
        return [pc.fill_null(row, unknown) for row in rows]

    blank = among(("", *UNKNOWN, *ALSO_NAMES), unknown=True)
    (doe_first, doe_last), (first_of_doe, last_of_doe) = among(("doe",)), among(_OF_DOE)
    of_doe = pc.or_(pc.and_(first_of_doe, doe_last), pc.and_(last_of_doe, doe_first))
    nobody = pc.or_(pc.and_(*blank), of_doe)
    told = [pc.if_else(nobody, None, name.indices) for name in names]
    found = [
        pa.DictionaryArray.from_arrays(indices, name.dictionary)
        for indices, name in zip(told, names, strict=True)
    ]
    return found[0], found[1]


def normalised(kind: str, value: str | None) -> str:
    """``value`` in its one spelling; empty where it is unknown."""
    if value is None:
        return ""
    folded = folded_text(value).strip()
    if folded in UNKNOWN or _is_no_name(kind, folded):
        return ""
    if (hashed := from_hud(kind, folded)) is not None:
        return hashed
    return _BY_KIND.get(kind, _words)(folded)


def _is_no_name(kind: str, folded: str) -> bool:
    """Whether what may be a name is none here: in another field, or all there is of a full name."""
    if kind in ("given_name", "surname"):
        return False
    words = folded.split() if kind == "full_name" else [folded]
    return any(word in ALSO_NAMES for word in words) and set(words) <= UNKNOWN | ALSO_NAMES


def folded_text(value: str) -> str:
    """Lower case, without diacritics (NFKD)."""
    if value.isascii():
        return value.lower()
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _words(value: str) -> str:
    return " ".join(re.findall(r"\w+", value.replace("'", "").replace("_", " ")))


def _name(value: str) -> str:
    """Words without titles and particles, which come and go; all words where nothing is left."""
    words = _words(value).split()
    kept = [word for word in words if word not in _TITLES and word not in _PARTICLES]
    return " ".join(kept or words)


def _digits(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    return "" if not digits.strip("0") else digits


def _number(value: str) -> str:
    return _digits(value).lstrip("0") or _joined(value)


def _phone(value: str) -> str:
    digits = _digits(value)
    return digits[-10:] if len(digits) >= 7 else ""


def _joined(value: str) -> str:
    return re.sub(r"[\W_]", "", value)


def _ssn(value: str) -> str:
    """Nine digits or, of a masked number, the last four."""
    digits = _digits(value)
    if len(digits) < 4 or len(set(digits)) == 1 or digits in _NO_SSN:
        return ""
    return digits[-9:] if len(digits) >= 7 else digits[-4:]


def _date(value: str) -> str:
    """``YYYYMMDD``, with blanks for a part that is unknown (00 or left out)."""
    if found := _ISO.match(value):
        return _parts_of_date(*found.groups())
    if found := _US.match(value):
        month, sign, day, year = found.groups()
        # With dots the day stands first; there is no 13th month.
        if sign == "." or int(month) > 12:
            month, day = day, month
        return _parts_of_date(_full_year(year), month.zfill(2), day.zfill(2))
    if (found := _WORDED.match(value)) and found[2] in _MONTHS:
        day = found[1] or found[3] or "00"
        month = f"{_MONTHS.index(found[2]) + 1:02}"
        return _parts_of_date(_full_year(found[4]), month, day.zfill(2))
    if found := _YEAR_MONTH.match(value):
        return _parts_of_date(found[1], found[2], "00")
    found = _YEAR.match(value)
    return _parts_of_date(found[1], "00", "00") if found else ""


def _full_year(year: str) -> str:
    """Of two digits, 00 to 29 are 2000 to 2029, as Excel reads them."""
    return year if len(year) == 4 else f"{20 if year < '30' else 19}{year}"


def _parts_of_date(year: str, month: str, day: str) -> str:
    if year in ("0000", "1900", "1800", "9999") and (month, day) in (("01", "01"), ("00", "00")):
        return ""
    known = [part if part.strip("0") else " " * len(part) for part in (year, month, day)]
    return "".join(known) if any(part.strip() for part in known) else ""


_BY_KIND: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "given_name": _name,
        "surname": _name,
        "full_name": _name,
        "date": _date,
        "year": _digits,
        "phone": _phone,
        "ssn": _ssn,
        "number": _number,
        "postcode": _joined,
        "email": lambda value: "".join(value.split()),
        "sex": lambda value: value[:1],
    }
)

#: Of a plain value's words; a longer one alone may be a hash.
_WORDED_FORM = r"^[a-z]{1,31}$|^[a-z]+(?:[ -][a-z]+)+$"
#: By kind the form of plain values, and what a hyphen in them becomes.
_USUAL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("given_name", "surname", "full_name", "place", "text"), (_WORDED_FORM, " ")
        ),
        "date": (r"^(?:19[1-9]\d|20\d\d)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$", ""),
        "ssn": (r"^\d{9}$", ""),
    }
)
_NOT_PLAIN = pa.array(
    [*UNKNOWN, *ALSO_NAMES, *_NO_SSN, *(str(digit) * 9 for digit in range(10))], pa.string()
)
#: One of several words that may say nothing.
_SAYS_LITTLE = "|".join(sorted(_PARTICLES | _TITLES | ALSO_NAMES))
_NO_PLAIN_WORD = rf"[ -](?:{_SAYS_LITTLE})(?:[ -]|$)|^(?:{_SAYS_LITTLE})[ -]"
