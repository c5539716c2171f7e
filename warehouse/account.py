"""The system user a server process runs as."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import SettingsError

#: PostgreSQL refuses to run as root; run by root, the server becomes this user.
NAME = "tributary-postgres"

_READ = stat.S_IROTH | stat.S_IRGRP
_TRAVERSE = stat.S_IXOTH | stat.S_IXGRP


@dataclass(frozen=True)
class Account:
    """A system user; ``other`` is true where it is not the one this process runs as."""

    name: str
    uid: int
    gid: int
    other: bool

    def run(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path,
        log: Path,
        text: str = "",
        keep: int | None = None,
    ) -> int:
        """Run a program as this user and return its exit code.

        ``text`` is its standard input, ``log`` takes its standard error (standard output is
        discarded: PostgreSQL's single-user mode prints results there), ``keep`` is a file handle
        it inherits.
        """
        with log.open("ab") as errors:
            done = subprocess.run(
                [str(part) for part in command],
                check=False,
                input=text,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                text=True,
                cwd=cwd,
                pass_fds=() if keep is None else (keep,),
                user=self.uid if self.other else None,
                group=self.gid if self.other else None,
                extra_groups=[] if self.other else None,
            )
        return done.returncode

    def own(self, path: Path) -> None:
        """Give ``path`` to this user.

        Raises:
            SettingsError: it is a link, or belongs to somebody else already.
        """
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode) or found.st_uid not in (self.uid, os.geteuid()):
            raise SettingsError(
                f"{path} belongs to another user; remove it or choose another place"
            )
        if self.other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def open_path(self, path: Path, *, recursive: bool = False) -> None:
        """Let this user pass through to ``path``; with ``recursive`` also read what is below.

        Passing through (mode x) lets nobody list or read a directory. Nothing is changed where
        the user is the one this process runs as.
        """
        if not self.other:
            return
        for place in (path, *path.parents):
            _add(place, _TRAVERSE)
        if recursive:
            for place in path.rglob("*"):
                executable = place.is_dir() or place.stat().st_mode & stat.S_IXUSR
                _add(place, _READ | (_TRAVERSE if executable else 0))


def server_account(data: Path) -> Account:
    """The user the server of the cluster in ``data`` runs as.

    Oneself; where oneself is root, the cluster's owner, or ``tributary-postgres`` for a new one.

    Raises:
        SettingsError: the user is missing and cannot be made.
    """
    if os.geteuid() != 0:
        return Account(_own_name(), os.geteuid(), os.getegid(), other=False)
    try:
        found = pwd.getpwuid(data.stat().st_uid) if data.is_dir() else pwd.getpwnam(NAME)
    except KeyError:
        found = _made()
    return Account(found.pw_name, found.pw_uid, found.pw_gid, other=True)


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise SettingsError(
            "PostgreSQL needs a user with a name: this process's user id is not in /etc/passwd"
        ) from None


def _made() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    if useradd:
        subprocess.run([useradd, *options, NAME], check=False, capture_output=True)
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        raise SettingsError(
            f"PostgreSQL does not run as root and the system user {NAME} could not be made; "
            f"run: useradd {' '.join(options)} {NAME}"
        ) from None


def _add(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)
