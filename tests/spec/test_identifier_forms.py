# ruff: noqa: RUF001 - digits of other scripts are what is tested
"""Which identifiers are recognised by their form, and which figures stay in a narrative.

What is masked stands in braces. The rules' own examples stand beside them in the data files.
"""

from __future__ import annotations

import pytest

from anonymize.text import patterns
from anonymize.text.patterns.fold import folded
from anonymize.text.patterns.rules import Rule, rules
from anonymize.text.spans import merged

MASKED = """
CASE_NUMBER        case {26-001234}
CASE_NUMBER        INCIDENT# {2026-00012345}
CASE_NUMBER        see HPD report {HPD26-12345}
CASE_NUMBER        CR#{26-1234}
CASE_NUMBER        C/N {26-001234}
CASE_NUMBER        RPT NO {26-0012}
CASE_NUMBER        Case no. {18403/91}
CASE_NUMBER        docket {3:21-cv-00123}
CASE_NUMBER        CAD {24-0009912}
CASE_NUMBER        Event #{P2403120456}
CASE_NUMBER        FIR No. {123/2024}
CASE_NUMBER        arrest no {A24-00812}
CASE_NUMBER        Bkg# {1998821}
CASE_NUMBER        warrant {MW-24-00123}
CASE_NUMBER        applications nos. {26480/95, 28291/95 and 29280/95}
BADGE_NUMBER       badge {221}
BADGE_NUMBER       P/O {8812}
BADGE_NUMBER       Unit {3A12} responded
BADGE_NUMBER       Ofc. Nguyen {#2231}
BADGE_NUMBER       OFC J TRAN #{2231}
BADGE_NUMBER       Deputy K. Lee, ID {5521}
LICENSE_PLATE      plate {7ABC123}
LICENSE_PLATE      CO LP {ABC-123}
LICENSE_PLATE      bearing Texas plates {KLM 4821}
LICENSE_PLATE      veh. w/ TX/{ABC1234}
LICENSE_PLATE      lic {ABC123} ca
VIN                a van, {1HGCM82633A004352}
US_DRIVER_LICENSE  DL# {D1234567}
US_DRIVER_LICENSE  OLN/CA {D1234567}
US_DRIVER_LICENSE  FL DL {T123-456-78-901-0}
ALIEN_NUMBER       A {123 456 789}
ALIEN_NUMBER       Alien # {A-123-456-789}
VISA_NUMBER        I-94 no. {12345678901}
VISA_NUMBER        receipt {WAC2190012345}
PASSPORT           PRC passport {E12345678}
US_SSN             ssn {123 45 6789}
US_SSN             SSN#{123456789}
US_SSN             last four of her social are {6789}
ID                 {FBI 123456AB7}
ID                 HMIS# {00042123}
ID                 post id {7712345678}
PHONE_NUMBER       {(415) 555-0199}
PHONE_NUMBER       {415.555.0199}
PHONE_NUMBER       {4155550199}
PHONE_NUMBER       {four one five 55five 0 one two 3}
PHONE_NUMBER       {4*1*5*5*5*5*0*1*9*9}
PHONE_NUMBER       {4️⃣1️⃣5️⃣5️⃣5️⃣5️⃣0️⃣1️⃣9️⃣9}
PHONE_NUMBER       {４１５-５５５-０１９９}
PHONE_NUMBER       {𝟒𝟏𝟓 𝟓𝟓𝟓 𝟎𝟏𝟗𝟗}
PHONE_NUMBER       {415💋555💋0199}
PHONE_NUMBER       {415.five55.0199}
PHONE_NUMBER       {415-555-O199}
PHONE_NUMBER       {4l5-555-o199}
PHONE_NUMBER       {+52 55 1234 5678}
PHONE_NUMBER       {+63 917 123 4567}
PHONE_NUMBER       {011 52 664 123 4567}
PHONE_NUMBER       ph: {555-0142}
PHONE_NUMBER       {415-555-0199 ext 12}
EMAIL_ADDRESS      {jane99 at gmail dot com}
EMAIL_ADDRESS      {jane(at)gmail(dot)com}
EMAIL_ADDRESS      {JANE99 [AT] YAHOO [DOT] COM}
HANDLE             add {@jade_doll}
HANDLE             IG: {jadedoll}
HANDLE             snapchat username {sweetjade22}
HANDLE             cash app {$jadedoll}
HANDLE             reddit {u/jade_doll22}
HANDLE             facebook under the name "{Jade Doll}"
URL                {cityxguide.example.com/escorts/denver}
URL                {hxxps://bad[.]example[.]com}
URL                {skipthegames dot com}
STREET_ADDRESS     {1200 blk of E Colfax}
STREET_ADDRESS     {123 N. Main Street, Apt. 4B, Springfield, IL 62704}
STREET_ADDRESS     {4412 w alameda ave unit 12}
STREET_ADDRESS     {88 5TH AVE #3}
STREET_ADDRESS     {12345 State Highway 99}
STREET_ADDRESS     {5th & Main}
STREET_ADDRESS     {E Colfax Ave and N Broadway}
STREET_ADDRESS     {intersection of MLK Blvd and 3rd St}
STREET_ADDRESS     {po box 123}
STREET_ADDRESS     {18 Rue de la République}
STREET_ADDRESS     {Av. Revolución 1500, Tijuana, Mexico}
STREET_ADDRESS     {Musterweg 7, 80331 München}
STREET_ADDRESS     {ul. Chrzanowska 61}
STREET_ADDRESS     {6750 Koskikatu 25 Apt. 864}
STREET_ADDRESS     I-80 at mile marker {112}
ROOM               Motel 6 room {214}
ROOM               hotel rm {12}
ROOM               the motel, unit {5}
ORGANIZATION       the {Sunset} Inn
COORDINATES        {39.7392, -104.9903}
COORDINATES        {N 41 23.456 W 96 12.345}
ZIP_CODE           Denver, CO {80203}
ZIP_CODE           London {SW1A 2AA}
DATE_TIME          {2024-05-03T21:30Z}
DATE_TIME          {05/03/24}
DATE_TIME          {3 May 2024}
DATE_TIME          {May 3rd}
DATE_TIME          {03MAY24}
DATE_TIME          on {the 14th}.
DATE_TIME          at {2130 hrs}
DATE_TIME          in {May 2023}
DATE_TIME          DOB {03141998}
DATE_TIME          born in {1962}
DATE_TIME          {5 de mayo de 2024}
AGE                {17} y/o
AGE                aged {34}.
AGE                a {34}-year-old
AGE                H/M/{34}
AGE                WF {22}
AGE                she is {16}.
BANK_ACCOUNT       acct# {123456789012}
BANK_ACCOUNT       routing number {021000021}
CREDIT_CARD        {4111-1111-1111-1111}
GIFT_CARD          Amazon gift card {AQ2D-8812ZX-77PL}
CRYPTO             btc {bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq}
IP_ADDRESS         {192.168.10.4}
DEVICE_ID          MAC {00:1A:2B:3C:4D:5E}
DEVICE_ID          IMEI {356938035643809}
ID                 code {A7X9981}
QUANTITY           a fine of {1,500 Austrian schillings (ATS)}
"""

