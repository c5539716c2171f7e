"""The invented ground: Ansel County and two neighbours in a state that does not exist.

State ``XX`` and state FIPS 99 are not assigned; ZIP prefixes 696 to 698 are in no use by the Postal
Service; the coordinates are on dry land but no such towns stand there.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tributary.county.seeds import Ints, pick

STATE: Final = "XX"
COC: Final = "XX-501"
#: ORIs of the sheriff's submission; the last agency files a zero report in its quiet month.
SHERIFF_ORIS: Final = ("XX0010000", "XX0010200", "XX0010300", "XX0010400")
HARBOR_ORI: Final = "XX0010100"


class Place(NamedTuple):
    """A ZIP area. ``weight`` is its share of the people; ``spread`` degrees of latitude (1 s.d.)."""

    zip_code: str
    town: str
    county_fips: str
    latitude: float
    longitude: float
    spread: float
    weight: float


PLACES: Final = (
    Place("69601", "Harbor City", "99001", 41.332, -98.412, 0.010, 0.15),
    Place("69602", "Harbor City", "99001", 41.351, -98.438, 0.012, 0.13),
    Place("69603", "Harbor City", "99001", 41.318, -98.446, 0.012, 0.12),
    Place("69604", "Harbor City", "99001", 41.340, -98.380, 0.014, 0.10),
    Place("69610", "Eastlake", "99001", 41.377, -98.227, 0.016, 0.12),
    Place("69612", "Millbrook", "99001", 41.243, -98.521, 0.018, 0.09),
    Place("69615", "Fort Ansel", "99001", 41.462, -98.603, 0.020, 0.08),
    Place("69618", "Cold Spring", "99001", 41.201, -98.284, 0.022, 0.04),
    Place("69620", "Ansel Junction", "99001", 41.410, -98.498, 0.040, 0.05),
    Place("69701", "Brandt Mills", "99003", 41.655, -98.390, 0.022, 0.05),
    Place("69704", "Teller", "99003", 41.702, -98.150, 0.030, 0.02),
    Place("69801", "Corley", "99005", 41.020, -98.460, 0.025, 0.04),
    Place("69805", "Dry Fork", "99005", 40.951, -98.210, 0.035, 0.01),
)
#: Indices of ``PLACES`` where Harbor City's police answer.
HARBOR: Final = (0, 1, 2, 3)

STREETS: Final = (
    "Alder St, Amaranth Ave, Anvil Rd, Apple Orchard Ln, Aspen Ct, Backwater Rd, Barley Ave, Basin St, "
    "Bellwether Dr, Birch St, Bluestem Rd, Bobolink Ln, Boxelder St, Brickyard Rd, Buckthorn Ave, "
    "Canal St, Cardinal Dr, Catalpa St, Cattail Ln, Cedar Ave, Chandler St, Chicory Way, Church St, "
    "Clover Ln, Coldwater Rd, Compass Dr, Cooper St, Copper Ave, Coral St, Cottonwood Rd, Cranberry Ct, "
    "Creamery Rd, Crescent Dr, Curlew Ln, Cypress St, Depot St, Dockside Ave, Dogwood Ln, Eagle Rd, "
    "Elder Grove Rd, Elm St, Fallow Ln, Ferry Rd, Flint Ave, Foundry St, Foxglove Dr, Front St, "
    "Gable St, Granary Rd, Granite Ave, Grove St, Gull Way, Harbor Blvd, Hawthorn Ave, Heron Dr, "
    "Hickory St, Hollow Rd, Ironwood Ave, Juniper Ct, Kestrel Ln, Kiln St, Lakeview Dr, Larch St, "
    "Lighthouse Rd, Linden Ave, Locust St, Magnolia Blvd, Maple St, Marigold Way, Market St, Marsh Rd, "
    "Meadow Ln, Mill St, Millrace Rd, Mulberry Ave, Nettle Ln, Oak St, Orchard Ave, Osprey Dr, "
    "Paddock Rd, Pearl St, Pier Ave, Pine St, Plover Ct, Poplar St, Prairie Rd, Quarry Rd, Quince St, "
    "Railroad Ave, Reed Ln, Ridge Rd, River St, Rowan Ct, Saddle Rd, Sage St, Salt Works Rd, "
    "Sandpiper Dr, School St, Sorrel Way, Spruce St, Station Rd, Sumac Ave, Swallow Ln, Tamarack St, "
    "Tannery Rd, Teal Ct, Thistle Way, Tidewater Ave, Upland Rd, Vine St, Walnut St, Water St, "
    "Wharf Rd, Willow Ave, Windmill Rd, Wren Ln, Yarrow Way"
).split(", ")

#: Made-up lodgings along the roads, where incidents of code 14 happen.
LODGINGS: Final = (
    "Harbor Light Motel",
    "Millrace Inn",
    "Junction Motor Lodge",
    "Silver Gull Hotel",
    "Prairie Rest Motel",
    "Tidewater Suites",
)


class Country(NamedTuple):
    """ISO 3166 codes and the English short name the HTCDS lists use."""

    alpha3: str
    alpha2: str
    name: str


COUNTRIES: Final = tuple(
    Country(*entry.split("|"))
    for entry in (
        "USA|US|United States of America;MEX|MX|Mexico;GTM|GT|Guatemala;HND|HN|Honduras;"
        "SLV|SV|El Salvador;COL|CO|Colombia;DOM|DO|Dominican Republic;CUB|CU|Cuba;"
        "VNM|VN|Viet Nam;CHN|CN|China;PHL|PH|Philippines;IRQ|IQ|Iraq;EGY|EG|Egypt;JOR|JO|Jordan;"
        "MAR|MA|Morocco;UKR|UA|Ukraine;ROU|RO|Romania;MDA|MD|Moldova (Republic of);"
        "RUS|RU|Russian Federation;POL|PL|Poland;NGA|NG|Nigeria;GHA|GH|Ghana;SEN|SN|Senegal;"
        "MLI|ML|Mali;SLE|SL|Sierra Leone;IND|IN|India;NPL|NP|Nepal;BGD|BD|Bangladesh;"
        "PAK|PK|Pakistan;LKA|LK|Sri Lanka;JAM|JM|Jamaica;CAN|CA|Canada;GBR|GB|"
        "United Kingdom of Great Britain and Northern Ireland"
    ).split(";")
)
#: States from which domestic victims are brought.
ORIGIN_STATES: Final = ("TX", "CA", "FL", "NY", "GA", "NV", "OH", "WA")


def country_index(alpha3: str) -> int:
    return next(i for i, country in enumerate(COUNTRIES) if country.alpha3 == alpha3)


def homes(random: np.random.Generator, size: int) -> Ints:
    """Indices of ``PLACES`` by their share of the people."""
    return pick(random, [place.weight for place in PLACES], size)
