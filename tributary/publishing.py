"""The step that publishes, shared by the DAG and the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from schemas.odcs import contracts
from tributary import places
from tributary.settings import Settings


def publish(
    settings: Settings,
    *,
    allow_loss: bool = False,
    progress: Callable[[str], None] = lambda _step: None,
) -> dict[str, Any]:
    """Publish a new release of every product from what stands in the warehouse.

    Returns:
        the release's number and status (``published`` or ``refused``), rows by product, what
        disclosure control did, and what the release gate found.
    """
    from warehouse.publish.publish import publish as run

    now = datetime.now(UTC)
    in_force = {name: one for name, one in contracts().items() if one.agreement.holds(now.date())}
    return run(
        places.warehouse(settings),
        in_force,
        now,
        allow_loss=allow_loss,
        secret_file=settings.hub.release_secret_file,
        progress=progress,
    ).as_json()
