"""The continuum's organisations and projects, and the small files that describe them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from tributary.county.canary import Canary
from tributary.county.places import COC, PLACES, STATE
from tributary.county.text import Column


class Organisation(NamedTuple):
    name: str
    victim_service_provider: bool


class Site(NamedTuple):
    """A project. ``kind`` is HUD's project type, ``funder`` HUD's funding source (22-26: RHY)."""

    organisation: int
    name: str
    kind: int
    funder: int
    place: int
    street: str
    weight: float
    youth: bool = False

    @property
    def rhy(self) -> bool:
        return 22 <= self.funder <= 26


ORGANISATIONS: Final = (
    Organisation("Ansel County Human Services", False),
    Organisation("Harbor Youth House", False),
    Organisation("Beacon Housing Partners", False),
    Organisation("Lantern House", True),
    Organisation("Millbrook Family Shelter", False),
)
SITES: Final = (
    Site(0, "Harbor Night Shelter", 1, 8, 0, "14 Wharf Rd", 0.20),
    Site(0, "Ansel Street Outreach", 4, 11, 0, "200 Depot St", 0.11),
    Site(0, "Coordinated Entry Desk", 14, 4, 1, "31 Market St", 0.09),
    Site(1, "Basic Center", 0, 22, 0, "77 Linden Ave", 0.30, youth=True),
    Site(1, "Maternity Group Home", 2, 23, 2, "5 Quince St", 0.08, youth=True),
    Site(1, "Transitional Living", 2, 24, 1, "902 Rowan Ct", 0.30, youth=True),
    Site(1, "Youth Street Outreach", 4, 25, 0, "77 Linden Ave", 0.24, youth=True),
    Site(1, "Prevention Demonstration", 12, 26, 3, "40 School St", 0.08, youth=True),
    Site(2, "Rapid Re-Housing", 13, 3, 2, "118 Foundry St", 0.18),
    Site(2, "Permanent Supportive Housing", 3, 2, 2, "118 Foundry St", 0.07),
    Site(2, "Bridge Housing", 2, 5, 4, "9 Gull Way", 0.07),
    Site(3, "Lantern Emergency Shelter", 0, 46, 3, "612 Hollow Rd", 0.6),
    Site(3, "Lantern Transitional Homes", 2, 46, 4, "23 Tamarack St", 0.4),
    Site(4, "Family Emergency Shelter", 0, 8, 5, "300 Mill St", 0.28),
)
KIND: Final = np.array([site.kind for site in SITES])
RHY: Final = np.array([site.rhy for site in SITES])
VSP: Final = np.array([ORGANISATIONS[site.organisation].victim_service_provider for site in SITES])
YOUTH: Final = np.array([site.youth for site in SITES])
WEIGHT: Final = np.array([site.weight for site in SITES])


def project_ids(canary: Canary) -> list[str]:
    prefix = canary.prefix("PRJ", "PROJ")
    return [f"{prefix}{number:03d}" for number in range(1, len(SITES) + 1)]


#: Names and confidential addresses of sites.
_DIRECT: Final = {
    "Organization": ("OrganizationName", "OrganizationCommonName"),
    "Project": ("ProjectName", "ProjectCommonName"),
    "ProjectCoC": ("Address1", "Address2"),
    "Funder": ("OtherFunder", "GrantID"),
}


def site_tables(canary: Canary, opened: str) -> dict[str, tuple[dict[str, Column], int]]:
    """Columns and row counts of the files about sites; ``opened`` is the first day of service."""
    organisations = _numbered(canary.prefix("ORG", "ORG"), ORGANISATIONS)
    owners = [organisations[site.organisation] for site in SITES]
    since = _text([opened] * len(SITES))
    sites = {
        "Project": {"OrganizationID": _text(owners), "OperatingStartDate": since, **_kinds()},
        "ProjectCoC": _addresses(),
        "Funder": {"StartDate": since, **_funding()},
        **_participation(since),
    }
    tables = {
        name: columns | {"ProjectID": _text(project_ids(canary))} for name, columns in sites.items()
    }
    tables["Organization"] = {
        "OrganizationID": _text(organisations),
        "OrganizationName": _text([one.name for one in ORGANISATIONS]),
        "VictimServiceProvider": pa.array([int(o.victim_service_provider) for o in ORGANISATIONS]),
    }
    found = {}
    for name, columns in tables.items():
        rows = len(ORGANISATIONS) if name == "Organization" else len(SITES)
        found[name] = (canary.overlay("hmis", name, columns, rows, _DIRECT.get(name, ())), rows)
    return found


def _kinds() -> dict[str, Column]:
    return {
        "ProjectName": _text([site.name for site in SITES]),
        "ContinuumProject": 1,
        "ProjectType": pa.array(KIND),
        "HousingType": pa.array([1 if site.kind in (0, 1, 2) else 3 for site in SITES]),
        "RRHSubType": pa.array([2 if site.kind == 13 else None for site in SITES]),
        "TargetPopulation": pa.array([1 if vsp else 4 for vsp in VSP.tolist()]),
    }


def _funding() -> dict[str, Column]:
    return {
        "FunderID": _text(_numbered("FND", SITES)),
        "Funder": pa.array([site.funder for site in SITES]),
        "OtherFunder": _text(["County levy" if site.funder == 46 else None for site in SITES]),
        "GrantID": _text(_numbered("XX501-", SITES)),
    }


def _participation(since: pa.Array) -> dict[str, dict[str, Column]]:
    return {
        "HMISParticipation": {
            "HMISParticipationID": _text(_numbered("HPT", SITES)),
            "HMISParticipationType": pa.array([2 if vsp else 1 for vsp in VSP.tolist()]),
            "HMISParticipationStatusStartDate": since,
        },
        "CEParticipation": {
            "CEParticipationID": _text(_numbered("CEP", SITES)),
            "AccessPoint": pa.array([int(site.kind in (4, 14)) for site in SITES]),
            "ReceivesReferrals": pa.array([int(site.kind in (0, 2, 3, 13)) for site in SITES]),
            "CEParticipationStatusStartDate": since,
        },
        "Inventory": {
            "InventoryID": _text(_numbered("INV", SITES)),
            "CoCCode": COC,
            "HouseholdType": pa.array([4 if site.youth else 1 for site in SITES]),
            "UnitInventory": 20,
            "BedInventory": 40,
            "InventoryStartDate": since,
        },
    }


def _addresses() -> dict[str, Column]:
    places = [PLACES[site.place] for site in SITES]
    return {
        "ProjectCoCID": _text(_numbered("PCC", SITES)),
        "CoCCode": COC,
        "Geocode": "990001",
        "Address1": _text([site.street for site in SITES]),
        "City": _text([place.town for place in places]),
        "State": STATE,
        "ZIP": _text([place.zip_code for place in places]),
        "GeographyType": 2,
    }


def _numbered(prefix: str, things: tuple[Any, ...]) -> list[str]:
    return [f"{prefix}{number:03d}" for number in range(1, len(things) + 1)]


def _text(values: list[str] | list[str | None]) -> pa.Array:
    return pa.array(values, pa.string())
