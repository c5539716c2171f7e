"""Where things stand on this machine. Read from the environment once, passed down as an argument.

    TRIBUTARY_HOME           directory of zones, secrets and the embedded warehouse (default: var)
    TRIBUTARY_DROP           drop folders of the agencies (default: <home>/drop)
    TRIBUTARY_WAREHOUSE_URL  postgresql://host:port/database; unset: embedded PostgreSQL. Roles log
                             in with passwords in TRIBUTARY_CREDENTIALS, never with one in the URL
    TRIBUTARY_KEK_FILE       key-encryption key of the agency node, 32 bytes
    TRIBUTARY_SECRET_FILE    root secret of the tokens, at least 32 bytes
    TRIBUTARY_LINKAGE_SECRET_FILE  secret the agencies' encodings are made under, the same at every
                             node and on no hub (default: <home>/secrets/linkage.secret)
    TRIBUTARY_RELEASE_SECRET_FILE  secret of the noise on published counts, on the hub alone; the
                             same for all releases (default: <home>/secrets/release.secret)
    TRIBUTARY_SIGNING_FILE   Ed25519 key the node seals packages with
    TRIBUTARY_TRUSTED_DIR    public keys of the nodes the hub takes packages from
    TRIBUTARY_CREDENTIALS    directory with one password file per database role
    TRIBUTARY_MEMORY_LIMIT   for DuckDB, e.g. 1500MB
    TRIBUTARY_PARTITION_ROWS rows one de-identification task takes at least (default 500000)

The node's files (zones, keys) and the hub's (inbox, staging) stand under different directories and
are read through different objects, so that a hub step cannot name a raw file. In a deployment they
belong to different operating-system users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import SettingsError


@dataclass(frozen=True)
class NodeSettings:
    """The agency node: raw custody."""

    name: str
    landing: Path
    raw: Path
    outgoing: Path
    landed: Path
    suppressed: Path
    vault: Path
    kek_file: Path
    secret_file: Path
    linkage_secret_file: Path
    signing_file: Path


@dataclass(frozen=True)
class HubSettings:
    """The hub: never sees a raw row."""

    inbox: Path
    requests: Path
    staging: Path
    trusted: Path
    release_secret_file: Path
    warehouse_url: str | None
    embedded: Path
    credentials: Path


@dataclass(frozen=True)
class Settings:
    """Everything a step needs to know about this machine."""

    home: Path
    drop: Path
    node: NodeSettings
    hub: HubSettings
    memory_limit: str
    partition_rows: int

    @property
    def is_embedded(self) -> bool:
        return self.hub.warehouse_url is None


def settings(environ: Mapping[str, str]) -> Settings:
    """Settings out of an environment.

    Raises:
        SettingsError: a number is not one.
    """
    home = Path(environ.get("TRIBUTARY_HOME", "var")).resolve()
    node, hub, secrets = home / "node", home / "hub", home / "secrets"
    return Settings(
        home=home,
        drop=Path(environ.get("TRIBUTARY_DROP", home / "drop")).resolve(),
        node=NodeSettings(
            name=environ.get("TRIBUTARY_NODE", "node"),
            landing=node / "landing",
            raw=node / "raw",
            outgoing=node / "outgoing",
            landed=node / "landed",
            suppressed=node / "suppressed",
            vault=node / "vault",
            kek_file=Path(environ.get("TRIBUTARY_KEK_FILE", secrets / "node.kek")),
            secret_file=Path(environ.get("TRIBUTARY_SECRET_FILE", secrets / "node.secret")),
            linkage_secret_file=Path(
                environ.get("TRIBUTARY_LINKAGE_SECRET_FILE", secrets / "linkage.secret")
            ),
            signing_file=Path(environ.get("TRIBUTARY_SIGNING_FILE", secrets / "node.signing")),
        ),
        hub=HubSettings(
            inbox=hub / "inbox",
            requests=hub / "inbox",  # what both sides of the wall have in common
            staging=hub / "deidentified",
            trusted=Path(environ.get("TRIBUTARY_TRUSTED_DIR", secrets / "trusted")),
            release_secret_file=Path(
                environ.get("TRIBUTARY_RELEASE_SECRET_FILE", secrets / "release.secret")
            ),
            warehouse_url=environ.get("TRIBUTARY_WAREHOUSE_URL") or None,
            embedded=home / "warehouse",
            credentials=Path(environ.get("TRIBUTARY_CREDENTIALS", secrets / "database")),
        ),
        memory_limit=environ.get("TRIBUTARY_MEMORY_LIMIT", "1500MB"),
        partition_rows=_integer(environ, "TRIBUTARY_PARTITION_ROWS", 500_000),
    )


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(environ.get(name, default))
    except ValueError:
        raise SettingsError(f"{name} must be a whole number") from None
