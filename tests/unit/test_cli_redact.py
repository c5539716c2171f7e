"""``tributary redact``: what comes in, what goes out, and what is said of what cannot be read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from anonymize.text.redactor import Redactor
from schemas.errors import DeliveryError
from tests.conftest import ROOT
from tributary.cli import app
from tributary.cli import redact as module

NOTE = "Det. Maria Gonzalez met Peter Wilson in Oakland. Peter Wilson left."

Run = Callable[..., Result]


@pytest.fixture
def run(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process, which has a model already."""
    monkeypatch.setattr("anonymize.text.redactor.engine", lambda: redactor)
    return lambda given, *arguments: CliRunner().invoke(app, ["redact", *arguments], input=given)


def lines(*records: object) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def answers(result: Result) -> list[dict]:
    assert result.exit_code == 0, result.exception
    return [json.loads(line) for line in result.stdout_bytes.decode().split("\n") if line]


class TestText:
    def test_all_but_identifiers_stays_as_it_is(self, run: Run) -> None:
        rest = "\r\n\r\x00two\ttabs  and \U0001f600 \u2028 done\n\n\n"
        out = run(f"\ufeff{NOTE}{rest}".encode()).stdout_bytes.decode()
        assert out.startswith("\ufeff")
        assert out.endswith(rest)
        assert "<PERSON>" in out
        assert "<LOCATION>" in out
        assert not {"Gonzalez", "Wilson", "Oakland"} & set(out.replace(".", " ").split())

    def test_styles(self, run: Run) -> None:
        plain = "They met Peter Wilson at noon. Peter Wilson left."
        assert run(plain, "--style", "remove").stdout.endswith("  left.")
        assert run(plain, "--style", "pseudonym").stdout.count("<PERSON_1>") == 2

    def test_entities_count_in_the_input(self, run: Run) -> None:
        text = f"\U0001f600\r\n{NOTE}"
        (answer,) = answers(run(text, "--entities"))
        found = {text[one["start"] : one["end"]]: one["type"] for one in answer["entities"]}
        assert found["Peter Wilson"] == "PERSON"
        assert set(answer) == {"entities"}

    def test_parts_of_a_long_text_are_one_answer(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = f"{NOTE}\n\n{NOTE}\n\nAna Lee met Peter Wilson.\n\n" * 3
        whole = run(text, "--style", "pseudonym").stdout
        spans = answers(run(text, "--entities"))
        monkeypatch.setattr(module, "TEXT_CHARS", 150)
        assert run(text, "--style", "pseudonym").stdout == whole
        assert answers(run(text, "--entities")) == spans

    def test_nothing_in_nothing_out(self, run: Run) -> None:
        assert run("").stdout_bytes == b""
        assert run("\n \n").stdout_bytes == b"\n \n"

    def test_text_that_is_not_utf8(self, run: Run) -> None:
        error = run("caf\xe9 Gonzalez".encode("latin-1")).exception
        assert isinstance(error, DeliveryError)
        assert str(error) == "FILE-ENCODING: the text is not UTF-8; convert it"

    def test_a_file(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "note.txt"
        path.write_text(NOTE, encoding="utf-8")
        assert run("", str(path)).stdout == run(NOTE).stdout


class TestLines:
    def test_order_and_ids_are_kept(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "BATCH_LINES", 3)
        given = [
            {"id": f"n{n}", "text": f"Case {'x' * (n % 5)} of Peter Wilson."} for n in range(10)
        ]
        found = answers(run(lines(*given), "--format", "jsonl"))
        assert [one["id"] for one in found] == [one["id"] for one in given]
        assert all(set(one) == {"id", "text"} and "<PERSON>" in one["text"] for one in found)

    def test_known_identifiers_of_a_record_are_its_own(self, run: Run) -> None:
        text = "the car was there, kettle as well"
        given = lines(
            {"id": 1, "text": text, "known": ["Ana Kettle", 4711]},
            {"id": 2, "text": text, "known": None, "agency": "not passed on"},
        )
        first, second = answers(run(given, "--format", "jsonl"))
        assert "kettle" not in first["text"]
        assert second == {"id": 2, "text": text}

    def test_entities_count_in_the_text(self, run: Run) -> None:
        text = "\U0001f600\ud800 Peter Wilson\u0000 \u00e9 met Maria Gonzalez"
        (answer,) = answers(run(lines({"id": 1, "text": text}), "--format", "jsonl", "--entities"))
        assert "Maria Gonzalez" in {text[one["start"] : one["end"]] for one in answer["entities"]}
        assert all(set(one) == {"start", "end", "type", "score"} for one in answer["entities"])

    def test_halves_of_characters_come_out_as_they_went_in(self, run: Run) -> None:
        (answer,) = answers(run('{"id": "\\ud800", "text": "so \\udfff"}\n', "--format", "jsonl"))
        assert answer == {"id": "\ud800", "text": "so \udfff"}

    def test_a_byte_order_mark_and_blank_lines_are_no_records(self, run: Run) -> None:
        given = b'\xef\xbb\xbf{"id": 1, "text": ""}\r\n\n  \n{"id": 2, "text": " "}'
        assert answers(run(given, "--format", "jsonl")) == [
            {"id": 1, "text": ""},
            {"id": 2, "text": " "},
        ]

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            (b"Gonzalez", "FILE-FORMAT at row 2: the line is not JSON"),
            (b"[" * 100_000, "FILE-FORMAT at row 2: the line is not JSON"),
            (b'["Gonzalez"]', "FILE-FORMAT at row 2: the line is not an object"),
            (b'{"text": "Gonzalez"}', 'FILE-FORMAT at row 2: "id" must be there'),
            (b'{"id": true, "text": "Gonzalez"}', 'FILE-FORMAT at row 2: "id" must be'),
            (b'{"id": "Gonzalez"}', 'FILE-FORMAT at row 2: "text" must be there'),
            (b'{"id": 1, "text": "", "known": "Gonzalez"}', 'row 2: "known" must be a list'),
            (b'{"id": 1, "text": "", "known": [["Gonzalez"]]}', 'row 2: "known" must be a list'),
            (b'{"id": 1, "text": "Gonz\xe1lez"}', "FILE-ENCODING at row 2: the line is not UTF-8"),
            (b'{"id": 1, "text": "' + b"Gonzalez" * 9_000 + b'"}', "row 2: the line is longer"),
        ],
    )
    def test_a_line_that_cannot_be_read(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, line: bytes, says: str
    ) -> None:
        if b"[[" not in line:
            monkeypatch.setattr(module, "LINE_BYTES", 50_000)
        before = lines({"id": 1, "text": "quiet"}).encode()
        result = run(before + line + b"\n" + before, "--format", "jsonl")
        assert isinstance(result.exception, DeliveryError)
        assert says in str(result.exception)
        assert "onz" not in str(result.exception)
        assert result.stdout_bytes.decode() == lines({"id": 1, "text": "quiet"})


def tributary(given: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "tributary", "redact", *arguments],
        input=given,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "latin-1", "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )


def test_as_a_process_whatever_the_locale() -> None:
    good = json.dumps({"id": 1, "text": "He met Peter Wilson. \u20ac"}, ensure_ascii=False)
    done = tributary(f"{good}\n{good[:-1]}\n".encode(), "--format", "jsonl")
    assert done.returncode == DeliveryError.exit_code
    assert json.loads(done.stdout) == {"id": 1, "text": "He met <PERSON>. \u20ac"}
    said = " ".join(done.stderr.decode().split())
    assert said == "error FILE-FORMAT at row 2: the line is not JSON"


def test_help_shows_how() -> None:
    done = tributary(b"", "--help")
    assert done.returncode == 0
    assert b"tributary redact narrative.txt" in done.stdout
