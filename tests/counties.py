"""Generated counties for tests, read back with nothing of the generator's own code."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq

from tributary.county import Generated, generate

#: Fields read from a NIBRS line here, by level: name, first and last column, counted from 1.
NIBRS = {
    "0": "zero_month 38 39 zero_year 40 43",
    "1": "date 38 45 hour 47 48 cleared 49 49 cleared_on 50 57 cargo 88 88",
    "2": "code 38 40 attempted 41 41 using 42 42 place 45 46 premises 47 48 entry 49 49 "
    "activity 50 50 weapon 53 54 bias 62 63",
    "3": "loss 38 38 description 39 40 value 41 49 stolen 229 230 drug 233 233",
    "4": "sequence 38 40 codes 41 70 kind 71 71 age 72 75 sex 76 76 race 77 77 circumstance 80 81 "
    "injury 85 85 links 90 129",
    "5": "sequence 38 39 age 40 43 sex 44 44 race 45 45",
    "6": "sequence 38 39 number 40 51 date 52 59 kind 60 60 multiple 61 61 code 62 64 armed 65 66 "
    "age 71 74 sex 75 75 disposition 79 79",
    "7": "sequence 38 39 date 40 47 code 49 51 age 58 61 sex 62 62 disposition 66 66",
}


#: Folders of the counties of this run; they go when the run ends.
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@dataclass(frozen=True)
class County:
    """A county on disk. Row numbers are those of the truth."""

    made: Generated

    def path(self, contract: str, number: int = 0) -> Path:
        return self.made.paths[contract][number]

    @cached_property
    def _hmis(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.path("county_coc.hmis"))

    def hmis_names(self) -> list[str]:
        return self._hmis.namelist()

    def hmis_rows(self, table: str) -> list[list[str]]:
        """Header, then records; so a row number of the truth is an index."""
        text = io.TextIOWrapper(self._hmis.open(f"{table}.csv"), "utf-8", newline="")
        return list(csv.reader(text, strict=True))

    def hmis(self, table: str) -> list[dict[str, str]]:
        header, *rows = self.hmis_rows(table)
        return [dict(zip(header, row, strict=False)) for row in rows]

    def lines(self, number: int = 0) -> list[str]:
        """Lines of a NIBRS submission, without their ends."""
        data = self.path("county_sheriff.nibrs", number).read_bytes().decode("ascii")
        assert data.endswith("\r\n")
        return data.split("\r\n")[:-1]

    @property
    def submissions(self) -> int:
        return len(self.made.paths["county_sheriff.nibrs"])

    def rms_rows(self) -> list[list[str]]:
        with self.path("harbor_police.rms").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file, strict=True))

    def htcds(self) -> list[tuple[Any, ...]]:
        """All rows of the sheet: sheet row ``n`` is element ``n - 1``."""
        book = openpyxl.load_workbook(self.path("safe_passage.htcds"), read_only=True)
        return list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]

    def truth(self, name: str, **where: object) -> list[dict[str, Any]]:
        """Rows of a truth table, of the given feed, table, fault ..."""
        rows = pq.read_table(self.made.truth / f"{name}.parquet").to_pylist()
        return [row for row in rows if all(row[key] == value for key, value in where.items())]

    @cached_property
    def people(self) -> dict[str, dict[str, Any]]:
        return {row["person_id"]: row for row in self.truth("people")}


@cache
def county(persons: int = 3_000, seed: int = 11, **options: Any) -> County:
    """The same county once per test run; ``options`` as for ``generate``."""
    folder = tempfile.TemporaryDirectory(prefix="county-")
    _FOLDERS.append(folder)
    return County(generate(persons, seed, Path(folder.name), **options))


def field(line: str, name: str) -> str:
    """A field of a NIBRS line, blanks behind it removed."""
    words = NIBRS[line[4]].split()
    at = words.index(name)
    return line[int(words[at + 1]) - 1 : int(words[at + 2])].rstrip()


def incident(line: str) -> tuple[str, str]:
    """ORI and incident number."""
    return line[16:25], line[25:37].rstrip()
