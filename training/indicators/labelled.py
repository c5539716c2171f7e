"""What the authors wrote and labelled, a file each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def rows_of(folder: str) -> list[dict[str, Any]]:
    """``sentences`` or ``texts``."""
    files = sorted((Path(__file__).parent / folder).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
