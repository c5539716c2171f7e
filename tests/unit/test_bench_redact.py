"""``tributary bench redact``: annotated sets are read, and scored by the default redactor."""

import json

import pytest
from typer.testing import CliRunner

from tributary.bench.documents import annotated
from tributary.cli import app

LINES = (
    {
        "id": 1,
        "text": "Victim told Ofc. Alvarado that Kateryna Bondar kept her passport at the hotel.",
        "known": ["Bondar, Kateryna"],
        "entities": [
            {"start": 17, "end": 25, "type": "PERSON"},
            {"start": 31, "end": 46, "type": "PERSON"},
        ],
        "indicators": [{"start": 47, "end": 64}, {"start": 72, "end": 77}],
    },
    {"id": 2, "text": "No further action.", "entities": []},
)


@pytest.fixture
def own_set(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    return f"set:{path}"


def test_scores_of_a_set_as_json(own_set):
    result = CliRunner().invoke(app, ["bench", "redact", own_set, "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)[own_set]["tributary"]
    assert answer["documents"] == 2
    assert answer["types"]["PERSON"] == {
        "mentions": 2,
        "mention_recall": 1.0,
        "token_recall": 1.0,
    }
    assert answer["indicators_redacted"] == 0
    assert answer["characters_per_second"] > 0


def test_a_file_of_another_format_is_refused_without_its_text(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text('{"id": 1, "text": "Bondar"}', encoding="utf-8")
    result = CliRunner().invoke(app, ["bench", "redact", f"set:{path}"])
    assert result.exit_code == 2
    assert "Bondar" not in result.output


@pytest.mark.parametrize("source", ["set:/nowhere.jsonl", "poems:x", "county:nobody"])
def test_an_unknown_set_is_refused(source):
    with pytest.raises(ValueError, match="not"):
        annotated(source)


def test_halves_and_limit(own_set):
    assert [one.name for one in annotated(own_set, "tune").documents] == ["1"]
    assert [one.name for one in annotated(own_set, "held-out").documents] == ["2"]
    assert [one.name for one in annotated(own_set, limit=1).documents] == ["1"]


def test_tab_entities_keep_who_they_are(tmp_path):
    path = tmp_path / "tab.jsonl"
    path.write_text(
        json.dumps(
            {
                "doc_id": "001-1",
                "text": "Mr Reyes. Reyes.",
                "known": ["Reyes"],
                "spans": [
                    {
                        "start_offset": start,
                        "end_offset": end,
                        "entity_type": "PERSON",
                        "identifier_type": kind,
                        "entity_id": "e1",
                    }
                    for start, end, kind in ((0, 8, "DIRECT"), (10, 15, "NO_MASK"))
                ],
            }
        ),
        encoding="utf-8",
    )
    (document,) = annotated(f"tab:{path}").documents
    assert document.known == ("Reyes",)
    assert [(one.kind, one.entity) for one in document.mentions] == [
        ("direct", "e1"),
        ("free", "e1"),
    ]


def test_presidio_samples(tmp_path):
    path = tmp_path / "samples.json"
    spans = [{"entity_type": "PERSON", "start_position": 0, "end_position": 5}]
    path.write_text(json.dumps([{"full_text": "Reyes sings.", "spans": spans}]), encoding="utf-8")
    (document,) = annotated(f"presidio:{path}").documents
    assert [one.type for one in document.mentions] == ["PERSON"]


def test_narratives_of_the_county_need_no_file():
    some = annotated("county:train", limit=3)
    assert len(some.documents) == 3
    assert any(one.own for document in some.documents for one in document.mentions)
