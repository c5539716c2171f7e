"""The county's NIBRS submissions, read back by column and held against the FBI's edits."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.counties import County, county, field, incident

FEED = "county_sheriff.nibrs"
LENGTHS = {"0": 43, "1": 88, "2": 71, "3": 307, "4": 141, "5": 46, "6": 110, "7": 66}
PERSON = {"100", "11A", "11D", "13A", "13B", "13C", "36B", "64A", "64B"}
SOCIETY = {"35A", "35B", "370", "40A", "40B", "40C", "520"}
PROPERTY = {"120", "220", "23C", "23D", "23F", "23H", "240", "26A", "26F", "290"}
NEEDS_WEAPON = {"100", "11A", "11D", "120", "13A", "13B", "520", "64A", "64B"}
NEEDS_INJURY = {"100", "11A", "11D", "120", "13A", "13B", "64A", "64B"}
CARGO = {"120", "220", "23D", "23F", "23H", "240", "26A"}
CYBERSPACE = {"13C", "26A", "26F", "35A", "370", "40A", "40B", "40C", "520", "64A", "64B"}


@pytest.fixture(scope="module")
def here() -> County:
    return county()


def faulty(here: County, number: int) -> set[str]:
    """Incidents with a planted fault, by number."""
    file = here.path(FEED, number).name
    found = here.truth("faults", feed=FEED, file=file)
    return {row["key"] for row in found if row["fault"] not in ("deleted", "group_a_code")}


def incidents(here: County, number: int) -> dict[tuple[str, str], list[str]]:
    """Segments of Group A incidents without a planted fault."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    spoilt = faulty(here, number)
    for line in here.lines(number):
        if line[4] in "123456" and line[5] == "I" and incident(line)[1] not in spoilt:
            found[incident(line)].append(line)
    return found


def end_of(month: str) -> date:
    """Last day of MMYYYY."""
    first = date(int(month[2:]), int(month[:2]), 1)
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


# --- lines ---------------------------------------------------------------------------------------


def test_every_line_has_the_length_it_declares(here: County) -> None:
    for number in range(here.submissions):
        short = here.truth("faults", file=here.path(FEED, number).name, fault="short_line")
        rows = {row["row"] for row in short}
        for n, line in enumerate(here.lines(number), 1):
            assert int(line[:4]) == LENGTHS[line[4]]
            assert (len(line) == LENGTHS[line[4]]) == (n not in rows)
    assert here.truth("faults", feed=FEED, fault="short_line")


def test_a_submission_is_of_one_month_and_in_order(here: County) -> None:
    for number in range(here.submissions):
        lines = here.lines(number)
        assert len({line[6:12] for line in lines}) == 1
        for before, after in pairwise(lines):
            if incident(before) == incident(after):
                assert before[4] <= after[4]
        grouped = [incident(line) for line in lines if line[4] in "123456"]
        starts = [key for n, key in enumerate(grouped) if n == 0 or grouped[n - 1] != key]
        assert len(starts) == len(set(starts))


def test_one_file_a_month_on_request() -> None:
    months = county(400, 2, monthly=True)
    assert months.submissions == 18
    for number in range(18):
        (month,) = {line[6:12] for line in months.lines(number)}
        for segments in incidents(months, number).values():
            assert field(segments[0], "date")[4:6] + field(segments[0], "date")[:4] == month


# --- the FBI's edits -----------------------------------------------------------------------------


def test_clean_incidents_pass_the_edits(here: County) -> None:
    seen: Counter[str] = Counter()
    for number in range(here.submissions):
        for segments in incidents(here, number).values():
            by_level = {level: [s for s in segments if s[4] == level] for level in "123456"}
            check_structure(by_level)
            check_offences(by_level)
            check_property(by_level)
            check_victims(by_level)
            check_arrests(by_level)
            seen.update(field(s, "code") for s in by_level["2"])
    assert seen.keys() >= PERSON | SOCIETY | PROPERTY
    assert min(seen["64A"], seen["64B"], seen["40A"]) >= 11


def check_structure(by: dict[str, list[str]]) -> None:
    assert len(by["1"]) == 1
    assert by["2"]
    assert by["4"]
    assert by["5"]  # 075
    head = by["1"][0]
    day = date.fromisoformat(field(head, "date"))
    assert day <= end_of(head[6:12])  # 170
    assert field(head, "hour") == "" or 0 <= int(field(head, "hour")) <= 23
    closed = field(head, "cleared") != "N"
    assert closed == bool(field(head, "cleared_on"))  # 153, 156
    if closed:
        assert date.fromisoformat(field(head, "cleared_on")) >= day  # 155
        assert not by["6"]  # 071
        described = [(field(s, "age"), field(s, "sex"), field(s, "race")) for s in by["5"]]
        assert any(age != "00" and sex in "MF" and race != "U" for age, sex, race in described)
    codes = {field(s, "code") for s in by["2"]}
    assert (field(head, "cargo") == "N") == bool(codes & CARGO)  # 119


