"""In which shapes reports and notes write numbers, streets and days, and what only looks so.

What is masked stands in braces; anything else in these lines may stay or go. The second table
holds what analysts need: nothing of it is masked by a pattern.
"""

from __future__ import annotations

import re

import pytest

from anonymize.text import patterns

MASKED = """
her room, the clerk says, is {214}
two rooms ({118}, {120}) were paid in cash
keys for {104}, {109} and {110} were missing
she thinks it was room {77} or {79}
told to go to {9}, then {15}, then back to {3}
the tenant of {1B} heard it; noise from {4C}.
{318} complained twice. all vacant but {207}.
no, {two-oh-nine}, by the stairs
lives in unit {3}; mail goes to Apt. {B}.
stars {11342} and {9981} wrote it
Troopers {512} and {601} closed the ramp
Primary: {B23}, cover: {B27}, supervisor: {B11}
unit {14-51} held the lot. Notified via {C-3}. {K-9-4} searched.
flashed a badge, "{2260}," and left; ofc neely {7033} came
cards with last fours {3932}, {7731} and {5546}
begins {6011 00}, ends {18}; on the third only {7740} legible
reads off {X8MH 2QPL 4RTN 7VKC}. Lyft code {LYFTQ7K2M}
the card he had her buy reads {6039 5012}.
passport, which she gave as {E 4948 5939}, was kept
last four of the passport are {5678}. {P<USALOPEZ<<ANA<<<<<<}
a gold sedan, maybe {GXR} something; plate had {77} in it
in the lot: {KLF 3320}, {TXB 118}, {0C4 771}
the plate she wrote down for us was {8RTK114}.
plate starting with {GX}. Ontario {ABCD 123}
returned {8/10} by bus; check-in {3/3}, check-out {3/6}
signed for {10-1} through {10-31}; act. {12-22}
{March 3, 4 and 5}; night of the {14th into 15th of July}
on the {5th} and {6th} she was there; DTG {05 1430L MAR 24}
born {14 juillet 2003}, {5 марта 2004} or {2004年3月5日}
sent to {Sepulveda at Roscoe}. AT {FOURTH AND GRAND}
{Rivers Ave at Remount}. {Elm and Oak Streets}. {International Blvd between 14th and 23rd Ave}.
last known {e 93rd and kinsman}. near {colfax and federal}. on {east colfax}.
{I-35 and Parmer}. {I-10 Exit 163}. {exit 178 off I-80}. {Sunset at the 405}.
caller had {five55 oh one 62}; {415 five5five o1 62}; ({five o three) 555-0162}
note reads {503-555-01?2} or {(503) 555-____}; {70355501 6_} in pen; it starts with {503-555}
his old cell ...{0162}; phone ending w/ {0163}; the {0164} number; {503-555-0162}, -{0163}
"{six two eight}, then nothing" of her social; SSN starts with {628}; ssn {628-41-____}
social {6 2 8 4 1 0 0 5 7}; badge {forty-two-sixteen}; he gave it as {three-oh-nine}
confidential CI {23-126}; {BW 23 01977} recalled; card with {R/23-4471}
bias charge {512-2023-01988}; tribal roll no. {511,208}; supp to {24-127}
{4216}: "She said no." {4219}'s body-worn camera; Fairview PD {FV31}; Grant County {21-126}
wkr no. {7K4}; worker code {QX9R}; nurse lic. RN {611420}; {Vice-14} and {Motor 6}.
"{Nora Ida King 4-4-1}," a van; {five two tango hotel nine nine}; 10-28 on {hgz 2214}
veh TN {4M7 2K9}; tribal {CN 4923A}; {TEMP 0881533}; {K?Z 441}; starts w/ {6LR} per caller
plate reads {HUSTLR}; {LUV2RYD} on the plate
RP in {8} says men come and go, coming and going from {12} all night
{2-E} and {2-W} share a porch; rented {6C}; warrant for {4R} only; not {4L}
top bunk {9U} broken, {9L} fine; {B14} moved to {C3}; Rosa > {206}
had {110}, {112}, plus {115} last week; bed request for {416} came
occupants of {19}, {21} and {24}. unit marked {B}; buzzer {BR}; Suite {D} of the mall
unit {D} water off; space {C-21}, long term; bay {4} of the shop; trailer {nine}.
apt{3C}; #{3C}; "{318}" on her hand; {PH-4}; {B-pod}; Super 8 / {207}
rider's pickup {2214 Commerce}; outside {618 kessler}; ADDR ON DL IS {89 ELM}
with a friend, {804 Linden} upstairs; the stop at {2 E Larkspur}; {2918 Ne 82nd}
{C St & 21st}; {NW 78 St & 26 Ave}; {Route 3, Box 71-A}; {Harlow and Sheridan Way}
from {S. Wexford and Larkmoor}; on {Harwell nr Creston}; "{Dean street}"
{Rt 9W, 3 mi N of Marlow Tpke}; {mile post 84 on the Turnpike}; off {8 Mile}; {Hwy 18 & BIA 29}
{KM 11.5 CARR 3}; {calle 19 y Blue Island}; {Roosevelt y la 84}; {Calle 9 #C-21}
now on Kik, {mkaz5u}; Insta = {modelz.by.danti}; chat has {bbyy.q}; user "{.ur.favv.adddi}"
walks on {82nd} every night; n/b {Elm}. {412 Dr. Martin Luther King Jr. Dr.}
{412 Avenue of the Stars}; {W229N1433 Westwood Dr}; took her to {412 Figueroa} and
"""

