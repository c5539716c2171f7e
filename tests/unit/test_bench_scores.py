"""The scores of a redaction, on examples worked by hand."""

import pytest

from anonymize.text.spans import Span
from tributary.bench.documents import Document, Mention
from tributary.bench.scores import f_beta, scored

#                0         1         2         3         4
#                0123456789012345678901234567890123456789012345
TEXT = "Mr Adam Reyes of Lodi met Adam at the Red Oak."


def mention(words, kind="direct", type_="PERSON", entity=None, nth=0):
    start = -1
    for _ in range(nth + 1):
        start = TEXT.index(words, start + 1)
    return Mention(start, start + len(words), type_, kind, entity or words)


def span(words, type_="PERSON", nth=0):
    found = mention(words, nth=nth)
    return Span(found.start, found.end, type_)


def score(mentions, spans, lenient=False, **document):
    documents = [Document("1", TEXT, tuple(mentions), **document)]
    return scored(documents, [spans], lenient=lenient)


def test_token_recall_counts_tokens_of_direct_and_quasi_mentions():
    marked = [mention("Adam Reyes"), mention("Lodi", "quasi", "LOC"), mention("Red Oak", "free")]
    found = score(marked, [span("Reyes"), span("Lodi"), span("Red Oak")])
    assert found["token_recall"] == pytest.approx(2 / 3)


def test_token_precision_counts_masked_tokens_that_need_not_be():
    found = score([mention("Adam Reyes")], [span("Adam Reyes"), span("Red Oak")])
    assert found["token_precision"] == pytest.approx(2 / 4)


def test_a_token_masked_in_part_is_not_masked():
    start = TEXT.index("Reyes")
    found = score([mention("Adam Reyes")], [Span(3, start + 2, "PERSON")])
    assert found["token_recall"] == pytest.approx(1 / 2)


def test_an_entity_counts_only_with_all_its_mentions():
    adam = [mention("Adam Reyes", entity="a"), mention("Adam", entity="a", nth=1)]
    assert score(adam, [span("Adam Reyes")])["entity_recall_direct"] == 0
    both = [span("Adam Reyes"), span("Adam", nth=1)]
    assert score(adam, both)["entity_recall_direct"] == 1


def test_titles_may_stay_where_the_method_is_lenient():
    titled = [mention("Mr Adam Reyes of Lodi")]
    spans = [span("Adam Reyes"), span("Lodi")]
    assert score(titled, spans)["person_mention_recall"] == 0
    assert score(titled, spans, lenient=True)["person_mention_recall"] == 1


def test_a_person_found_as_a_place_is_masked_but_not_recognised():
    found = score([mention("Adam Reyes")], [span("Adam Reyes", "LOCATION")])
    assert found["person_mention_recall"] == 1
    assert found["person_token_recall"] == 0


def test_shares_of_nothing_are_none():
    found = score([], [])
    assert found["token_recall"] is None
    assert found["token_precision"] is None
    assert found["token_f2"] is None
    assert found["types"] == {}


def test_indicator_words_lost_are_a_share_of_all():
    words = ((TEXT.index("met"), TEXT.index("met") + 3), (TEXT.index("Red"), len(TEXT) - 1))
    found = score([], [span("Oak")], indicators=words)
    assert found["indicators_redacted"] == pytest.approx(1 / 2)


def test_own_identifiers_are_counted_apart():
    own = mention("Adam Reyes")._replace(own=True)
    found = score([own, mention("Lodi", "quasi", "LOC")], [span("Adam Reyes")])
    assert found["own_identifier_recall"] == 1
    assert found["token_recall"] == pytest.approx(2 / 3)


def test_by_type():
    marked = [mention("Adam Reyes"), mention("Adam", nth=1), mention("Lodi", "quasi", "LOC")]
    types = score(marked, [span("Adam", nth=1), span("Reyes")])["types"]
    assert types["PERSON"] == {
        "mentions": 2,
        "mention_recall": pytest.approx(1 / 2),
        "token_recall": pytest.approx(2 / 3),
    }
    assert types["LOC"]["mention_recall"] == 0


def test_f2_counts_recall_twice():
    assert f_beta(0.5, 1.0) == pytest.approx(5 * 0.5 / (4 * 0.5 + 1.0))
    assert f_beta(1.0, 0.5) == pytest.approx(5 * 0.5 / (4 + 0.5))
    assert f_beta(0.0, 0.0) == 0
    assert f_beta(None, 1.0) is None
