"""Text that leaves, and codes that leave in its place. The engine finds one name and no other."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymize.keys import KeyRing
from anonymize.operators import text as module
from anonymize.operators.registry import REGISTRY, Identifying
from anonymize.outputs import misfits, output_schema
from anonymize.policy import Tally, bind
from anonymize.text import redactor
from anonymize.text.indicators import Indicator
from anonymize.text.replace import STYLES
from anonymize.text.spans import Span
from schemas.contract import Table
from schemas.errors import ContractError, PrivacyError
from schemas.vocabulary import OPERATORS
from tests.contracts import contract
from tests.unit.test_policy import decided

RING = KeyRing(bytes(range(32)), "test")


class Engine:
    """Finds every ``Quillfeather``; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.deliveries: set[object] = set()

    def find(self, texts, known=None, delivery=None):
        assert len(known) == len(texts)
        self.asked += texts
        self.deliveries.add(delivery)
        word = "Quillfeather"
        return [
            [
                Span(at, at + len(word), "PERSON")
                for at in range(len(text))
                if text.startswith(word, at)
            ]
            for text in texts
        ]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(redactor, "engine", lambda: made)
    return made


def notes(style: str = "pseudonym") -> Table:
    return Table(
        "Notes",
        (
            decided("Text", "redact", {"style": style}, classification="free-text"),
            decided("Codes", "indicators", copy_of="Text", classification="free-text"),
        ),
    )


def known(*places: int | None) -> Identifying:
    lists = pa.array([["Quillfeather"], ["Umber"]], pa.list_(pa.string()))
    return Identifying(pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), lists), None)


def leaves(texts, of=None, style="pseudonym", tally=None):
    table = notes(style)
    batch = pa.record_batch({"Text": pa.array(texts, pa.string())})
    of = of or known(*[0] * len(texts))
    made = bind(contract(table), RING).apply("Notes", batch, tally, of)
    assert made.schema == output_schema(table)
    assert misfits(table, made) == ()
    return made


# --- redact ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "expected"),
    [("remove", "Met ."), ("type", "Met <PERSON>."), ("pseudonym", "Met <PERSON_1>.")],
)
def test_a_text_leaves_without_what_identifies(engine, style, expected):
    made = leaves(["Met Quillfeather.", None, " "], style=style)
    assert made.column("Text").to_pylist() == [expected, None, None]


def test_the_styles_of_the_contract_are_those_there_are():
    assert OPERATORS["redact"]["style"].choices == STYLES


def test_the_same_text_of_the_same_record_is_masked_once(engine):
    texts = ["same", "same", "same", "other", "same"]
    made = leaves(texts, known(0, 0, 1, 1, None))
    assert made.column("Text").to_pylist() == texts
    assert sorted(engine.asked) == ["other", "same", "same", "same"], "one for each record"


def test_texts_are_masked_in_parts_of_bounded_size(engine, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    texts = [f"No. {n} Quillfeather" for n in range(10)]
    made = leaves(texts).column("Text").to_pylist()
    assert made == [f"No. {n} <PERSON_1>" for n in range(10)]


def test_what_is_too_long_for_a_narrative_becomes_unknown_and_is_counted(engine, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_TEXT", 20)
    tally = Tally()
    made = leaves(["x" * 20, "x" * 21, "Quillfeather " * 1 + "x" * 8], tally=tally)
    assert made.column("Text").to_pylist() == ["x" * 20, None, None]
    assert tally.unknown["Notes", "Text"] == 2


def test_a_batch_without_rows_has_its_columns(engine):
    assert leaves([], known()).num_rows == 0


def test_without_what_identifies_nothing_leaves(engine):
    policy = bind(contract(notes()), RING)
    with pytest.raises(PrivacyError, match=r"redact failed on Notes\.Text"):
        policy.apply("Notes", pa.record_batch({"Text": ["Quillfeather"]}))


def test_an_engine_that_fails_lets_nothing_out(engine, monkeypatch):
    def fails(*_):
        raise ValueError("Quillfeather")

    monkeypatch.setattr(engine, "find", fails)
    with pytest.raises(PrivacyError) as caught:
        leaves(["Quillfeather"])
    assert "Quillfeather" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_an_engine_that_loses_a_text_lets_nothing_out(engine, monkeypatch):
    monkeypatch.setattr(engine, "find", lambda texts, *_: [[] for _ in texts[1:]])
    with pytest.raises(PrivacyError):
        leaves(["one", "two"])


# --- indicators -----------------------------------------------------------------------------------

THREAT = Indicator("means", "meansThreats", "means-threats-1", 0.75, 0, 5)


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch):
    def found(texts):
        return [[THREAT, THREAT] if "threat" in text else [] for text in texts]

    monkeypatch.setattr("anonymize.text.indicators.read_all", found)


def test_indicators_leave_as_codes_and_silence_is_not_ignorance(engine, extractor):
    made = leaves(["a threat", "nothing", None]).column("Codes").to_pylist()
    one = {"kind": "means", "code": "meansThreats", "rule": "means-threats-1", "confidence": 0.75}
    assert made == [[one], [], None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "Quillfeather"},
        {"code": "Quillfeather"},
        {"kind": "venue"},  # of another kind
        {"rule": "Met Quillfeather"},
        {"rule": None},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": None},
    ],
)
def test_the_hub_refuses_what_no_extraction_gives(wrong):
    sound = {"kind": "means", "code": "meansThreats", "rule": "T-1", "confidence": 0.5}
    column = pa.array([[sound], [], None, [{**sound, **wrong}]], module.INDICATORS)
    fits = REGISTRY["indicators"].fits(notes().by_name["Codes"])
    assert fits(column.slice(0, 3))
    assert not fits(column)
    assert not fits(pa.array([[None]], module.INDICATORS))


