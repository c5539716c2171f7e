"""The closed vocabularies of a contract: whatever is not listed here does not load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FORMATS = ("hmis_csv", "nibrs_flat", "rms_csv", "htcds_xlsx", "counts_csv")
#: The format of counts, which hold no row of a person, and the lane it is for.
COUNTS_FORMAT = "counts_csv"
AGGREGATE_LANE = "aggregate_only"
LANES = ("row_level", "row_level_with_consent", AGGREGATE_LANE)
SECTORS = ("law_enforcement", "social_service", "nonprofit")
CUSTODIES = ("agency", "hub")
PROFILES = ("safe_harbor", "limited_data_set")
PRESENCES = ("required", "optional")
INVALID = ("quarantine", "blank")
CLASSIFICATIONS = (
    "direct-identifier",
    "quasi-identifier",
    "sensitive",
    "free-text",
    "confidential-location",
    "shareable",
)
LOGICAL_TYPES = ("string", "integer", "number", "date", "timestamp", "time", "boolean")

#: Classes whose values may never leave in any form but the ones listed.
ALLOWED_FOR_CLASS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "direct-identifier": (
            "drop",
            "pseudonym",
            "presence",
            "age_band",
            "zip3",
            "county",
            "h3_cell",
        ),
        "free-text": ("drop", "redact", "indicators"),
        "confidential-location": ("drop",),
    }
)

#: Operators that read a text as a text; for fields of class ``free-text`` alone.
TEXT_OPERATORS = ("redact", "indicators")

#: What an identifying field holds: how it is looked for in the texts of its record. ``nothing`` is
#: for identifiers that stand in no text (keys a reader makes, "Jr.").
IDENTIFIER_KINDS = (
    "given_name",
    "middle_name",
    "family_name",
    "full_name",
    "alias",
    "organisation",
    "phone",
    "email",
    "handle",
    "address",
    "number",
    "case_number",
    "plate",
    "vin",
    "birth_date",
    "nothing",
)


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operator: its type, its allowed values, whether it must be given."""

    kind: type
    required: bool = False
    choices: tuple[object, ...] = ()


def _operators() -> dict[str, dict[str, Parameter]]:
    return {
        # nothing leaves; `reason` is shown in the data dictionary
        "drop": {"reason": Parameter(str)},
        "keep": {},
        # true where a value was present, false where it was blank
        "presence": {},
        # keyed token, 128 bit; equal values of one domain of one agency give equal tokens.
        # `with` names further fields of the row that belong to the identity (ORI + incident number)
        "pseudonym": {"domain": Parameter(str, required=True), "with": Parameter(list)},
        # `reference` names the date field at which the age is taken; for unit years/nibrs the value
        # is an age already. bands: ctdc (0--8 ... 48+) or five_year (00-04 ... 85-89, 90+)
        "age_band": {
            "bands": Parameter(str, required=True, choices=("ctdc", "five_year")),
            "unit": Parameter(str, choices=("date", "years", "nibrs")),
            "reference": Parameter(str),
        },
        # true under 18 at the reference date, false from 18 on, null unknown
        "minor": {
            "unit": Parameter(str, choices=("date", "years", "nibrs")),
            "reference": Parameter(str),
        },
        # the first day of the period, as a date
        "period": {"to": Parameter(str, required=True, choices=("month", "quarter", "year"))},
        "zip3": {},
        # `codes` names a code list with columns code,county_fips
        "county": {"codes": Parameter(str, required=True)},
        # `with` names the longitude field, the field itself is the latitude (WGS 84 degrees)
        "h3_cell": {
            "with": Parameter(str, required=True),
            "resolution": Parameter(int, required=True, choices=(3, 4, 5, 6, 7)),
        },
        # value looked up in a code list; `column` is the list's column to take; an
        # unlisted value is unknown. `separator` splits a multi-select value and yields a list
        "recode": {
            "codes": Parameter(str, required=True),
            "column": Parameter(str, required=True),
            "separator": Parameter(str),
        },
        "top_code": {"maximum": Parameter(int, required=True)},
        # free text without what identifies: nothing in its place, its type (<PERSON>), or a
        # pseudonym that means the same within one text and nothing beyond it (<PERSON_1>)
        "redact": {"style": Parameter(str, required=True, choices=("remove", "type", "pseudonym"))},
        # what free text says, as codes of the list text_indicator, each with the rule that found it
        # and its confidence (0 to 1); an empty list where it says nothing, null where it is blank
        "indicators": {},
    }


#: Operator name -> its parameters. ``anonymize.operators`` implements exactly these.
OPERATORS: Mapping[str, Mapping[str, Parameter]] = MappingProxyType(_operators())

#: Custom properties of a contract, a table (ODCS schema object) and a field.
CONTRACT_PROPERTIES = (
    "agency",
    "agencyName",
    "sector",
    "format",
    "lane",
    "custody",
    "profile",
    "legalBasis",
    "statisticalBasis",
    "agreement",
    "schedule",
    "retention",
    "thresholds",
    "keyEpoch",
    "units",
    "linkage",
    "formatOptions",
    "publication",
    "release",
)
TABLE_PROPERTIES = ("presence", "record", "loads")
FIELD_PROPERTIES = (
    "deidentification",
    "aliases",
    "codes",
    "formats",
    "invalid",
    "rules",
    "lookup",
    "copyOf",
    "identifies",
)

#: Kinds of what a text says (``schemas/codes/text_indicator.csv`` has the codes of each).
INDICATOR_KINDS = (
    "means",
    "exploitation",
    "recruiter",
    "recruitment",
    "venue",
    "movement_origin",
    "movement_destination",
    "trafficking",
)

#: Rule tiers, HUD's three, from worst to mildest.
TIERS = ("high_priority", "error", "warning")
