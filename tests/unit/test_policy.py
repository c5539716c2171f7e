"""The policy fails closed: no binding with a fault, no rows after an error, no detail in it."""

import logging
import os
import traceback

import pyarrow as pa
import pytest

from anonymize.keys import KeyRing
from anonymize.operators import registry
from anonymize.outputs import misfits, output_schema, withheld_schema
from anonymize.policy import Tally, bind
from anonymize.profiles import PROFILES
from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from schemas.contract import Deidentification, Field, Lookup, Table
from schemas.errors import ContractError, PrivacyError
from schemas.vocabulary import CLASSIFICATIONS
from schemas.vocabulary import PROFILES as KNOWN_PROFILES
from tests.contracts import contract, field

RING = KeyRing(bytes(range(32)), "test")


def decided(name: str, operator: str, parameters: dict | None = None, **given) -> Field:
    return field(name, deidentification=Deidentification(operator, parameters or {}), **given)


CLIENT = Table(
    "Client",
    (
        decided(
            "PersonalID",
            "pseudonym",
            {"domain": "client"},
            output="client_token",
            primary_key=True,
            classification="direct-identifier",
        ),
        decided("FirstName", "drop", classification="direct-identifier"),
        decided(
            "DOB", "age_band", {"bands": "ctdc", "reference": "EntryDate"}, logical_type="date"
        ),
        decided("EntryDate", "period", {"to": "month"}, logical_type="date", output="entry_month"),
        decided("Count", "top_code", {"maximum": 5}),
    ),
)


def rows(**columns) -> pa.RecordBatch:
    return pa.record_batch({name: pa.array(v, pa.string()) for name, v in columns.items()})


BATCH = rows(
    PersonalID=["P1", "P2"],
    DOB=["2010-05-05", "Quillfeather"],
    EntryDate=["2024-05-20", "2024-06-01"],
    Count=["9", None],
)


def test_yields_exactly_the_columns_of_the_contract():
    made = bind(contract(CLIENT), RING).apply("Client", BATCH)
    assert made.schema == output_schema(CLIENT)
    assert made.schema.names == ["client_token", "DOB", "entry_month", "Count"]
    assert made.column("DOB").to_pylist() == ["9--17", None]
    assert made.column("Count").to_pylist() == [5, None]


def test_reads_only_what_operators_need():
    assert bind(contract(CLIENT), RING).inputs("Client") == (
        "PersonalID",
        "DOB",
        "EntryDate",
        "Count",
    )


def test_what_became_unknown_is_counted():
    tally = Tally()
    bind(contract(CLIENT), RING).apply("Client", BATCH, tally)
    assert tally.as_json() == {"unknown": {"Client.DOB": 1}, "dropped_columns": {}}


def test_a_column_that_is_not_in_the_contract_is_dropped_and_counted():
    tally = Tally()
    extra = BATCH.append_column("Moniker", pa.array(["Quillfeather", "x"]))
    extra = extra.append_column(ROW, pa.array([1, 2])).append_column(
        ACCEPTED, pa.array([True, True])
    )
    made = bind(contract(CLIENT), RING).apply("Client", extra, tally)
    assert made.schema == output_schema(CLIENT)
    assert tally.dropped == {"Client": 1}
    assert "Moniker" not in str(tally.as_json())


def test_a_column_that_is_missing_yields_no_rows():
    with pytest.raises(
        PrivacyError, match=r"operator top_code failed on Client\.Count \(KeyError\); no rows"
    ):
        bind(contract(CLIENT), RING).apply("Client", BATCH.drop_columns(["Count"]))


@pytest.mark.parametrize(
    "failing",
    [
        lambda columns: int("Quillfeather-Canary"),
        lambda columns: pa.array(["Quillfeather-Canary"]).cast(pa.int64()),
        lambda columns: columns["Quillfeather-Canary"],
        lambda columns: None,
        lambda columns: pa.array([1, 2], pa.int64()),  # of another type than promised
    ],
)
def test_an_error_inside_an_operator_carries_nothing_out(failing, monkeypatch, caplog):
    policy = bind(contract(CLIENT), RING)
    broken = registry.Operator(registry.REGISTRY["top_code"].output, lambda b: failing, None)
    monkeypatch.setattr("anonymize.policy.REGISTRY", {**registry.REGISTRY, "top_code": broken})
    policy = bind(contract(CLIENT), RING)
    with caplog.at_level(logging.DEBUG), pytest.raises(PrivacyError) as error:
        policy.apply("Client", BATCH)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None
    text = "".join(traceback.format_exception(error.value)) + caplog.text
    assert "Quillfeather-Canary" not in text.replace("lambda", "")
    assert "test_agency.feed" in str(error.value)


