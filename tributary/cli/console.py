"""Where the command line writes: answers on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tributary.settings import Settings, settings

out = Console()
err = Console(stderr=True)


def here() -> Settings:
    """Settings of this process."""
    return settings(os.environ)


def print_json(answer: Any) -> None:  # noqa: ANN401 - whatever json takes
    """One JSON document on stdout, for machines."""
    print(json.dumps(answer, indent=2, default=str))


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """A progress display on stderr; nothing at all where stderr is not a terminal."""
    display = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
    )
    with display:
        yield display
