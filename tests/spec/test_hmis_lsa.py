"""HUD's own FY2026 sample, whole: every client is accepted or accounted for by a rule."""

from __future__ import annotations

from pathlib import Path

from schemas.report import IntakeReport
from tests.hmis import TODAY, contract, counts, take_in


def test_every_client_of_the_sample_is_accounted_for(shared_data: Path) -> None:
    with (shared_data / "hmis" / "lsa_full.zip").open("rb") as source:
        found, report = take_in({}, source=source)
    clients = report.tables["Client"]
    assert clients.rows_in == 10_606
    # 86 clients are known only at TRN117, a project funded by HHS for runaway and homeless youth
    assert (len(found["Client"]), clients.refused, clients.quarantined) == (10_520, 86, 0)
    assert counts(report, "HMIS-RHY")["Enrollment"] == 96
    # the victim service provider has two projects and, rightly, no enrolment
    assert counts(report, "HMIS-VSP")["Project"] == 2
    assert "Enrollment" not in counts(report, "HMIS-VSP")


def test_its_export_csv_is_reported_and_deletes_nothing(shared_data: Path) -> None:
    with (shared_data / "hmis" / "lsa_full.zip").open("rb") as source:
        _, report = take_in({}, source=source)
    assert counts(report, "HMIS-140") == {"Export": 10}
    assert counts(report, "HMIS-049") == {"Export": 10}
    assert report.scope.full_refresh and not report.scope.trusted
    assert report.facts["hash_status"] == "claims unhashed, holds unhashed"


def test_no_name_of_it_stands_in_the_report(shared_data: Path) -> None:
    with (shared_data / "hmis" / "lsa_full.zip").open("rb") as source:
        _, report = take_in({}, source=source)
    assert isinstance(report, IntakeReport)
    said = str(report.as_json())
    assert contract().name not in said and str(TODAY.year) not in said.replace("FY2026", "")
    for value in ("Orchid", "Rockweed", "369809041", "C10968", "1988-05-14", "LSAv8"):
        assert value not in said