def test_withheld_rows_leave_their_key_s_tokens_and_nothing_else():
    policy = bind(contract(CLIENT), RING)
    batch = rows(
        PersonalID=["P1", None, "P1", ""], DOB=["x"] * 4, EntryDate=["x"] * 4, Count=["x"] * 4
    )
    made = policy.withheld("Client", batch)
    assert made.schema == withheld_schema(CLIENT) == pa.schema([("client_token", pa.string())])
    (token,) = set(made.column("client_token").to_pylist())
    assert made.num_rows == 2
    assert token == policy.apply("Client", BATCH).column("client_token")[0].as_py()


def test_a_key_that_is_kept_is_not_withheld_as_text():
    table = Table("T", (decided("Sequence", "keep", primary_key=True), decided("x", "keep")))
    assert len(withheld_schema(table)) == 0


# --- keys ---


def test_no_key_no_policy():
    with pytest.raises(
        PrivacyError, match=r"Client\.PersonalID is a pseudonym and there is no key"
    ):
        bind(contract(CLIENT), None)


def test_key_of_another_epoch_binds_nothing():
    with pytest.raises(PrivacyError, match="epoch test"):
        bind(contract(CLIENT), KeyRing(bytes(range(32)), "2025"))


def test_no_key_is_needed_where_nothing_is_keyed():
    table = Table("T", (decided("x", "keep"),))
    assert bind(contract(table), None).apply("T", rows(x=["a"])).num_rows == 1


def test_tokens_meet_across_tables_but_not_across_agencies_domains_or_epochs():
    def token(domain="client", agency="a", epoch="test", name="PersonalID"):
        table = Table("T", (decided(name, "pseudonym", {"domain": domain}),))
        policy = bind(
            contract(table, agency=agency, key_epoch=epoch), KeyRing(bytes(range(32)), epoch)
        )
        return policy.apply("T", rows(**{name: ["P1"]})).column(0)[0].as_py()

    assert token() == token(name="ClientID")
    others = [token(domain="household"), token(agency="b"), token(epoch="2027")]
    assert len({token(), *others}) == 4


# --- faults ---

