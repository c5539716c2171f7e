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
