"""Police RMS exports for tests, laid out from a department's field list, with invented rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

#: Titles of a real export, as its sample file has them.
SAMPLE_HEADER = [
    "Case Number",
    "Incident Date",
    "Incident Time",
    "Incident Date_Between",
    "Incident Time_Between",
    "Report Date",
    "Report Time",
    "Incident Type_1",
    "Incident Type_2",
    "Incident Type_3",
    "FullAddress",
    "Grid",
    "Zone",
    "Narrative",
    "Total Value Stolen",
    "Total Value Recover",
    "Registration 1",
    "Make1",
    "Model1",
    "Reg State 1",
    "Registration 2",
    "Reg State 2",
    "Make2",
    "Model2",
    "Reviewed By",
    "CompleteCalc",
    "Officer of Record",
    "Squad",
    "Det_Assigned",
    "Case_Status",
    "NIBRS Classification",
]
#: Titles of the persons of an involvement export.
PERSON = [
    "Involvement",
    "MNI",
    "Last Name",
    "First Name",
    "Middle Name",
    "Alias",
    "DOB",
    "Age",
    "Sex",
    "Race",
    "Ethnicity",
    "SSN",
    "OLN",
    "FBI Number",
    "SID",
    "Phone",
    "Email",
    "Home Address",
    "Employer",
    "VIN",
]
PLACE = ("County", "ZIP Code", "Latitude", "Longitude", "Location Type")

#: A row with what most tests need.
CASE: Mapping[str, str] = {
    "Case Number": "25-000123",
    "Incident Date": "12/15/2025",
    "Report Date": "12/15/2025",
    "Incident Type_1": "ROBBERY",
    "NIBRS Classification": "120 - Robbery",
}
VICTIM: Mapping[str, str] = {
    **CASE,
    "Involvement": "VIC",
    "Last Name": "TESTDOTTIR",
    "First Name": "PETRA",
    "DOB": "04/02/1990",
    "Sex": "F",
    "Race": "W",
    "Ethnicity": "N",
}

_FORMATS = {
    "MM/dd/yyyy": lambda day: f"{day:%m/%d/%Y}",
    "M/d/yyyy": lambda day: f"{day.month}/{day.day}/{day.year}",
    "ISO8601_date": lambda day: day.isoformat(),
    "excel_date": lambda day: str((day - date(1899, 12, 30)).days),
    "HH:mm": lambda _: "08:05",
    "H:mm": lambda _: "8:05",
    "HH:mm:ss": lambda _: "08:05:00",
    "excel_time": lambda _: "0.3368",
    "number": lambda _: "1200.5",
    "currency_text": lambda _: "$1,200.50",
    "int": lambda _: "7",
    "bool": lambda _: "TRUE",
    "0/1": lambda _: "1",
    "Y/N": lambda _: "Y",
    "Yes/No": lambda _: "Yes",
    "Complete/Incomplete": lambda _: "Complete",
    "US_state_abbrev": lambda _: "NJ",
}


def export(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None, delimiter: str = ","
) -> bytes:
    """Rows as delimited text, quoted where needed; ``columns`` default to those the rows name."""
    rows = list(rows)
    if columns is None:
        columns = list(dict.fromkeys(name for row in rows for name in row))
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, columns, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode()


def described(schema: Path, rows: int, *, internal_names: bool = False) -> list[dict[str, str]]:
    """Rows of an export as a field list describes them, in every accepted form in turn.

    Args:
        schema: ``rms_fields_schema_latest.json``.
        internal_names: titles are the list's internal names, not those of the source.
    """
    fields = json.loads(schema.read_text(encoding="utf-8"))["fields"]
    title = "internal_field_name" if internal_names else "source_field_name"
    return [{field[title]: _value(field, number) for field in fields} for number in range(rows)]


def _value(field: Mapping[str, Any], number: int) -> str:
    name = field["internal_field_name"]
    special = {
        "CaseNumber": f"25-{number:06d}",
        "FullAddress": f"{number} Invented Street, Apt 3, Harbor City, XX 69601",
        "Narrative": f'On arrival, "nothing" was found.\nLine two, no. {number}.',
        "IncidentType1": ("ROBBERY", "THEFT - 2C:20-3", "MV THEFT")[number % 3],
        "NIBRSClassification": ("120 - Robbery", "23D - Theft from Building", "")[number % 3],
    }
    if name in special:
        return special[name]
    forms = [_FORMATS[form] for form in field["accepted_formats"] if form in _FORMATS]
    if not forms:
        return ""
    return str(forms[number % len(forms)](date(2025, 1, 1) + timedelta(days=number)))