def check_offences(by: dict[str, list[str]]) -> None:
    codes = [field(s, "code") for s in by["2"]]
    assert len(codes) == len(set(codes))  # 262
    for segment, code in zip(by["2"], codes, strict=True):
        assert field(segment, "attempted") in "AC"
        if code.startswith("13"):
            assert field(segment, "attempted") == "C"  # 256
        assert field(segment, "bias") == "88"
        assert bool(field(segment, "weapon")) == (code in NEEDS_WEAPON)  # 221, 222
        if code == "13B":
            assert field(segment, "weapon") in {"40", "90", "95", "99"}  # 265
        assert bool(field(segment, "activity")) == (code in {"35A", "35B", "370", "520"})
        assert bool(field(segment, "entry")) == (code == "220")  # 253, 254
        hotel_burglary = code == "220" and field(segment, "place") == "14"
        assert bool(field(segment, "premises")) == hotel_burglary  # 252, 257
        if field(segment, "place") == "58":
            assert code in CYBERSPACE  # 205


def check_property(by: dict[str, list[str]]) -> None:
    codes = {field(s, "code") for s in by["2"]}
    needed = codes & (PROPERTY | {"100", "35A", "35B"})
    assert bool(by["3"]) == bool(needed)  # 074, 076
    losses = [field(s, "loss") for s in by["3"]]
    assert len(losses) == len(set(losses))  # 376
    for segment in by["3"]:
        loss, value = field(segment, "loss"), field(segment, "value")
        if loss in "18":
            assert not field(segment, "description")  # 352
            assert not value
            continue
        assert field(segment, "description")  # 375
        if field(segment, "description") == "10":
            assert not value  # 383
            assert field(segment, "drug")
        elif field(segment, "description") in ("65", "66"):
            assert int(value) == 0  # 391
        else:
            assert int(value) > 0  # 351
        vehicle = "240" in codes and loss == "7"
        assert bool(field(segment, "stolen")) == vehicle  # 357, 358
    attempted = {field(s, "code") for s in by["2"] if field(s, "attempted") == "A"}
    if attempted & needed:
        assert set(losses) <= {"1", "8", "4"}  # 077


def check_victims(by: dict[str, list[str]]) -> None:
    codes = {field(s, "code") for s in by["2"]}
    offenders = {field(s, "sequence"): s for s in by["5"]}
    sequences = [field(s, "sequence") for s in by["4"]]
    assert sequences == [f"{n:03d}" for n in range(1, len(sequences) + 1)]  # 451
    linked = set()
    for segment in by["4"]:
        own = set(re.findall("...", field(segment, "codes").ljust(3)))
        linked |= own
        assert own <= codes  # 466
        kind = field(segment, "kind")
        assert (kind == "S") == (own <= SOCIETY)  # 465, 467
        if own & PERSON:
            assert kind == "I"  # 464
        links = re.findall("(..)(..)", segment[89:129])
        pairs = [(offender, relation) for offender, relation in links if offender.strip()]
        check_links(own, pairs, offenders)
        if kind == "I":
            check_person(segment, own)
        else:
            assert not segment[71:78].strip()  # 458
    assert linked == codes  # 065
    assert (len(offenders) == 1) or "00" not in offenders  # 555
    if "00" in offenders:
        assert not offenders["00"][39:].strip()  # 552


def check_links(own: set[str], pairs: list[tuple[str, str]], offenders: dict[str, str]) -> None:
    assert bool(pairs) == bool(own & (PERSON | {"120"}))  # 459
    for offender, relation in pairs:
        assert offender in offenders  # 070
        assert (relation == "  ") == (offender == "00")  # 460, 468
        shown = offenders[offender]
        if offender != "00" and (field(shown, "age"), field(shown, "sex")) == ("00", "U"):
            assert relation == "RU"  # 472
    if pairs and len(offenders) > 2:
        assert len(pairs) >= 2  # 085


def check_person(segment: str, own: set[str]) -> None:
    assert field(segment, "sex") in "MF"
    assert field(segment, "race") in "WBIAPU"
    assert re.fullmatch("BB|[0-9]{2}", field(segment, "age"))
    assert bool(field(segment, "injury")) == bool(own & NEEDS_INJURY)  # 419
    assert bool(field(segment, "circumstance")) == ("13A" in own)
    if "13B" in own:
        assert field(segment, "injury") in "NM"  # 479
    if "36B" in own:
        assert 0 < int(field(segment, "age")) < 18  # 481


def check_arrests(by: dict[str, list[str]]) -> None:
    known = [s for s in by["5"] if field(s, "sequence") != "00"]
    assert len(by["6"]) <= len(known)  # 656
    day = date.fromisoformat(field(by["1"][0], "date"))
    for segment in by["6"]:
        arrested = date.fromisoformat(field(segment, "date"))
        assert day <= arrested <= end_of(segment[6:12])  # 665, 605
        assert field(segment, "sex") in "MF"  # 667
        minor = int(field(segment, "age")) < 18
        assert (field(segment, "disposition") in ("H", "R")) == minor  # 652, 653
        assert field(segment, "code") in {field(s, "code") for s in by["2"]}


