"""Kills a process at every moment at which what is on disk can change."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

#: Calls that change a directory or make a change durable.
_STEPS = ((os, "fsync"), (Path, "replace"), (Path, "rename"), (Path, "unlink"), (Path, "mkdir"))
_LIMIT = 200


def killed_everywhere(prepare: Callable[[], object], work: Callable[[], object]) -> Iterator[int]:
    """Run ``work`` in a forked process, killed before its 1st, 2nd, ... step until it completes.

    ``prepare`` runs before each try. Yields after each kill, with the number of the step, so that
    the caller can look at what is left, and after the run that was not killed.
    """
    for step in range(_LIMIT):
        prepare()
        child = os.fork()
        if child == 0:
            _kill_at(step)
            try:
                work()
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        yield step
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            assert step > 0, "work changed nothing on disk"
            return
    raise AssertionError(f"work has more than {_LIMIT} steps")


def _kill_at(step: int) -> None:
    seen = 0

    def counted(function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            nonlocal seen
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1
            return function(*args, **kwargs)

        return call

    for owner, name in _STEPS:
        setattr(owner, name, counted(getattr(owner, name)))
