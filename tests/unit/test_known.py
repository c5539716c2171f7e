"""The search for what a record or a delivery knows."""

from __future__ import annotations

import pytest

from anonymize.text.known import DeliveryNames, Known
from anonymize.text.known.folding import fold, spelling
from anonymize.text.known.forms import exact_forms
from anonymize.text.known.identifiers import kind_of
from anonymize.text.spans import TYPES

RECORD = ["LOPEZ GARCIA, Maria", "(510) 555-0123", "7ABC123", "Golden Lotus Spa LLC", "24-001234"]


def masked(spans: list, text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.type) for span in spans]


def test_nothing_known_finds_nothing():
    assert Known.of(()).find("Maria Lopez called 510-555-0123") == []
    assert Known.of(["", " ", "-", "X"]).find("X - a") == []


def test_each_mention_has_the_type_of_its_identifier():
    text = "Maria Lopez (510-555-0123) of Golden Lotus Spa drove 7ABC 123, see 24-001234."
    assert masked(Known.of(RECORD).find(text), text) == [
        ("Maria Lopez", "PERSON"),
        ("510-555-0123", "PHONE_NUMBER"),
        ("Golden Lotus Spa", "ORGANIZATION"),
        ("7ABC 123", "LICENSE_PLATE"),
        ("24-001234", "CASE_NUMBER"),
    ]


def test_a_name_is_one_span_with_its_title_and_initials():
    text = "Ms. Maria J. Lopez-Garcia left. Garcia came."
    known = Known.of([*RECORD, "Jane Lopez"])
    assert masked(known.find(text), text) == [
        ("Ms. Maria J. Lopez-Garcia", "PERSON"),
        ("Garcia", "PERSON"),
    ]


def test_two_sentences_are_two_spans():
    text = "He saw Maria. Ana left."
    known = Known.of([*RECORD, "Ana Ruiz"])
    assert [one for one, _ in masked(known.find(text), text)] == ["Maria", "Ana"]


def test_one_field_may_hold_several_identifiers():
    text = "Ana or Big Lu at 213-555-0134 and 213 555 0177"
    known = Known.of(["Ana Paz aka Big Lu", "213-555-0134 / 213-555-0177"])
    assert [one for one, _ in masked(known.find(text), text)] == [
        "Ana",
        "Big Lu",
        "213-555-0134",
        "213 555 0177",
    ]


def test_a_full_name_is_masked_inside_a_longer_word():
    text = "see www.xxmarialopezxx.com"
    assert masked(Known.of(["Maria Lopez"]).find(text), text) == [("xxmarialopezxx", "PERSON")]


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("Anna Christou", "PERSON"),
        ("Big Mike", "PERSON"),
        ("a.b@mail.org", "EMAIL_ADDRESS"),
        ("@big_mike", "HANDLE"),
        ("bigmike92", "HANDLE"),
        ("+44 20 7946 0123", "PHONE_NUMBER"),
        ("123-45-6789", "US_SSN"),
        ("1990-12-31", "DATE_TIME"),
        ("12/31/1990", "DATE_TIME"),
        ("1990-13-31", "CASE_NUMBER"),
        ("7ABC123", "LICENSE_PLATE"),
        ("KLM 4471", "LICENSE_PLATE"),
        ("FD-2291-88", "CASE_NUMBER"),
        ("24-001234", "CASE_NUMBER"),
        ("1HGCM82633A004352", "ID"),
        ("1420 E 14th St Apt 5", "STREET_ADDRESS"),
        ("International Blvd", "STREET_ADDRESS"),
        ("Golden Lotus Spa", "ORGANIZATION"),
    ],
)
def test_the_form_of_an_identifier_tells_its_kind(identifier, kind):
    assert kind_of(identifier) == kind
    assert kind in TYPES


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("O'Brien-Smith", "o brien smith"),
        ("Nguyễn Thị", "nguyen thi"),
        ("Straße, Łódź", "strasse lodz"),
        ("Иван Щукин", "ivan shchukin"),
        ("so\u00adft Jose\u0301", "soft jose"),
        ("\u0661\u0662\u0663 \uff21", "123 a"),
        ("李明", "李明"),
    ],
)
def test_folding(text, folded):
    assert fold(text) == folded
    assert spelling(text) == folded.replace(" ", "")


def test_exact_forms_are_whole_identifiers_their_names_and_bare_numbers():
    assert exact_forms(["LOPEZ, Maria", "Will Price", "(510) 555-0123", "Rose", "12"]) == [
        "510 555 0123",
        "5105550123",
        "lopez",
        "lopez maria",
        "maria",
        "will price",
    ]


DELIVERY = DeliveryNames.of(
    ["Amara Okafor", "SILVA SANTOS, Joana Maria", "May Brown", "An Do", "Lê Thị Hoa"],
    ["Okafor", "Amara", "Silva", "May", "Brown"],
    ["(415) 555-0134", "+1 212 555 0199", "amara99@mail.org", "sugarbaby", "12-34"],
    ["24-0012345", "24-0012346", "HP24-12345", "77"],
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We met Amara Okafor.", ["Amara Okafor"]),
        ("we met okafor, amara there", ["okafor, amara"]),
        ("JOANA SILVA RAN", ["JOANA SILVA"]),
        ("Joana M. Santos ran", ["Joana M. Santos"]),
        ("Hoa Le and hoa thi le", ["Hoa Le", "hoa thi le"]),
        ("A friend, Okafor, said", ["Okafor"]),
        ("THE OKAFOR HOUSE", []),
        ("the okafor house", []),
        ("May and Brown went in May.", []),
        ("May Brown went.", ["May Brown"]),
        ("She will do an interview.", []),
        ("call 415.555.0134 or 4155550134", ["415.555.0134", "4155550134"]),
        ("call 212-555-0199 or 1 (212) 5550199", ["212-555-0199", "1 (212) 5550199"]),
        ("mail Amara99@mail.org or @sugarbaby", ["Amara99@mail.org", "sugarbaby"]),
        ("case 23-9999999, HP11-00000 and 12-34", ["23-9999999", "HP11-00000"]),
    ],
)
def test_names_and_numbers_of_a_delivery(text, found):
    assert [one for one, _ in masked(DELIVERY.find(text), text)] == found


def test_an_empty_delivery_finds_nothing():
    assert DeliveryNames.of([], [], [], []).find("Amara Okafor, 415-555-0134") == []


@pytest.mark.parametrize(
    ("word", "may"),
    [("So", True), ("TUNE", True), ("Zian", True), ("Bob", True), ("her", False), ("z", False)],
)
def test_what_word_may_be_a_name_of_the_record(word: str, may: bool) -> None:
    assert Known.of(["SO, ZIHAN", "TUNDE OKAFOR", "ROBERT", "4412"]).may_name(word) is may
    assert not Known.of([]).may_name(word)


@pytest.mark.parametrize(
    ("word", "held"), [("So", True), ("tunde", True), ("JUDGE", True), ("TUNE", False)]
)
def test_what_word_the_record_holds_as_a_name(word: str, held: bool) -> None:
    assert Known.of(["SO, ZIHAN", "TUNDE OKAFOR", "JUDGE BOND"]).holds(word) is held
    assert not Known.of([]).holds(word)
