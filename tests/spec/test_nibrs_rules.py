"""Every rule of the NIBRS flat file, each by an incident that breaks it and the lines it names.

Each rule runs for itself here (``tests.nibrs.broken_rules``). A case may break further rules, as a
real fault often does; what matters is that its own rule names exactly the lines given.
"""

from __future__ import annotations

import pytest

from schemas.catalogue import rules_of
from tests.nibrs import SOCIETY, broken_rules, incident, segment, text

Fields = dict[str, str]
UNKNOWN = {"offender_sequence": "00", "age": "", "sex": "", "race": ""}
BUSINESS = {**SOCIETY, "victim_type": "B"}
DRUG = {"offense_code": "35A", "weapon_1": "", "criminal_activity_1": "P"}
SEIZED = {"loss": "6", "description_1": "10", "value_1": "", "drug_1": "E", "drug_measure_1": "GM"}
THEFT = {"offense_code": "23D", "weapon_1": ""}
ROBBED = {"offense_code_1": "120"}


def whole(
    *property_segments: Fields,
    admin: Fields | None = None,
    offenses: tuple[Fields, ...] = ({},),
    victims: tuple[Fields, ...] = ({},),
    offenders: tuple[Fields, ...] = ({},),
    arrestees: tuple[Fields, ...] = (),
) -> list[str]:
    """An incident; lines in the order of their levels, so that the administrative one is row 1."""
    levels = {
        "1": (admin or {},),
        "2": offenses,
        "3": property_segments,
        "4": victims,
        "5": offenders,
        "6": arrestees,
    }
    return [segment(level, **fields) for level, each in levels.items() for fields in each]


def of(offense: str, **victim: str) -> dict[str, tuple[Fields, ...]]:
    """One offense without weapon, and one victim connected to it."""
    return {
        "offenses": ({"offense_code": offense, "weapon_1": ""},),
        "victims": ({"offense_code_1": offense, **victim},),
    }


def armed(offense: str, *weapons: str, **victim: str) -> dict[str, tuple[Fields, ...]]:
    """One offense with weapons, and one victim connected to it."""
    named = {f"weapon_{n}": weapon for n, weapon in enumerate(weapons, 1)}
    return {
        "offenses": ({"offense_code": offense, **named},),
        "victims": ({"offense_code_1": offense, **victim},),
    }


def with_age(level: int, age: str) -> list[str]:
    """An incident (level 7: an arrest) in which the person of that level has this age."""
    if level == 7:
        return [segment("7", age=age)]
    return whole(
        victims=({"age": age} if level == 4 else {},),
        offenders=({"age": age} if level == 5 else {},),
        arrestees=({"age": age},) if level == 6 else (),
    )


HEALTHY = {
    "trafficking, a child and two offenders": whole(
        victims=({"offender_2": "02", "relationship_2": "RU"},),
        offenders=({}, {"offender_sequence": "02", "age": "2530"}),
        arrestees=({},),
    ),
    "servitude, unknown offender": whole(
        **armed("64B", "99", relationship_1="", offender_1="00"), offenders=(UNKNOWN,)
    ),
    "prostitution, a child arrested": whole(
        offenses=({"offense_code": "40A", "weapon_1": ""},),
        victims=({"offense_code_1": "40A", **SOCIETY},),
        offenders=({"age": "15"},),
        arrestees=({"offense_code": "40A", "age": "15", "disposition": "R"},),
    ),
    "theft of a business": whole(
        {}, offenses=(THEFT,), victims=({**BUSINESS, **of("23D")["victims"][0]},)
    ),
    "drugs": whole(SEIZED, offenses=(DRUG,), victims=({"offense_code_1": "35A", **SOCIETY},)),
    "attempted robbery": whole(
        {"loss": "1", "description_1": "", "value_1": ""},
        offenses=({"offense_code": "120", "attempted": "A", "weapon_1": "12"},),
        victims=(ROBBED,),
    ),
    "cleared exceptionally": whole(
        admin={"cleared_exceptionally": "A", "clearance_date": "20260401"},
        offenders=({"race": "W"},),
    ),
    "deleted": [segment("1", action="D")],
    "group B": [segment("7"), segment("7", "B", age="17", disposition="H")],
    "group B deleted by its number alone": [
        segment("7", action="D", usual=False, arrestee_sequence="01")
    ],
    "nothing to report": [segment("0")],
}