def test_group_b_arrests_are_of_group_b() -> None:
    here, wrong = county(12_000, 4), 0
    for number in range(here.submissions):
        for line in here.lines(number):
            if line[4] == "7":
                assert line[5] == "A"
                wrong += not field(line, "code").startswith("90")
                if field(line, "code") == "90B":
                    assert int(field(line, "age")) < 18
    assert wrong == len(here.truth("faults", feed=FEED, fault="group_a_code")) > 0


def test_children_are_arrested_for_prostitution() -> None:
    """The one sign NIBRS has of a trafficked minor (40A is a crime against society)."""
    ages = [
        int(field(line, "age"))
        for line in county(12_000, 4).lines()
        if line[4] == "6" and field(line, "code") == "40A"
    ]
    minors = sum(age < 18 for age in ages)
    assert minors >= 11
    assert 0.1 < minors / len(ages) < 0.3


# --- zero report and deletions -------------------------------------------------------------------


def test_zero_report_is_of_a_month_without_reports(here: County) -> None:
    (zero,) = (line for n in range(here.submissions) for line in here.lines(n) if line[4] == "0")
    assert zero[25:37] == "0" * 12
    month = (field(zero, "zero_year"), field(zero, "zero_month"))
    assert month == ("2026", "05")
    reported = {
        line[16:25]
        for n in range(here.submissions)
        for line in here.lines(n)
        if line[4] in "17" and line[5] != "D" and field(line, "date")[:6] == "".join(month)
    }
    assert zero[16:25] not in reported
    assert len(reported) == 3


def test_deletions_name_incidents_sent_before(here: County) -> None:
    deleted = {incident(line) for line in here.lines(1) if line[5] == "D"}
    assert deleted
    sent = incidents(here, 0)
    assert deleted <= sent.keys()
    keys = {row["key"] for row in here.truth("faults", feed=FEED, fault="deleted")}
    assert {number for _, number in deleted} == keys


# --- truth ---------------------------------------------------------------------------------------


def test_people_of_the_truth_stand_on_their_lines(here: County) -> None:
    spoilt = faulty(here, 0)
    lines, seen = here.lines(), Counter()
    records = here.truth("records", feed=FEED, file=here.path(FEED).name)
    for record in records:
        line, person = lines[record["row"] - 1], here.people[record["person_id"]]
        if record["unit"] in spoilt:
            continue
        assert incident(line)[1] == record["unit"]
        seen[record["table"]] += 1
        if field(line, "sex") != "U":
            assert field(line, "sex") == person["sex"]
        if record["table"] in ("arrestee", "group_b_arrest"):
            day = date.fromisoformat(field(line, "date"))
            assert int(field(line, "age")) == full_years(person["born"], day)
    assert seen.keys() == {"victim", "offender", "arrestee", "group_b_arrest"}


def full_years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def test_trafficking_happens_to_the_trafficked(here: County) -> None:
    lines = here.lines()
    kinds = {"64A": {"sex", "both"}, "64B": {"labour", "both"}}
    found = Counter()
    for record in here.truth("records", feed=FEED, table="victim", file=here.path(FEED).name):
        code = field(lines[record["row"] - 1], "codes")[:3]
        if code in kinds:
            assert here.people[record["person_id"]]["trafficked"] in kinds[code]
            found[code] += 1
    assert found.keys() == kinds.keys()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("invalid_sex", lambda line: field(line, "sex") == "Z"),
        ("victim_type_missing", lambda line: field(line, "kind") == ""),
        ("offence_of_victim_missing", lambda line: "11B" in field(line, "codes")),
        ("offender_of_victim_missing", lambda line: line[93:97] == "09AQ"),
        ("invalid_location", lambda line: field(line, "place") == "99"),
        ("location_missing", lambda line: field(line, "place") == ""),
        ("invalid_date", lambda line: not is_date(field(line, "date"))),
        ("invalid_number", lambda line: "+" in incident(line)[1]),
        ("short_line", lambda line: len(line) < int(line[:4])),
    ],
)
def test_faults_stand_where_the_truth_says(fault: str, broken) -> None:  # type: ignore[no-untyped-def]
    here = county(12_000, 4)
    found = here.truth("faults", feed=FEED, fault=fault)
    assert found
    for number in range(here.submissions):
        rows = {row["row"] for row in found if row["file"] == here.path(FEED, number).name}
        lines = here.lines(number)
        level = {lines[n - 1][4] for n in rows}
        assert len(level) <= 1
        same = [n for n, line in enumerate(lines, 1) if line[4] in level and line[5] != "D"]
        if fault != "short_line":  # which has lost its last fields
            same = [n for n in same if len(lines[n - 1]) == LENGTHS[lines[n - 1][4]]]
        assert {n for n in same if broken(lines[n - 1])} == rows


def test_missing_segments_are_missing() -> None:
    here = county(12_000, 4)
    levels = defaultdict(set)
    for number in range(here.submissions):
        for line in here.lines(number):
            levels[incident(line)[1]].add(line[4])
    for fault, level in (("offender_segment_missing", "5"), ("property_segment_missing", "3")):
        found = here.truth("faults", feed=FEED, fault=fault)
        assert found
        for row in found:
            assert level not in levels[row["key"]]
