"""``tributary redact``: text in, the same text without its identifiers out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from schemas.errors import DeliveryError
from tributary.cli.console import progress

if TYPE_CHECKING:
    from anonymize.text.replace import Numbers
    from anonymize.text.spans import Span

#: Input that is taken at a time bounds memory. A text in characters, a batch of lines, a line in
#: bytes.
TEXT_CHARS = 100_000
BATCH_LINES, BATCH_BYTES = 1_024, 1_000_000
LINE_BYTES = 16_000_000


class Format(StrEnum):
    text = "text"
    jsonl = "jsonl"


class Style(StrEnum):
    type = "type"
    pseudonym = "pseudonym"
    remove = "remove"


def redact(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, readable=True, help="UTF-8 text; without it, stdin."
        ),
    ] = None,
    format: Annotated[Format, typer.Option(help="What comes in and goes out.")] = Format.text,  # noqa: A002
    entities: Annotated[
        bool, typer.Option("--entities", help="Say where identifiers stand; no text goes out.")
    ] = False,
    style: Annotated[
        Style,
        typer.Option(help="<PERSON>, the same person always <PERSON_1>, or nothing in its place."),
    ] = Style.type,
) -> None:
    """Redact free text: names, numbers, addresses, dates, whatever identifies.

    text: the whole input is one text. Beyond 100,000 characters it is cut at
    ends of paragraphs, and each part is a text of its own.

    jsonl: one {"id", "text", "known"} a line. "known" may be left out; it lists
    names and numbers of that record, found however they are written. Out comes
    {"id", "text"} a line, in order; with --entities, {"id", "entities":
    [{"start", "end", "type", "score"}]}, in characters of the text that came in.

    Nothing is written to disk, nothing leaves this machine. Exits with 12 where
    the input cannot be read; what stood before it has been answered.

    Examples:

        tributary redact narrative.txt

        tributary redact --format jsonl < notes.jsonl > redacted.jsonl

        tributary redact notes.jsonl --format jsonl --entities > spans.jsonl

        echo '{"id": 1, "text": "Met A. Li.", "known": ["Ana Li"]}' |
        tributary redact --format jsonl --style pseudonym
    """
    with file.open("rb") if file else nullcontext(sys.stdin.buffer) as source:
        answers = (_lines if format is Format.jsonl else _parts)(source, entities, style)
        with progress() as display:
            size = file.stat().st_size if file else None
            task = display.add_task("redacting", total=size, note="")
            for answer, taken in answers:
                sys.stdout.buffer.write(answer)
                display.update(task, advance=taken)
    sys.stdout.buffer.flush()


# --- lines of JSON ------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Record:
    """One line: what it is about, its text, what its record knows, its length in bytes."""

    id: str | int
    text: str
    known: tuple[str, ...]
    size: int


def _lines(source: IO[bytes], entities: bool, style: str) -> Iterator[tuple[bytes, int]]:
    """Answers in order, each with the bytes of input it took."""
    from anonymize.text.known import Known
    from anonymize.text.redactor import engine
    from anonymize.text.replace import redacted

    for batch in _batches(source):
        found = engine().find([one.text for one in batch], [Known.of(one.known) for one in batch])
        for one, spans in zip(batch, found, strict=True):
            said = _said(spans) if entities else {"text": redacted(one.text, spans, style)}
            yield _json({"id": one.id, **said}), one.size


def _batches(source: IO[bytes]) -> Iterator[list[_Record]]:
    """Records by the batch; those before a line that cannot be read come before its error."""
    batch: list[_Record] = []
    size = 0
    fault = None
    try:
        for number, line in enumerate(iter(lambda: source.readline(LINE_BYTES + 1), b""), start=1):
            if line.isspace():
                continue
            batch.append(_record(line, number))
            size += len(line)
            if len(batch) == BATCH_LINES or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    except DeliveryError as error:
        fault = error
    if batch:
        yield batch
    if fault:
        raise fault


def _record(line: bytes, number: int) -> _Record:
    """One line, read.

    Raises:
        DeliveryError: with the number of the line and nothing of what stands there.
    """
    if len(line) > LINE_BYTES:
        raise _unreadable(number, f"the line is longer than {LINE_BYTES:,} bytes")
    try:
        found = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        raise DeliveryError("FILE-ENCODING", "the line is not UTF-8", row=number) from None
    except (ValueError, RecursionError):
        raise _unreadable(number, "the line is not JSON") from None
    if not isinstance(found, dict):
        raise _unreadable(number, 'the line is not an object like {"id": 1, "text": "..."}')
    key, text, known = found.get("id"), found.get("text"), found.get("known") or []
    if not isinstance(key, str | int) or isinstance(key, bool):
        raise _unreadable(number, '"id" must be there and be a string or a whole number')
    if not isinstance(text, str):
        raise _unreadable(number, '"text" must be there and be a string')
    if not isinstance(known, list) or not all(isinstance(one, str | int | float) for one in known):
        raise _unreadable(number, '"known" must be a list of strings')
    return _Record(key, text, tuple(str(one) for one in known), len(line))


def _unreadable(number: int, detail: str) -> DeliveryError:
    return DeliveryError("FILE-FORMAT", detail, row=number)


# --- plain text ---------------------------------------------------------------------------------
def _parts(source: IO[bytes], entities: bool, style: str) -> Iterator[tuple[bytes, int]]:
    """The redacted text part by part, or at the end one JSON document with all entities."""
    from anonymize.text.redactor import engine
    from anonymize.text.replace import redacted

    start = 0
    numbers: Numbers = {}
    everything: list[Span] = []
    for part in _cut(source):
        spans = engine().find([part])[0]
        if entities:
            everything += [
                span._replace(start=start + span.start, end=start + span.end) for span in spans
            ]
        start += len(part)
        answer = "" if entities else redacted(part, spans, style, numbers)
        yield answer.encode(), len(part.encode())
    if entities:
        yield _json(_said(everything)), 0


def _cut(source: IO[bytes]) -> Iterator[str]:
    """The text in parts that may be held at once.

    Raises:
        DeliveryError: it is not UTF-8.
    """
    from anonymize.text.cutting import cut

    # Line ends stay as they are: offsets are those of the input.
    text = io.TextIOWrapper(source, encoding="utf-8", newline="")
    held = ""
    try:
        while read := text.read(TEXT_CHARS):
            held += read
            while len(held) > TEXT_CHARS:
                size = cut(held, TEXT_CHARS)
                yield held[:size]
                held = held[size:]
    except UnicodeDecodeError:
        raise DeliveryError("FILE-ENCODING", "the text is not UTF-8; convert it") from None
    finally:
        text.detach()
    if held:
        yield held


# --- answers ------------------------------------------------------------------------------------
def _said(spans: list[Span]) -> dict[str, Any]:
    return {"entities": [{**span._asdict(), "score": round(span.score, 2)} for span in spans]}


def _json(answer: dict[str, Any]) -> bytes:
    """One line. Halves of characters, which JSON can name and UTF-8 cannot hold, stay escapes."""
    try:
        return f"{json.dumps(answer, ensure_ascii=False)}\n".encode()
    except UnicodeEncodeError:
        return f"{json.dumps(answer)}\n".encode()
