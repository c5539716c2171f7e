"""Files that are either wholly there or not there, whatever moment the machine stops at.

Content goes to a new file beside its target, reaches the disk, and takes the target's name in one
step. A stopped write leaves a hidden ``*.partial`` file that no reader looks at.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial"


def make_private(directory: Path) -> Path:
    """Create ``directory``, and what it stands in, for its owner alone.

    Directories that stand already are left as they are.
    """
    if not directory.exists():
        make_private(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
    return directory


@contextmanager
def replacing(path: Path, mode: int = 0o600) -> Iterator[Path]:
    """A new, empty file to write; it becomes ``path`` when the block ends without an error."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PARTIAL}")
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield partial
        sync(partial)
        partial.replace(path)
        sync(path.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put ``content`` in place of ``path``."""
    with replacing(path, mode) as partial:
        partial.write_bytes(content)


def sync(path: Path) -> None:
    """Wait until a file's content, or a directory's entries, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(directory: Path) -> None:
    """Remove a directory with all it holds; none there is well too."""
    if directory.exists():
        shutil.rmtree(directory)
        sync(directory.parent)