STAYS = """
gave 120 pills, found 118 photos, paid 225 and left with 340 condoms
weighs 115, was charged for 150 of them, a quota of 250 a night
pain 7/10 today, 1/2 gram, a 5/8 inch drill, 3/4 of it
units of blood, a lot of men, the unit was briefed; unit cohesion
the officers and the girls; hotels and motels; the applicant's appeal and defence
driver/passenger, Snapchat/Instagram, Driver/Passenger
I-80 to the truck stop, along US 101
Articles 125 and 168 of the code
10-8 from the call, 10-7 at the station
ABOUT TO LEAVE. THE GIRL SAID NO. PLATE WAS DIRTY.
card with a balance of $25, worth 50 dollars
the corner of the room; the end of the block
girls in 2 rooms and 3 men, in 4 states; 2 adult F, 1 adult M
until 6A; a 34C bra, a 5K run, 2L of water, 20K cash, the 4-H club
quota of 100-150, weighs 115-125, about 110-130 of them
two or three or four, one on one, nine one one, seven seven-year-olds
hotel two nights; Robert and Henry took two
holding 2 bags; a house with 5 girls; photo #3, item #4
went home.he left; e.g. this, i.e. that; went...then 2 girls
Street outreach worker; along Route 12; walked 8 miles
V1 said S2 hit W3; B12 shot; step 4 of 12; schedule 1-A
"""


def lines(table: str) -> list[str]:
    return table.strip().splitlines()


def open_words(text: str) -> list[str]:
    """Words of a text's braces of which some character is not masked."""
    plain = re.sub("[{}]", "", text)
    masked = {at for span in patterns.find(plain) for at in range(span.start, span.end)}
    # two braces less before every further value
    values = [(m.start() - 2 * i, m[1]) for i, m in enumerate(re.finditer(r"\{([^}]*)\}", text))]
    words = [(at + w.start(), w[0]) for at, value in values for w in re.finditer(r"\w+", value)]
    return [word for at, word in words if not masked.issuperset(range(at, at + len(word)))]


@pytest.mark.parametrize("line", lines(MASKED))
def test_shape_is_masked(line: str) -> None:
    assert open_words(line) == []


@pytest.mark.parametrize("line", lines(STAYS))
def test_what_only_looks_so_stays(line: str) -> None:
    assert [line[span.start : span.end] for span in patterns.find(line)] == []