#: Methods of control, venues, laws, counts and prices: what the analysts read narratives for.
STAYS = (
    "She was forced to work 14 hours a day, 7 days a week, at a massage parlor.",
    "He took her passport and said she owed him $20,000 for the trip.",
    "Charged under 18 U.S.C. 1591, Penal Code 236.1 and PC 647(b); NIBRS 64A and 40B.",
    "Article 5 § 2, Rule 59 § 1 and Protocol No. 11 to the Convention; Regulation 1612/68.",
    "They drove along I-80 and US 101 and slept at truck stops and motels.",
    "Two of the 12 girls were moved from the hotel to a room with 2 beds.",
    "The boyfriend posted ads online and made her see 10 men a day for $80 each.",
    "BP 120/80, 24/7 supervision, 4x4 truck, AR-15, COVID-19, H-2A visa, 911 call, F-150.",
    "victim #2 left the scene, item #3 was seized, page 2 of 3",
    "The 3rd and 4th visits to the clinic; 1/2 gram of meth; a 50/50 split; 30% of her tips.",
    "walking down the street on a dirt road near a bus station or truck stop",
    "He is 6 feet tall, 180 lbs, and she is 20 weeks pregnant with 2 kids.",
    "SUSPECT FORCED VICTIM TO STREET WALK AND PERFORM COMMERCIAL SEX ACTS AT HOTEL/MOTEL ROOMS.",
    "paid 200 an hour, quota of 1000 a night, debt of 5000 dollars, 20 dates per night",
    "working 16 hr shifts 6 days/wk; 15 people in a 2 bedroom apartment; $7.25 an hour",
)


def unmarked(example: str) -> tuple[str, list[tuple[int, int]]]:
    """An example without its braces, and where they stood."""
    text, places = "", []
    for piece in example.replace("}", "{").split("{"):
        places.append(len(text))
        text += piece
    return text, [(places[at], places[at + 1]) for at in range(1, len(places) - 1, 2)]


def masked_by(rule: Rule, text: str) -> list[tuple[int, int]]:
    return list(rule.spans(folded(text).encode("ascii")))


@pytest.mark.parametrize("line", MASKED.strip().splitlines())
def test_form_is_masked(line: str) -> None:
    kind, example = line.split(maxsplit=1)
    text, [(start, end)] = unmarked(example)
    covering = [s for s in merged(patterns.find(text)) if s.start <= start and end <= s.end]
    assert [span.type for span in covering] == [kind]


@pytest.mark.parametrize("text", STAYS)
def test_figure_stays(text: str) -> None:
    assert [text[span.start : span.end] for span in patterns.find(text)] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_rule_masks_its_examples_and_leaves_its_near_misses(rule: Rule) -> None:
    assert rule.match and rule.miss
    for example in rule.match:
        text, places = unmarked(example)
        assert masked_by(rule, text) == places, example
    for text in rule.miss:
        assert masked_by(rule, text) == [], text
