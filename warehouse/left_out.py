"""What a delivery holds and the warehouse must not take: expunged units, and what is too old.

Both are dropped out of the staged rows before anything gets a key, with all that hangs on them:

* the parts of an event that is left out,
* an event about one person (not an incident) whose persons are all left out,
* a person whose every event in the delivery is left out,
* the texts of an incident of which a person is left out, and what was found in them.

A suppressed unit that stands in ``core`` all the same (a backup was put back) is deleted. Tokens
of persons that were left out stay in ``pg_temp.left_out_victim``, so that nothing of them is
encoded (``warehouse.encodings``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from warehouse.core_tables import PARTS
from warehouse.database import translated
from warehouse.models.linkage import UNITS
from warehouse.origin import Connection

SUPPRESSED, RETENTION = "LOAD-SUPPRESSED", "LOAD-RETENTION"

_TABLES = """
CREATE TEMPORARY TABLE left_event (token bytea PRIMARY KEY) ON COMMIT DROP;
CREATE TEMPORARY TABLE left_victim (token bytea PRIMARY KEY) ON COMMIT DROP;
CREATE TEMPORARY TABLE left_out_victim (token bytea PRIMARY KEY) ON COMMIT DROP;
"""
#: Kept for ``warehouse.encodings``: who is not loaded is not linked either.
_KEEP = """
INSERT INTO pg_temp.left_out_victim SELECT token FROM pg_temp.left_victim ON CONFLICT DO NOTHING
"""
_TOO_OLD = """
INSERT INTO pg_temp.left_event SELECT DISTINCT event_token FROM pg_temp.staged_event
WHERE greatest(event_month, end_month) + interval '1 month' <= %(before)s
"""
_OLD_COUNTS = """
DELETE FROM pg_temp.staged_reported_count
WHERE period_start + make_interval(months => months) <= %(before)s
"""
_REMEMBER = "SELECT suppression.remember(%(agency)s, %(unit)s, %(tokens)s)"
_TOLD_OF = "INSERT INTO pg_temp.left_out_victim SELECT unnest(%(tokens)s::bytea[])"
_SUPPRESSED = """
INSERT INTO pg_temp.left_{unit} SELECT DISTINCT found FROM suppression.among(
    %(agency)s, '{unit}', ARRAY(
        SELECT {unit}_token FROM pg_temp.staged_{unit}
        UNION SELECT {unit}_token FROM pg_temp.staged_victim_event
    )
) AS found WHERE found IS NOT NULL
"""
_DELETED = """
INSERT INTO pg_temp.staged_deleted (unit, token) SELECT '{unit}', token FROM pg_temp.left_{unit}
"""
_LONE_EVENTS = """
INSERT INTO pg_temp.left_event
SELECT DISTINCT e.event_token FROM pg_temp.staged_event e
JOIN pg_temp.staged_victim_event l USING (event_token)
JOIN pg_temp.left_victim v ON v.token = l.victim_token
WHERE e.event_type <> 'incident' AND NOT EXISTS (
    SELECT FROM pg_temp.staged_victim_event o WHERE o.event_token = e.event_token
    AND NOT EXISTS (SELECT FROM pg_temp.left_victim x WHERE x.token = o.victim_token)
) ON CONFLICT DO NOTHING
"""
_LONE_VICTIMS = """
INSERT INTO pg_temp.left_victim
SELECT DISTINCT l.victim_token FROM pg_temp.staged_victim_event l
JOIN pg_temp.left_event e ON e.token = l.event_token
WHERE NOT EXISTS (
    SELECT FROM pg_temp.staged_victim_event o WHERE o.victim_token = l.victim_token
    AND NOT EXISTS (SELECT FROM pg_temp.left_event x WHERE x.token = o.event_token)
) ON CONFLICT DO NOTHING
"""
_COUNT_DOWN = """
UPDATE pg_temp.staged_event e SET victim_count = greatest(e.victim_count - gone.victims, 0)
FROM (
    SELECT l.event_token, count(*)::integer AS victims FROM pg_temp.staged_victim_event l
    JOIN pg_temp.left_victim v ON v.token = l.victim_token GROUP BY l.event_token
) AS gone
WHERE e.event_token = gone.event_token AND e.victim_count IS NOT NULL
"""
_TOLD = """
DELETE FROM pg_temp.staged_{table} s WHERE s.event_token IN (
    SELECT l.event_token FROM pg_temp.staged_victim_event l
    JOIN pg_temp.left_victim v ON v.token = l.victim_token
)
"""
_OF_UNIT = """
DELETE FROM pg_temp.staged_{table} s USING pg_temp.left_{unit} x WHERE s.{unit}_token = x.token
"""
#: Parts that name a victim, last: which events they belong to decides about the others.
_OF_VICTIMS = ("service", "victim_event")
_TEXTS = ("event_text", "event_indicator")


@dataclass
class LeftOut:
    """Rows left out, by rule code and table of ``core``."""

    rows: dict[str, dict[str, int]] = field(default_factory=dict)

    def of(self, table: str) -> int:
        return sum(counts.get(table, 0) for counts in self.rows.values())

    def units(self) -> dict[tuple[str, str], int]:
        """Units and counts left out, by rule code and table."""
        return {
            (code, unit): counts[unit]
            for code, counts in self.rows.items()
            for unit in (*UNITS, "reported_count")
            if counts.get(unit)
        }


def leave_out(
    connection: Connection, agency: str, told: Mapping[str, tuple[str, ...]], before: date
) -> LeftOut:
    """Drop what must not be loaded out of the staged tables.

    Args:
        told: tokens of suppressed units, by unit, as the agency's node found them in the delivery
            (``anonymize.suppression``); they are remembered from now on.
        before: events that ended before this day are too old to be kept.
    """
    left = LeftOut()
    with translated("leaving out what must not be loaded"):
        connection.execute(_TABLES)
        for unit, tokens in told.items():
            given = {"agency": agency, "unit": unit, "tokens": [bytes.fromhex(t) for t in tokens]}
            connection.execute(_REMEMBER, given)
            if unit == "victim":
                connection.execute(_TOLD_OF, given)
        if connection.execute(_TOO_OLD, {"before": before}).rowcount:
            left.rows[RETENTION] = _drop(connection)
        if old := connection.execute(_OLD_COUNTS, {"before": before}).rowcount:
            left.rows.setdefault(RETENTION, {})["reported_count"] = old
        if _holds(connection, agency):
            for unit in UNITS:
                connection.execute(_SUPPRESSED.format(unit=unit), {"agency": agency})
                connection.execute(_DELETED.format(unit=unit))
            left.rows[SUPPRESSED] = _drop(connection)
    return left


def _holds(connection: Connection, agency: str) -> bool:
    found = connection.execute("SELECT suppression.holds(%s)", [agency]).fetchone()
    return bool(found and found[0])


def _drop(connection: Connection) -> dict[str, int]:
    """Delete the units listed and what hangs on them; rows deleted, by table."""
    connection.execute(_LONE_EVENTS)
    connection.execute(_LONE_VICTIMS)
    connection.execute(_COUNT_DOWN)
    connection.execute(_KEEP)
    counts = {table: connection.execute(_TOLD.format(table=table)).rowcount for table in _TEXTS}
    for table in (*(part for part in PARTS if part not in _OF_VICTIMS), *_OF_VICTIMS):
        units = UNITS if table in _OF_VICTIMS else ("event",)
        counts[table] = counts.get(table, 0) + sum(
            connection.execute(_OF_UNIT.format(table=table, unit=unit)).rowcount for unit in units
        )
    for unit in UNITS:
        counts[unit] = connection.execute(_OF_UNIT.format(table=unit, unit=unit)).rowcount
        connection.execute(f"TRUNCATE pg_temp.left_{unit}")
    return counts
