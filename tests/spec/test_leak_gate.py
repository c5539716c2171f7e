"""What stops a delivery at the leak gate, and what does not.

Left what a record or a delivery knows, then a text that would leave, then the scope that stops it;
``None`` where it may leave.
"""

import pyarrow as pa
import pytest

from anonymize.gate.gate import Gate
from anonymize.identifiers import DeliveryIdentifiers
from schemas.contract import Table
from schemas.errors import LeakError
from tests.contracts import contract, field

#: Identifiers of the record, text, whether it is stopped.
OWN_RECORD = [
    # a name, however it is written
    ("Quillfeather", "Spoke with Quillfeather.", True),
    ("Quillfeather", "SPOKE WITH QUILLFEATHER'S MOTHER", True),
    ("Quillfeather", "quillfeather-jones left", True),
    ("Núñez", "Met Nunez there", True),
    ("Nunez", "Met NÚÑEZ there", True),
    ("Ольга", "Met Olga there", True),
    ("Quill", "Quillfeather left", False),
    ("Quillfeather", "<PERSON_1> left; <PERSON_1> came back", False),
    # full names, and each of their names
    ("Mary Quillfeather", "MARY  QUILLFEATHER", True),
    ("Mary Quillfeather", "Ms. Quillfeather", True),
    # a single name as one word only
    ("Ina Lopez", "lived in a hotel", False),
    ("Ina Lopez", "saw Ina there", True),
    ("De La Cruz", "de la Cruz", True),
    ("De La Cruz", "called dela Cruz", True),
    ("De La Cruz", "the house of la familia", False),
    # a usual word is masked where it is a name, and no search can tell
    ("Will", "She will return", False),
    ("May", "in May 2024", False),
    ("Rose", "He rose early", False),
    ("Will Grant", "saw WILL GRANT leave", True),
    # numbers, whatever separates their parts
    ("(415) 555-0134", "call 415.555.0134 now", True),
    ("415-555-0134", "tel:4155550134", True),
    ("26-001234", "case 26 001234", True),
    ("26-001234", "case 26-0012345", False),
    ("7ABC123", "plate 7abc 123", True),
    ("2231", "badge #2231", True),
    ("12", "12 pills", False),
    # contacts and addresses
    ("jane.doe@example.org", "jane.doe (at) example org", False),
    ("jane.doe@example.org", "mail: Jane.Doe@Example.org", True),
    ("1420 Harbor Blvd", "at 1420 HARBOR BLVD, apt 3", True),
    ("1420 Harbor Blvd", "near the harbor", False),
    ("Golden Lotus Massage", "the Golden Lotus Massage parlor", True),
    ("Golden Lotus Massage", "a massage parlor", False),
    # not across what was masked, nor from one text into the next
    ("Will Grant", "Will <PERSON_1> Grant", False),
]

#: Full names of other records, text, whether it is stopped.
OTHER_NAMES = [
    ("Mary Quillfeather", "saw Mary Quillfeather", True),
    ("Mary Quillfeather", "saw QUILLFEATHER, MARY", True),
    ("Mary Quillfeather", "saw mary-quillfeather", True),
    ("Mary Ann Quillfeather", "saw Mary Quillfeather", True),
    ("Mary Ann Quillfeather", "saw Quillfeather, Mary Ann", True),
    ("Josefina De la Torre", "DE LA TORRE, Josefina", True),
    ("Nguyen Thi Minh Khai", "Minh Khai Nguyen Thi", True),
    ("Ofc. Mary Quillfeather", "Mary Quillfeather", True),
    # single names are no stop
    ("Mary Quillfeather", "saw Quillfeather", False),
    ("Mary Quillfeather", "saw Mary", False),
    ("Ofc. Quillfeather", "Ofc. Quillfeather", False),
    ("M Quillfeather", "m quillfeather", False),
    ("Xi Le", "Xi Le", False),
    ("Quillfeather De La", "Quillfeather de la", False),
    ("Mary Quillfeather", "Quillfeather and Mary", False),
    # nor are names that any text may hold
    ("May Brown", "a may brown jacket", False),
    ("Will Grant", "the court will grant it", False),
    ("Jackson County", "Jackson County Sheriff", False),
    ("Washington Long", "Washington, long before", False),
    ("Austin Texas", "from Austin, Texas", False),
    ("Will Jackson", "will Jackson be safe", False),
    ("An Do", "an do", False),
    ("Wesson Smith", "a Smith & Wesson revolver", False),
    ("Unknown Unknown", "unknown, unknown", False),
    # two places are a name, unless a state is one of them
    ("Thomas Jackson", "Thomas Jackson left", True),
]

