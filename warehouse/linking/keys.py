"""What becomes of persons' keys and of encodings over time: rotation, and the end of an epoch."""

from __future__ import annotations

from contextlib import closing

from warehouse.database import Warehouse, translated
from warehouse.roles import Role

#: Waits for a link run to end, as another run would.
TURN = "SELECT pg_advisory_xact_lock(hashtextextended('tributary link', 0))"
_OF_EPOCH = (
    "DELETE FROM linkage.{table} WHERE space_id IN "
    "(SELECT space_id FROM linkage.space WHERE epoch = %(epoch)s "
    "AND schema_version = coalesce(%(version)s, schema_version))"
)


def rotate_person_keys(warehouse: Warehouse) -> None:
    """Give every person a new random key; which was which is recorded nowhere."""
    with (
        closing(warehouse.connect(Role.LINKER)) as connection,
        translated("rotating the keys of persons"),
        connection.transaction(),
    ):
        connection.execute(TURN)
        connection.execute("SELECT linked.rotate_person_keys()")


def end_epoch(warehouse: Warehouse, epoch: str, version: int | None = None) -> int:
    """Drop the encodings of an epoch; persons, and the pairs they rest on, stay.

    Args:
        version: of the linkage schema; without it, those of all versions.

    Returns:
        encodings dropped.
    """
    with (
        closing(warehouse.connect(Role.LINKER)) as connection,
        translated("ending an epoch"),
        connection.transaction(),
    ):
        connection.execute(TURN)
        ended = {"epoch": epoch, "version": version}
        for table in ("pending", "weights"):
            connection.execute(_OF_EPOCH.format(table=table), ended)
        return connection.execute(_OF_EPOCH.format(table="encoding"), ended).rowcount
