"""Writes NIBRS segments for tests, from the same layout the reader uses. Nobody in them is real."""

from __future__ import annotations

from connectors.formats.nibrs_segments import SEGMENTS

ORI = "MN9990000"

#: What a segment of each level says unless a test says otherwise.
_USUAL = {
    "1": {"incident_date": "20260314", "incident_hour": "21", "cleared_exceptionally": "N"},
    "2": {
        "offense_code": "64A",
        "attempted": "C",
        "suspected_using_1": "N",
        "location_code": "14",
        "weapon_1": "40",
        "bias_1": "88",
    },
    "3": {"loss": "7", "description_1": "20", "value_1": "000000100"},
    "4": {
        "victim_sequence": "001",
        "offense_code_1": "64A",
        "victim_type": "I",
        "age": "16",
        "sex": "F",
        "race": "U",
        "ethnicity": "U",
        "injury_1": "N",
        "offender_1": "01",
        "relationship_1": "AQ",
    },
    "5": {"offender_sequence": "01", "age": "35", "sex": "M", "race": "U"},
    "6": {
        "arrestee_sequence": "01",
        "arrest_transaction_number": "T1",
        "arrest_date": "20260320",
        "arrest_type": "T",
        "multiple_segments": "N",
        "offense_code": "64A",
        "weapon_1": "01",
        "age": "35",
        "sex": "M",
        "race": "U",
    },
    "7": {
        "arrestee_sequence": "01",
        "arrest_date": "20260320",
        "arrest_type": "O",
        "offense_code": "90C",
        "weapon_1": "01",
        "age": "35",
        "sex": "M",
        "race": "U",
    },
    "0": {"reporting_month": "022026"},
}
#: A victim of an offense against society: no person.
SOCIETY = {
    "victim_type": "S",
    **dict.fromkeys(
        ("age", "sex", "race", "ethnicity", "injury_1", "offender_1", "relationship_1"), ""
    ),
}


def segment(
    level: str,
    number: str = "26-000001",
    *,
    ori: str = ORI,
    action: str | None = None,
    month: str = "042026",
    length: int | None = None,
    usual: bool = True,
    **fields: str,
) -> str:
    """One line without its end; ``length`` defaults to the longest of the level.

    Args:
        number: incident number (level 7: arrest transaction number).
        usual: fill in what the test does not care about.
    """
    layout = SEGMENTS[level]
    width = length or layout.width
    name = "arrest_transaction_number" if level == "7" else "incident_number"
    values = {
        "action": action or ("A" if level in "07" else "I"),
        "submission_month": month,
        "ori": ori,
        name: "0" * 12 if level == "0" else number,
        **(_USUAL[level] if usual else {}),
        **fields,
    }
    cells = list(f"{width:04}{level}".ljust(width))
    for field, value in values.items():
        place = layout.positions[field]
        assert len(value) <= place.last - place.first + 1, field
        cells[place.first - 1 : place.first - 1 + len(value)] = value
    assert len(cells) == width, "a value goes beyond the segment"
    return "".join(cells)


def incident(number: str = "26-000001", *, ori: str = ORI, offense: str = "64A") -> list[str]:
    """A whole incident: levels 1, 2, 4 and 5."""
    return [
        segment("1", number, ori=ori),
        segment("2", number, ori=ori, offense_code=offense),
        segment("4", number, ori=ori, offense_code_1=offense),
        segment("5", number, ori=ori),
    ]


def text(*lines: str, end: str = "\r\n") -> bytes:
    """A file of the given lines."""
    return "".join(line + end for line in lines).encode("latin-1")