#: Numbers and contacts of other records, text, whether it is stopped.
OTHER_NUMBERS = [
    ("415-555-0134", "(415) 555 0134", True),
    ("415-555-0134", "+1 415 555 0134", True),
    ("+1 415 555 0134", "4155550134", True),
    ("26-001234", "case 26001234", True),
    ("king_ray88", "@king_ray88", True),
    ("jane.doe@example.org", "jane.doe@example.org", True),
    ("123456", "123456", False),
    ("rayraythedon", "@RayRayTheDon", True),
    ("unknown", "unknown", False),
    ("1234567", "12345678", False),
]

#: Text, whether it is stopped whoever's the identifier is.
FORMS = [
    ("SSN 123-45-6789", True),
    ("123 45 6789.", True),
    ("000-45-6789", False),
    ("666-45-6789", False),
    ("123-45-67890", False),
    ("(415) 555-0134", True),
    ("1-415-555-0134", True),
    ("415.555.0134,", True),
    ("call 4155550134", False),  # ten digits are also an amount, a reference, a time stamp
    ("215-055-0134", False),
    ("2015-415-555-0134", False),
    ("a.b+c@mail.example.org", True),
    ("a @ b", False),
    ("plate 7ABC123", True),
    ("LP: ABC-1234", True),
    ("plate was CA 7ABC123", True),
    ("license plate unknown", False),
    ("tag team 123", False),
    ("18 U.S.C. 1591(a), 34 U.S.C. 12291", False),
    ("$1,250,000 on 2024-03-01 at 1435 hours", False),
    ("Application no. 12345/02, judgment of 23 April 2002", False),
    ("<US_SSN_1> and <PHONE_NUMBER_2>", False),
]


def strings(*texts):
    return pa.array(texts, pa.string())


def scope_of(text, own=(), names=(), numbers=()):
    table = Table("Case", (field("Story", "redact", style="pseudonym"),))
    delivery = DeliveryIdentifiers(strings(*names), strings(), strings(*numbers), strings())
    gate = Gate.of(contract(table), table, delivery)
    known = pa.array([list(own)], pa.list_(pa.string()))
    made = pa.record_batch({"Story": strings(text)})
    try:
        gate.check(pa.array([1]), known, made)
    except LeakError as error:
        return error.scope
    return None


@pytest.mark.parametrize(("identifier", "text", "stops"), OWN_RECORD)
def test_identifiers_of_the_own_record(identifier, text, stops):
    expected = {"record", "pattern"} if stops else {None}
    assert scope_of(text, own=[identifier]) in expected


@pytest.mark.parametrize(("name", "text", "stops"), OTHER_NAMES)
def test_names_of_other_records(name, text, stops):
    assert scope_of(text, names=[name]) == ("delivery" if stops else None)


@pytest.mark.parametrize(("number", "text", "stops"), OTHER_NUMBERS)
def test_numbers_and_contacts_of_other_records(number, text, stops):
    assert scope_of(text, numbers=[number]) == ("delivery" if stops else None)


@pytest.mark.parametrize(("text", "stops"), FORMS)
def test_what_has_the_form_of_an_identifier(text, stops):
    assert scope_of(text) == ("pattern" if stops else None)