@pytest.mark.parametrize("lines", HEALTHY.values(), ids=HEALTHY)
def test_a_sound_report_breaks_no_rule(lines: list[str]) -> None:
    assert broken_rules(text(*lines)) == {}


one, two, four, five = incident()
BUSINESS_23D = {"offenses": (THEFT,), "victims": ({**BUSINESS, "offense_code_1": "23D"},)}
CASES: dict[str, tuple[list[str], list[int]]] = {
    "NIBRS-051": ([one, two, four[:4] + "8" + four[5:], five], [3]),
    "NIBRS-LENGTH": ([one, two, four[:-9], five], [3]),
    "NIBRS-TEXT": ([one, two, four[:60] + "\xe4" + four[61:], five], [3]),
    # reports that follow each other
    "NIBRS-056": ([*incident(), *incident()], [5]),
    "NIBRS-REPLACED-1": ([*incident(), segment("1", action="D"), *incident()], [1, 5]),
    "NIBRS-REPLACED-2": ([*incident(), segment("1", action="D"), *incident()], [2]),
    "NIBRS-REPLACED-3": ([one, segment("3"), segment("1", action="D")], [2]),
    "NIBRS-REPLACED-4": ([*incident(), segment("1", action="D"), *incident()], [3]),
    "NIBRS-REPLACED-5": ([*incident(), segment("1", action="D"), *incident()], [4]),
    "NIBRS-REPLACED-6": ([one, segment("6"), segment("1", action="D")], [2]),
    "NIBRS-REPLACED-7": (
        [segment("7"), segment("7", action="D"), segment("7"), segment("7", "B")],
        [1, 2],
    ),
    "NIBRS-751": ([segment("7"), segment("7"), segment("7", arrestee_sequence="02")], [2]),
    # an incident is whole
    "NIBRS-055-2": ([two, *incident("B")], [1]),
    "NIBRS-055-3": ([segment("3"), *incident("B")], [1]),
    "NIBRS-055-4": ([four, *incident("B")], [1]),
    "NIBRS-055-5": ([segment("1", action="D"), five], [2]),
    "NIBRS-055-6": ([segment("6"), *incident("B")], [1]),
    "NIBRS-075": ([one, two, four, *incident("B")], [1]),
    # levels 0 and 1
    "NIBRS-092": ([segment("0", incident_number="26-000001")], [1]),
    "NIBRS-094": ([segment("0", reporting_month="052026")], [1]),
    "NIBRS-101": (whole(admin={"cleared_exceptionally": ""}), [1]),
    "NIBRS-153": (whole(admin={"clearance_date": "20260401"}), [1]),
    "NIBRS-155": (whole(admin={"cleared_exceptionally": "B", "clearance_date": "20260313"}), [1]),
    "NIBRS-156": (whole(admin={"cleared_exceptionally": "B"}), [1]),
    "NIBRS-170": (whole(admin={"incident_date": "20260501"}), [1]),
    "NIBRS-172": (whole(admin={"incident_date": "19901231"}), [1]),
    # level 2
    "NIBRS-206": (whole(offenses=({"weapon_1": "40", "weapon_3": "40"},)), [2]),
    "NIBRS-207": (whole(offenses=({"weapon_1": "99", "weapon_2": "40"},)), [2]),
    "NIBRS-219": (whole(offenses=({"criminal_activity_1": "E"},)), [2]),
    "NIBRS-220": (whole(offenses=({**DRUG, "criminal_activity_1": ""},)), [2]),
    "NIBRS-221": (whole(offenses=({"weapon_1": ""},)), [2]),
    "NIBRS-222": (whole(offenses=({"offense_code": "40A", "weapon_1": "12"},)), [2]),
    "NIBRS-256": (whole(offenses=({"offense_code": "13A", "attempted": "A"},)), [2]),
    "NIBRS-262": (whole(offenses=({}, {"offense_code": "100"}, {})), [2, 4]),
    "NIBRS-263": (
        whole(offenses=tuple({"offense_code": f"{n}0{x}"} for n in "12" for x in "ABCDEF")),
        list(range(2, 14)),
    ),
    "NIBRS-264": (whole(offenses=({"offense_code": "90B"},)), [2]),
    "NIBRS-265": (whole(**armed("13B", "40", "12")), [2]),
    "NIBRS-266": (whole(offenses=({"offense_code": "09C"}, {})), [2, 3]),
    "NIBRS-267": (whole(**armed("09A", "99")), [2]),
    # level 3
    "NIBRS-074": (whole(**BUSINESS_23D), [2]),
    "NIBRS-076": (whole({}), [3]),
    "NIBRS-077": (
        whole({}, offenses=({**THEFT, "attempted": "A"},), victims=BUSINESS_23D["victims"]),
        [2],
    ),
    "NIBRS-078": (whole({"loss": "4"}, **BUSINESS_23D), [2]),
    "NIBRS-081": (whole({}, {"loss": "2"}, **BUSINESS_23D), [4]),
    "NIBRS-306": (
        whole(
            {"description_3": "20"},
            {
                "loss": "5",
                "drug_1": "E",
                "drug_2": "E",
                "drug_measure_1": "LB",
                "drug_measure_2": "OZ",
            },
            **BUSINESS_23D,
        ),
        [3, 4],
    ),
    "NIBRS-357": (whole({"stolen_vehicles": "01"}, **BUSINESS_23D), [3]),
    "NIBRS-358": (whole({"description_1": "03"}, **of("240")), [3]),
    "NIBRS-365": (whole({**SEIZED, "description_1": "11"}, offenses=(DRUG,)), [3]),
    "NIBRS-375": (whole({"description_1": "", "value_1": ""}, **BUSINESS_23D), [3]),
    "NIBRS-376": (whole({}, {}, **BUSINESS_23D), [3, 4]),
    "NIBRS-390": (whole({"description_1": "03"}, **BUSINESS_23D), [3]),
    # level 4
    "NIBRS-065": (whole(offenses=({}, {"offense_code": "100"})), [3]),
    "NIBRS-466": (whole(victims=({"offense_code_2": "100"},)), [3]),
    "NIBRS-070": (whole(victims=({"offender_2": "02", "relationship_2": "AQ"},)), [3]),
    "NIBRS-080": (
        whole(
            offenses=of("40A")["offenses"],
            victims=tuple(
                {"offense_code_1": "40A", **SOCIETY, "victim_sequence": f"00{n}"} for n in "12"
            ),
        ),
        [3, 4],
    ),
    "NIBRS-085": (
        whole(offenders=tuple({"offender_sequence": f"0{n}"} for n in "123")),
        [3],
    ),
    "NIBRS-401": (whole(victims=({"offender_1": "", "relationship_1": ""},)), [3]),
    "NIBRS-406": (whole(victims=({"offense_code_2": "64A"},)), [3]),
    "NIBRS-407": (whole(victims=({"injury_2": "M"},)), [3]),
    "NIBRS-419": (whole({}, **of("23D")), [4]),
    "NIBRS-451": (whole(victims=({}, {})), [3, 4]),
    "NIBRS-453": (whole(victims=({"sex": ""},)), [3]),
    "NIBRS-454": (whole(**armed("13A", "40", victim_type="L", race="")), [3]),
    "NIBRS-458": (whole({}, **of("23D", **{**BUSINESS, "offender_1": "01"})), [4]),
    "NIBRS-459": (whole({}, **of("23D", injury_1="", relationship_1="RU")), [4]),
    "NIBRS-460": (whole(victims=({"relationship_1": ""},)), [3]),
    "NIBRS-464": (whole(victims=({"victim_type": "B"},)), [3]),
    "NIBRS-465": (whole(**of("40A")), [3]),
    "NIBRS-467": (whole({}, **of("23D", **SOCIETY)), [4]),
    "NIBRS-468": (whole(victims=({"offender_1": "00"},), offenders=(UNKNOWN,)), [3]),
    "NIBRS-470": (whole(victims=({"relationship_1": "VO"},)), [3]),
    "NIBRS-472": (whole(offenders=({"age": "00", "sex": "U", "race": "U"},)), [3]),
    "NIBRS-479": (whole(**armed("13B", "40", injury_1="B")), [3]),
    "NIBRS-481": (whole(**of("36B", age="18", injury_1="")), [3]),
    "NIBRS-482": (whole(victims=({"victim_type": "L"},)), [3]),
    # level 5
    "NIBRS-551": (whole(offenders=({}, {})), [4, 5]),
    "NIBRS-552": (whole(offenders=({"offender_sequence": "00"},)), [4]),
    "NIBRS-555": (whole(offenders=({}, UNKNOWN)), [5]),
    "NIBRS-557": (
        whole(
            admin={"cleared_exceptionally": "C", "clearance_date": "20260401"},
            offenders=(UNKNOWN,),
        ),
        [4],
    ),
    "NIBRS-558": (whole(admin={"cleared_exceptionally": "C", "clearance_date": "20260401"}), [1]),
    # level 6
    "NIBRS-071": (
        whole(admin={"cleared_exceptionally": "C", "clearance_date": "20260401"}, arrestees=({},)),
        [5],
    ),
    "NIBRS-656": (whole(arrestees=({}, {"arrestee_sequence": "02"})), [5, 6]),
    "NIBRS-661": (whole(arrestees=({}, {})), [5, 6]),
    "NIBRS-665": (whole(arrestees=({"arrest_date": "20260313"},)), [5]),
    "NIBRS-669": (whole(**armed("09C", "12"), arrestees=({},)), [5]),
    "NIBRS-670": (whole(arrestees=({"offense_code": "09C"},)), [5]),
    "NIBRS-606": (whole(arrestees=({"weapon_1": "12", "weapon_2": "12"},)), [5]),
    "NIBRS-607": (whole(arrestees=({"weapon_1": "12", "weapon_2": "01"},)), [5]),
    "NIBRS-652": (whole(arrestees=({"age": "17"},)), [5]),
    "NIBRS-653": (whole(arrestees=({"age": "18", "disposition": "R"},)), [5]),
    "NIBRS-667": (whole(arrestees=({"sex": "U"},)), [5]),
    # level 7
    "NIBRS-701": ([segment("7", arrest_date=""), segment("7", "B")], [1]),
    "NIBRS-760": ([segment("7", offense_code="40A"), segment("7", "B")], [1]),
    "NIBRS-706": ([segment("7", weapon_1="12", weapon_2="12")], [1]),
    "NIBRS-707": ([segment("7", weapon_2="12")], [1]),
    "NIBRS-752": ([segment("7", age="17")], [1]),
    "NIBRS-753": ([segment("7", disposition="H")], [1]),
    "NIBRS-758": ([segment("7", sex="U")], [1]),
    # ages
    "NIBRS-404-AGE": (with_age(4, "8"), [3]),
    "NIBRS-409": (with_age(4, "168"), [3]),
    "NIBRS-410": (with_age(4, "3025"), [3]),
    "NIBRS-422": (with_age(4, "0025"), [3]),
    "NIBRS-556": (with_age(5, "BB"), [4]),
    "NIBRS-509": (with_age(5, "25-3"), [4]),
    "NIBRS-510": (with_age(5, "3030"), [4]),
    "NIBRS-522": (with_age(5, "0025"), [4]),
    "NIBRS-664": (with_age(6, "5"), [5]),
    "NIBRS-609": (with_age(6, " 25"), [5]),
    "NIBRS-610": (with_age(6, "3025"), [5]),
    "NIBRS-622": (with_age(6, "0025"), [5]),
    "NIBRS-757": (with_age(7, "NN"), [1]),
    "NIBRS-709": (with_age(7, "025"), [1]),
    "NIBRS-710": (with_age(7, "3025"), [1]),
    "NIBRS-722": (with_age(7, "0025"), [1]),
}


@pytest.mark.parametrize("code", CASES)
def test_a_rule_names_the_lines_that_break_it(code: str) -> None:
    lines, rows = CASES[code]
    assert broken_rules(text(*lines), code) == {code: rows}


def test_every_query_rule_has_its_case() -> None:
    assert set(CASES) == {rule.code for rule in rules_of("nibrs_flat")}
