"""The lane decision against a plain reading of the rules, over arbitrary small deliveries."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hmis import client, contract, enrollment, everything, leaving, structure, take_in

ALL = everything(contract())
PROJECTS = ("P0", "P1", "P2", "P3", "lost")
PEOPLE = ("A", "B", "C")

FLAGS = st.lists(st.sampled_from(["0", "1", "99", ""]), min_size=2, max_size=2)
OWNERS = st.lists(st.sampled_from(["O0", "O1", "O9"]), min_size=4, max_size=4)
FUNDERS = st.lists(st.sampled_from(["8", "22", "26", "34", ""]), min_size=4, max_size=4)
STAYS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PROJECTS), st.booleans()), max_size=7
)
CONSENTING = st.sets(st.sampled_from(PEOPLE))


@settings(max_examples=150, deadline=None)
@given(FLAGS, OWNERS, FUNDERS, STAYS, CONSENTING)
def test_lanes_follow_the_rules(
    flags: list[str],
    owners: list[str],
    funders: list[str],
    stays: list[tuple[str, str, bool]],
    consenting: set[str],
) -> None:
    files = structure()
    files["Organization"] = [
        {"OrganizationID": f"O{n}", "VictimServiceProvider": flag} for n, flag in enumerate(flags)
    ]
    files["Project"] = [
        {"ProjectID": f"P{n}", "OrganizationID": owner} for n, owner in enumerate(owners)
    ]
    files["Funder"] = [{"ProjectID": f"P{n}", "Funder": code} for n, code in enumerate(funders)]
    files["Client"] = [client(person) for person in PEOPLE]
    files["Enrollment"] = [
        enrollment(f"E{n}", person, project, DateDeleted="2026-08-08" if deleted else "")
        for n, (person, project, deleted) in enumerate(stays)
    ]
    files["Exit"] = [
        leaving(f"E{n}", person, ExchangeForSex="1") for n, (person, *_) in enumerate(stays)
    ]
    files["Consent"] = [
        {"PersonalID": person, "SignedDate": "2026-01-01", "ExpiresDate": "2027-01-01"}
        for person in consenting
    ]

    def lawful(person: str, project: str) -> bool:
        if project == "lost":
            return False
        number = int(project[1])
        vsp = owners[number] == "O9" or flags[int(owners[number][1])] != "0"
        youth = funders[number] in ("22", "26", "")
        return not vsp and (not youth or person in consenting)

    def known(person: str) -> bool:
        own = [(project, deleted) for who, project, deleted in stays if who == person]
        if any(lawful(person, project) and not deleted for project, deleted in own):
            return True
        return all(lawful(person, project) for project, _ in own)

    found, report = take_in(files, columns=ALL)
    assert {row["PersonalID"] for row in found.get("Client", [])} == set(filter(known, PEOPLE))
    expected = [
        n
        for n, (person, project, _) in enumerate(stays)
        if lawful(person, project) and known(person)
    ]
    for table in ("Enrollment", "Exit"):
        assert [row["EnrollmentID"] for row in found.get(table, [])] == [f"E{n}" for n in expected]
    answered = {row["PersonalID"] for row in found.get("Exit", []) if row["ExchangeForSex"]}
    assert answered <= consenting
    for count in report.tables.values():
        assert count.accepted >= 0
    assert report.tables["Client"].accepted == len(found.get("Client", []))