FAULTS = {
    "unknown operator": (decided("x", "shuffle"), "unknown operator shuffle"),
    "missing parameter": (decided("x", "pseudonym"), "needs `domain"),
    "unknown parameter": (decided("x", "keep", {"salt": "s"}), "no parameter salt"),
    "wrong choice": (decided("x", "period", {"to": "week"}), "must be one of month"),
    "direct identifier kept": (
        decided("x", "keep", classification="direct-identifier"),
        "may not be `keep`",
    ),
    "free text kept": (decided("x", "keep", classification="free-text"), "may not be `keep`"),
    "shelter location coarsened": (
        decided("x", "zip3", classification="confidential-location"),
        "may not be `zip3`",
    ),
    "age without a reference": (
        decided("x", "age_band", {"bands": "ctdc"}),
        "needs `reference: <date field>`",
    ),
    "reference to nothing": (
        decided("x", "minor", {"reference": "absent"}),
        "which is not a field",
    ),
    "token with nothing": (
        decided("x", "pseudonym", {"domain": "d", "with": ["absent"]}),
        "which is not a field",
    ),
    "code list that is not there": (
        decided("x", "recode", {"codes": "absent", "column": "c"}),
        "no code list",
    ),
    "look-up into nothing": (
        decided("x", "keep", lookup=Lookup("Absent", "k", "c")),
        "which the contract lacks",
    ),
    "list without counties": (
        decided("x", "county", {"codes": "zip3_restricted"}),
        "no column county_fips",
    ),
    "exact date kept": (decided("x", "keep", logical_type="date"), "no exact date leaves"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_contract_with_a_fault_does_not_bind(name):
    faulty, says = FAULTS[name]
    with pytest.raises(ContractError) as error:
        bind(contract(Table("T", (faulty,))), RING)
    assert says in str(error.value)


def test_two_fields_must_not_leave_under_one_name():
    table = Table("T", (decided("a", "keep", output="x"), decided("b", "keep", output="x")))
    with pytest.raises(ContractError, match="two fields leave as x"):
        bind(contract(table), RING)


def test_tokens_of_one_domain_are_made_of_as_many_fields():
    one = Table(
        "A",
        (
            decided("n", "pseudonym", {"domain": "incident", "with": ["ori"]}),
            decided("ori", "drop"),
        ),
    )
    two = Table("B", (decided("n", "pseudonym", {"domain": "incident"}),))
    with pytest.raises(ContractError, match="would never meet"):
        bind(contract(one, two), RING)


def test_a_look_up_of_a_look_up_is_refused():
    lookup = Lookup("B", "k", "v")
    one = Table("A", (decided("k", "drop"), decided("x", "keep", lookup=lookup)))
    two = Table("B", (decided("k", "drop"), decided("v", "drop", lookup=Lookup("A", "k", "k"))))
    with pytest.raises(ContractError, match="itself looked up"):
        bind(contract(one, two), RING)


# --- profiles ---

#: Decision, and whether (Safe Harbor, a limited data set) allows it.
DECISIONS = [
    (decided("x", "zip3"), True, True),
    (decided("x", "county", {"codes": "zip3_restricted"}), False, True),
    (decided("x", "h3_cell", {"with": "y", "resolution": 3}), False, True),
    (decided("x", "h3_cell", {"with": "y", "resolution": 7}), False, False),
    (decided("x", "period", {"to": "year"}), True, True),
    (decided("x", "period", {"to": "quarter"}), False, True),
    (decided("x", "period", {"to": "month"}), False, True),
    (decided("x", "age_band", {"bands": "five_year", "unit": "years"}), True, True),
    (decided("x", "keep", logical_type="date"), False, False),
    (decided("x", "keep", logical_type="timestamp"), False, False),
    (decided("x", "keep"), True, True),
    (decided("x", "pseudonym", {"domain": "d"}), True, True),
    (decided("x", "drop", classification="direct-identifier"), True, True),
]


@pytest.mark.parametrize(("decision", "safe_harbor", "limited"), DECISIONS)
def test_profiles(decision, safe_harbor, limited):
    from anonymize.profiles import profile_faults

    table = Table("T", (decision, decided("y", "drop")))
    for profile, allowed in (("safe_harbor", safe_harbor), ("limited_data_set", limited)):
        faults = list(profile_faults(contract(table, profile=profile)))
        assert (not faults) == allowed, faults
        assert all("T.x" in fault for fault in faults)


def test_every_profile_is_defined_and_cites_its_source():
    assert set(PROFILES) == set(KNOWN_PROFILES)
    for prohibitions in PROFILES.values():
        assert all(one.cite and one.instead for one in prohibitions)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("classification", CLASSIFICATIONS)
def test_no_profile_lets_an_identifier_out_in_the_clear(profile, classification):
    from anonymize.profiles import profile_faults

    table = Table("T", (decided("x", "keep", classification=classification),))
    clear = not list(profile_faults(contract(table, profile=profile)))
    assert clear == (classification in ("quasi-identifier", "sensitive", "shareable"))


# --- what an output may look like ---

SHAPES = [
    (decided("x", "pseudonym", {"domain": "d"}), ["0" * 32, None], ["Quillfeather"]),
    (decided("x", "pseudonym", {"domain": "d"}), ["a" * 32], ["a" * 31]),
    (decided("x", "pseudonym", {"domain": "d"}), ["a" * 32], ["a" * 32 + "\n"]),
    (decided("x", "age_band", {"bands": "ctdc", "unit": "years"}), ["48+", None], ["17"]),
    (decided("x", "zip3"), ["941", "000"], ["94103"]),
    (
        decided("x", "h3_cell", {"with": "y", "resolution": 5}),
        ["85283083fffffff"],
        ["37.77,-122.4"],
    ),
    (
        decided("x", "recode", {"codes": "zip3_restricted", "column": "label"}),
        ["ZIP codes 036xx"],
        ["Quillfeather"],
    ),
    (decided("x", "keep", codes="zip3_restricted"), ["036", None], ["Quillfeather"]),
    (decided("x", "top_code", {"maximum": 5}), [0, 5, None], [6]),
    (decided("x", "top_code", {"maximum": 5}), [0], [-1]),
]


@pytest.mark.parametrize(("one", "good", "bad"), SHAPES)
def test_the_hub_sees_what_an_operator_cannot_have_made(one, good, bad):
    table = Table("T", (one,))
    schema = output_schema(table)
    assert misfits(table, pa.record_batch([pa.array(good, schema[0].type)], schema)) == ()
    assert misfits(table, pa.record_batch([pa.array([*good, *bad], schema[0].type)], schema)) == (
        "x",
    )
    assert misfits(table, pa.record_batch([pa.array([], schema[0].type)], schema)) == ()
    assert misfits(table, pa.record_batch([pa.array([None], schema[0].type)], schema)) == ()


def test_the_hub_sees_an_exact_date_in_a_period():
    from datetime import date

    table = Table("T", (decided("x", "period", {"to": "month"}),))
    schema = output_schema(table)
    assert misfits(table, pa.record_batch([pa.array([date(2024, 5, 1)])], schema)) == ()
    assert misfits(table, pa.record_batch([pa.array([date(2024, 5, 20)])], schema)) == ("x",)


def test_bound_policies_agree_between_processes():
    """Partitions are de-identified by different workers; their tokens must meet."""
    policy = bind(contract(CLIENT), RING)
    before = policy.apply("Client", BATCH)
    reader, writer = os.pipe()
    if os.fork() == 0:
        made = bind(contract(CLIENT), KeyRing(bytes(range(32)), "test")).apply("Client", BATCH)
        os.write(writer, made.column(0)[0].as_py().encode())
        os._exit(0)
    assert os.read(reader, 64).decode() == before.column(0)[0].as_py()
    os.wait()
