"""What the county's victim service providers report: sound tables of their own, small counts left
out, and the quarter before again."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date

import pytest

from schemas.odcs import contracts
from tests.counties import County, county
from tests.counts import TODAY, taken

FEEDS = ("haven_house.counts", "open_door.counts")


@pytest.fixture(scope="module")
def made() -> County:
    return county(300, 5)


@pytest.mark.parametrize("feed", FEEDS)
def test_every_report_is_taken_whole(made: County, feed: str) -> None:
    paths = made.made.paths[feed]
    assert len(paths) == 2
    for path in paths:
        verdict, kept = taken(path.read_text("utf-8"), contracts()[feed])
        assert (verdict.status, verdict.report.findings) == ("accepted", ())
        assert kept.batches


@pytest.mark.parametrize("feed", FEEDS)
def test_the_truth_says_what_was_held_back(made: County, feed: str) -> None:
    truth = made.truth("reported", feed=feed)
    assert all(one["count"] == 0 or one["count"] >= 11 for one in truth if one["sent"])
    assert [one for one in truth if 0 < one["count"] < 11], "nothing had to be held back"
    delimiter = ";" if feed.startswith("open_door") else ","
    sent = 0
    for path in made.made.paths[feed]:
        with path.open(encoding="utf-8", newline="") as file:
            sent += len(list(csv.reader(file, delimiter=delimiter))) - 1
    assert sent == sum(one["sent"] for one in truth)


@pytest.mark.parametrize("feed", FEEDS)
def test_the_second_report_gives_the_quarter_before_again(made: County, feed: str) -> None:
    totals = defaultdict(dict)
    for one in made.truth("reported", feed=feed, by="all", measure="new"):
        totals[one["file"]][one["month"]] = one["count"]
    first, second = (totals[path.name] for path in made.made.paths[feed])
    [again] = first.keys() & second.keys()
    assert again == max(first) == date(2026, 1, 1)
    assert second[again] > first[again], "clients were entered late"
    assert max(second) < TODAY


def test_a_period_without_a_whole_quarter_reports_nothing() -> None:
    short = county(150, 3, start=date(2025, 2, 1), months=3)
    assert [short.made.paths[feed] for feed in FEEDS] == [(), ()]
