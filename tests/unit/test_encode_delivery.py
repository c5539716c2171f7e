"""Encodings of a delivery: what leaves, the same every time, and what of it tells on nobody."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from anonymize.encoding.columns import as_batch, encoding_columns, from_batch, ill_formed
from anonymize.encoding.delivery import MOST_FORMS, RARITY_FROM
from schemas.contract import Contract
from schemas.errors import ContractError, SettingsError
from schemas.linkage import agreed_schema
from schemas.odcs import contracts
from tests.encodings import ELSEWHERE, SECRET, Encoding, encoding, hud_name, hud_ssn
from tests.hmis import archive, client, enrollment, structure
from tests.rms_exports import VICTIM, export

__all__ = ["encoding"]
HMIS, RMS = contracts()["county_coc.hmis"], contracts()["harbor_police.rms"]
SCHEMA = agreed_schema("county")
SOUND = "block_given_name.sound+surname.sound+date_of_birth.year"


def hmis(people: Iterable[Mapping[str, str]]) -> io.BytesIO:
    """A full refresh of clients, each with a stay at an ordinary project."""
    files = structure()
    files["Client"] = [client(f"C{n}", **person) for n, person in enumerate(people)]
    files["Enrollment"] = [enrollment(f"E{n}", f"C{n}", "P") for n in range(len(files["Client"]))]
    return archive(files)


def people(count: int) -> list[dict[str, str]]:
    letters = "abcdefghijklmnoprstuvw"
    return [
        {
            "FirstName": f"{letters[n % 19]}a{letters[n % 7]}on",
            "LastName": f"{letters[n % 13]}o{letters[n % 11]}ell",
            "DOB": f"{1960 + n % 40}-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
            "SSN": f"{219_000_000 + n}",
        }
        for n in range(count)
    ]


def police(*rows: Mapping[str, str]) -> io.BytesIO:
    return io.BytesIO(export({**VICTIM, **row} for row in rows))


def test_what_leaves_are_tokens_and_bits(encoding: Encoding) -> None:
    made = encoding(HMIS, hmis(people(60)))
    schema = made.file.rows.schema
    assert schema.remove_metadata() == encoding_columns(SCHEMA)
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in made.file.column("token"))
    texts = {field.name for field in schema if not pa.types.is_fixed_size_binary(field.type)}
    assert {schema.field(name).type for name in texts} == {pa.string(), pa.uint64(), pa.int8()}
    assert [name for name in texts if schema.field(name).type == pa.string()] == ["token"]
    assert (made.counts.persons, made.counts.fakes, made.file.rows.num_rows) == (60, 3, 63)
    assert not ill_formed(made.file.rows)
    plain = {text.encode() for person in people(60) for text in person.values()}
    assert not [text for text in plain if text in made.file.content]


def test_the_order_is_not_that_of_the_file(encoding: Encoding) -> None:
    made = encoding(HMIS, hmis(people(60)))
    again = encoding(HMIS, hmis(people(60)[::-1]))
    tokens = made.file.column("token")
    assert tokens != sorted(tokens)
    # clients have other numbers in a file turned round, so only the set of bits is the same
    assert sorted(again.file.column("token")) == sorted(tokens)


def test_the_same_delivery_gives_the_same_bytes_whatever_the_order_of_its_rows(
    encoding: Encoding,
) -> None:
    rows = [
        {"Case Number": f"25-{n:06d}", "MNI": str(n // 2), "First Name": f"Ana{'bc'[n % 2]}"}
        for n in range(40)
    ]
    first = encoding(RMS, police(*rows))
    again = encoding(RMS, police(*rows))
    turned = encoding(RMS, police(*rows[::-1]))
    assert first.file.content == again.file.content == turned.file.content


@pytest.mark.parametrize("secrets", [{"agreed": ELSEWHERE}, {"node": ELSEWHERE}])
def test_another_secret_gives_other_bits(encoding: Encoding, secrets: dict[str, bytes]) -> None:
    mine, other = encoding(HMIS, hmis(people(40))), encoding(HMIS, hmis(people(40)), **secrets)
    known = set(mine.file.column(SOUND)) - {None}
    theirs = set(other.file.column(SOUND)) - {None}
    if "agreed" in secrets:  # no token is the same
        assert not known & theirs
        assert mine.file.epoch.keys != other.file.epoch.keys, "the hub can tell"
        assert set(mine.file.column("token")) == set(other.file.column("token"))
    else:  # another agency: it meets this one in the tokens of blocks, and in nothing else
        assert len(known & theirs) == 40
        assert mine.file.epoch.keys == other.file.epoch.keys
        assert not set(mine.file.column("token")) & set(other.file.column("token"))
        filters = "filter_surname"
        assert not set(mine.file.column(filters)) & set(other.file.column(filters))


def test_a_short_secret_encodes_nobody(encoding: Encoding) -> None:
    with pytest.raises(SettingsError):
        encoding(HMIS, hmis(people(3)), agreed=b"short")


def test_two_epochs_have_two_files_and_nothing_in_common(encoding: Encoding) -> None:
    made = encoding(_with(HMIS, epochs=("2027", "2026")), hmis(people(40)))
    old = encoding(HMIS, hmis(people(40)), delivery_id="before").file
    new, same = made.files
    assert (new.epoch.epoch, same.epoch.epoch) == ("2027", "2026")
    assert same.rows.equals(old.rows)
    assert new.column("token") == same.column("token")
    assert not (set(new.column(SOUND)) & set(same.column(SOUND))) - {None}
    assert not set(new.column("filter_surname")) & set(same.column("filter_surname"))


def test_noise_cannot_be_averaged_away_over_deliveries(encoding: Encoding) -> None:
    """The record that comes again has the bits it had, among other records and in another place."""
    first = encoding(HMIS, hmis(people(40)), delivery_id="d1").file
    moved = [{**p, "DOB": "1971-01-02"} if n == 7 else p for n, p in enumerate(people(60))]
    second = encoding(HMIS, hmis(moved), delivery_id="d2").file
    again = {row["token"]: row for row in second.rows.to_pylist()}
    both = [(row, again[row["token"]]) for row in first.rows.to_pylist() if row["token"] in again]
    changed = [row for row, later in both if row["filter_surname"] != later["filter_surname"]]
    dates = [
        row for row, later in both if row["filter_date_of_birth"] != later["filter_date_of_birth"]
    ]
    # of real persons one date changed; fakes take the values of others, and few of them change
    assert len(both) == 42 and len(changed) <= 2 and 1 <= len(dates) <= 3


def test_equal_values_of_two_persons_have_different_filters(encoding: Encoding) -> None:
    twins = [{**people(1)[0], "FirstName": name} for name in ("Ana", "Bea")]
    found = encoding(HMIS, hmis(twins)).file.column("filter_surname")
    assert found[0] != found[1]


def test_fakes_come_again_with_a_full_refresh_and_are_new_where_deliveries_add_up(
    encoding: Encoding,
) -> None:
    first, second = (
        encoding(HMIS, hmis(people(40)), delivery_id=name).file for name in ("d1", "d2")
    )
    assert first.epoch.fakes == 2 and first.content == second.content
    victims = [{"Case Number": f"25-{n:06d}", "MNI": str(n)} for n in range(40)]
    first, second = (
        set(encoding(RMS, police(*victims), delivery_id=name).file.column("token"))
        for name in ("d3", "d4")
    )
    assert len(first ^ second) == 4


def test_forms_of_a_person_s_identity_stand_side_by_side_and_are_limited(
    encoding: Encoding,
) -> None:
    names = ["ANA", "ANA", "Anna", *(f"An{letter}" for letter in "bcdefghijklm")]
    rows = [
        {"Case Number": f"25-{n:06d}", "MNI": "7", "First Name": name}
        for n, name in enumerate(names)
    ]
    made = encoding(RMS, police(*rows, {"Case Number": "25-000900", "MNI": "8"}))
    tokens = Counter(made.file.column("token"))
    assert (made.counts.persons, made.counts.forms) == (2, MOST_FORMS + 1)
    assert sorted(tokens.values()) == [1, MOST_FORMS]
    assert made.given["given_name"].count("ANA") == 1


def test_what_stands_for_an_unknown_name_is_no_name(encoding: Encoding) -> None:
    """Placeholders of the contract: two people called "Business" are not one."""
    names = {"First Name": "UNKNOWN", "Last Name": " Business", "DOB": ""}
    made = encoding(RMS, police({"MNI": "1", **names}))
    assert (made.given["given_name"], made.given["surname"]) == ([None], [None])


def test_who_is_unknown_in_every_field_is_not_encoded(encoding: Encoding) -> None:
    blank = dict.fromkeys(("First Name", "Last Name", "DOB", "Sex"), "")
    made = encoding(RMS, police({"MNI": "1"}, {"Case Number": "25-000124", "MNI": "2", **blank}))
    assert made.counts.persons == 1


def test_who_was_set_aside_is_not_encoded(encoding: Encoding) -> None:
    """By a row check, or by a rule over tables."""
    rows = [{"MNI": str(n), "Case Number": f"25-{n:06d}", "First Name": f"An{n}"} for n in range(4)]
    aside = {"involvement": np.array([2])}
    made = encoding(RMS, police(*rows), refused_rows=[1], quarantined=aside)
    assert sorted(made.given["given_name"]) == ["An2", "An3"]


def test_a_delivery_of_nobody_has_a_file_of_no_rows(encoding: Encoding) -> None:
    made = encoding(RMS, police({"Involvement": "SUS"}))
    assert made.file.rows.num_rows == 0 and made.file.epoch.fakes == 0


def test_agencies_compare_dates_and_sexes_however_they_write_them(encoding: Encoding) -> None:
    """HMIS codes a sex 0 or 1 and the police F or M; dates are written in any listed form."""
    who = {"FirstName": "Ana", "LastName": "Oak", "Sex": "0", "DOB": "17-MAY-1990"}
    encoding(HMIS, hmis([who]))
    mine = encoding(HMIS, hmis([who])).given
    theirs = encoding(RMS, police({"DOB": "05/17/1990", "Sex": "FEMALE"})).given
    for name, value in (("date_of_birth", "1990-05-17"), ("sex", "Woman")):
        assert mine[name] == theirs[name] == [value]


def test_few_records_tell_no_rarity(encoding: Encoding) -> None:
    few = encoding(HMIS, hmis(people(50))).file
    assert set(few.column("rarity_surname")) == {None}


def test_enough_records_tell_it(encoding: Encoding) -> None:
    many = encoding(HMIS, hmis(people(RARITY_FROM))).file
    assert None not in many.column("rarity_surname")


def test_encodings_go_through_columns_and_back(encoding: Encoding) -> None:
    file = encoding(HMIS, hmis([*people(5), {"FirstName": "Ana"}])).file
    again = as_batch(file.rows.column("token"), file.encoded)
    assert again.equals(file.rows)
    part = from_batch(file.rows.slice(2), SCHEMA)
    assert np.array_equal(part.filters["surname"], file.encoded.filters["surname"][2:])


def test_a_text_in_a_filter_is_found() -> None:
    empty = pa.RecordBatch.from_pylist([], schema=encoding_columns(SCHEMA))
    row = dict.fromkeys(empty.schema.names)
    for wrong, told in (
        ({"filter_surname": b"Quillfeather".ljust(32, b"\0")}, ("filter_surname",)),
        ({"filter_surname": bytes(range(0x80, 0xA0))}, ()),
        ({"token": "Quillfeather"}, ("token",)),
    ):
        batch = pa.RecordBatch.from_pylist(
            [{**row, "token": "a" * 32, **wrong}], schema=encoding_columns(SCHEMA)
        )
        assert ill_formed(batch) == told
    assert ill_formed(empty) == ()


def test_a_contract_with_a_fault_encodes_nobody(encoding: Encoding) -> None:
    assert RMS.linkage is not None
    everybody = replace(RMS, linkage=replace(RMS.linkage, where={}))
    with pytest.raises(ContractError, match="victims alone"):
        encoding(everybody, police({}))


def test_what_came_hashed_meets_what_came_plain(encoding: Encoding) -> None:
    """HashStatus 4: names as SHA-256 of their Soundex, numbers as last four and SHA-256."""
    plain = {"FirstName": "Maria", "LastName": "Lopez", "DOB": "1990-05-17", "SSN": "219094321"}
    hashed = {
        **plain,
        "FirstName": hud_name("M600"),
        "LastName": hud_name("L120"),
        "SSN": hud_ssn("219094321"),
    }
    mine = encoding(HMIS, hmis([plain]), node=SECRET).file.rows.to_pylist()[0]
    theirs = encoding(HMIS, hmis([hashed]), node=ELSEWHERE).file.rows.to_pylist()[0]
    shared = {name for name in mine if name.startswith("block_") and mine[name] == theirs[name]}
    assert {name for name in shared if mine[name] is not None and "~" not in name} == {
        "block_surname.sound+date_of_birth.full",
        "block_given_name.sound+date_of_birth.full",
        "block_given_name.sound+surname.sound+date_of_birth.year",
        "block_given_name.sound+surname.sound+date_of_birth.month_day",
        "block_given_name.initial+date_of_birth.turned",
        "block_ssn.whole+date_of_birth.year",
        "block_ssn.whole+given_name.sound",
        "block_ssn.whole+surname.sound",
    }
    assert theirs["filter_given_name"] is theirs["filter_surname"] is theirs["filter_ssn"] is None


@pytest.mark.parametrize(
    "nothing",
    [
        {"FirstName": "5f4dcc3b5aa765d61d8327deb882cf99", "LastName": "a" * 64},  # none of HUD's
        {"FirstName": hud_name(""), "SSN": hud_ssn("000000000")},
        {"SSN": hud_ssn("123456789")},
        {"SSN": "4321" + "0" * 40},
    ],
)
def test_what_only_looks_like_a_hash_says_nothing(
    encoding: Encoding, nothing: dict[str, str]
) -> None:
    names = {"FirstName": "", "LastName": "", "SSN": ""}
    row = encoding(HMIS, hmis([{**names, **nothing, "DOB": "1990-05-17"}])).file.rows.to_pylist()[0]
    assert not [name for name, value in row.items() if name.startswith("block_") and value]


def test_a_hashed_number_of_known_ending_alone_is_no_whole_number(encoding: Encoding) -> None:
    hashed = {"FirstName": "Ana", "LastName": "Oak", "SSN": hud_ssn("xxxxx4321")}
    row = encoding(HMIS, hmis([hashed])).file.rows.to_pylist()[0]
    assert not [n for n, value in row.items() if n.startswith("block_ssn") and value is not None]


def test_among_hashed_numbers_those_of_fakes_are_hashed_too(encoding: Encoding) -> None:
    hashed = [
        {**p, "FirstName": hud_name("A500"), "LastName": hud_name("O200"), "SSN": hud_ssn(p["SSN"])}
        for p in people(60)
    ]
    made = encoding(HMIS, hmis(hashed))
    assert made.counts.fakes == 3
    assert set(made.file.column("filter_ssn")) == {None}
    assert None not in made.file.column("block_ssn.whole+date_of_birth.year")


def _with(contract: Contract, **changed: object) -> Contract:
    assert contract.linkage is not None
    return replace(contract, linkage=replace(contract.linkage, **changed))