@pytest.mark.parametrize("left", ["SSN 219-09-9999", "call (415) 555-0134", "ada@example.org"])
def test_the_hub_refuses_a_text_that_holds_what_looks_like_an_identifier(left):
    fits = REGISTRY["redact"].fits(notes().by_name["Text"])
    assert fits(pa.array(["<PERSON_1> left at <DATE_TIME_1>.", None]))
    assert not fits(pa.array(["<PERSON_1> left.", f"Note: {left}."]))


def test_the_hub_refuses_a_text_longer_than_any_that_leaves():
    fits = REGISTRY["redact"].fits(notes().by_name["Text"])
    assert fits(pa.array(["<PERSON_1> left.", None]))
    assert not fits(pa.array(["x" * (module.LONGEST_TEXT + 1)]))


# --- contracts ------------------------------------------------------------------------------------


def faults(table: Table, **given) -> str:
    with pytest.raises(ContractError) as caught:
        bind(contract(table, **given), RING)
    return str(caught.value)


def test_free_text_cannot_be_certified_as_safe_harbor():
    found = faults(notes(), profile="safe_harbor")
    assert "Notes.Text: `redact` is not allowed under safe_harbor (45 CFR 164.514(b)(2)" in found
    assert "Codes" not in found


def test_free_text_leaves_in_no_other_way():
    found = faults(Table("Notes", (decided("Text", "keep", classification="free-text"),)))
    assert "a free-text may not be `keep`; use drop or redact or indicators" in found


@pytest.mark.parametrize("operator", ["redact", "indicators"])
def test_only_free_text_is_read_as_text(operator):
    parameters = {"style": "type"} if operator == "redact" else {}
    found = faults(Table("Notes", (decided("Name", operator, parameters),)))
    assert f"Notes.Name: `{operator}` is for fields of class free-text" in found


def test_a_contract_that_lets_text_out_says_what_its_identifiers_are():
    name = decided("Name", "drop", classification="direct-identifier")
    table = Table("Notes", (*notes().fields, name))
    assert "Notes.Name: a text of Notes leaves redacted, so say what this field holds" in faults(
        table
    )
    odd = decided("Name", "drop", classification="direct-identifier", identifies="Quillfeather")
    assert "Notes.Name: identifies must be one of given_name" in faults(
        Table("Notes", (*notes().fields, odd))
    )
    said = decided("Name", "drop", classification="direct-identifier", identifies="family_name")
    bind(contract(Table("Notes", (*notes().fields, said))), RING)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("Missing", "which is not a field of Notes"),
        ("Codes", "which is itself looked up or a copy"),
    ],
)
def test_a_copy_is_made_of_a_field_that_is_delivered(source, says):
    copy = decided("More", "indicators", copy_of=source, classification="free-text")
    assert f"Notes.More: copyOf names {source}, {says}" in faults(
        Table("Notes", (*notes().fields, copy))
    )
