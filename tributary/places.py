"""What a step works with, by the settings of this machine: folders, vault, lists, the warehouse.

The node's are made of ``settings.node``, the hub's of ``settings.hub``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.odcs import contract as contract_named
from tributary.settings import Settings

if TYPE_CHECKING:
    from anonymize.suppression import SuppressionList
    from connectors.transports.folder import DropFolder
    from connectors.zones.vault import Vault
    from warehouse.database import Warehouse
    from warehouse.server import EmbeddedServer


def drop_folder(settings: Settings, name: str) -> DropFolder:
    """The folder in which a feed's agency and the node meet."""
    from connectors.transports.folder import DropFolder

    return DropFolder.of(contract_named(name), settings.drop)


def open_vault(settings: Settings) -> Vault:
    """The node's vault of data keys."""
    from resource import RLIMIT_CORE, setrlimit

    from connectors.zones.vault import Vault

    # From here on keys and raw rows are in memory: a crash must not write it to disk.
    setrlimit(RLIMIT_CORE, (0, 0))
    return Vault.from_file(settings.node.vault, settings.node.kek_file)


def suppression_list(settings: Settings, name: str) -> SuppressionList:
    """The node's list of a feed's expunged units."""
    from anonymize.suppression import SuppressionList

    node = settings.node
    return SuppressionList(node.suppressed / f"{name}.json", node.secret_file)


def warehouse(settings: Settings) -> Warehouse:
    """The warehouse; the embedded server is started if it does not run."""
    from warehouse.credentials import Credentials
    from warehouse.database import Warehouse

    if settings.hub.warehouse_url is None:
        return embedded_server(settings).start()
    return Warehouse.at(settings.hub.warehouse_url, Credentials(settings.hub.credentials))


def embedded_server(settings: Settings) -> EmbeddedServer:
    from warehouse.server import EmbeddedServer

    return EmbeddedServer(settings.hub.embedded, settings.hub.credentials)


def trusted(settings: Settings) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in settings.hub.trusted.glob("*.pub")}
