"""SQL of the merge, put together from the constants of this module and the names of the models.

``{t}`` is the unit (``event``, ``victim``) or the table. Tables of a merge, all temporary:

* ``staged_<table>``, ``key_<unit>``: see ``warehouse.staging``,
* ``gone_<unit>``: units to delete,
* ``cleared``: events whose parts go, because they are replaced or gone,
* ``touched_<unit>``: units that lost something to which they were linked.
"""

# ruff: noqa: S608 - no value is ever part of a statement's text

from __future__ import annotations

from psycopg import sql

from warehouse.core_tables import ORIGIN, CoreTable

_OWN = "c.agency = %(agency)s AND c.feed = %(feed)s"
#: The row does not stand as a newer export of the feed gave it.
_NOT_NEWER = (
    "NOT EXISTS (SELECT FROM ops.delivery d WHERE d.delivery_id = c.delivery_id "
    "AND d.as_of > %(as_of)s)"
)
_DELIVERED = "EXISTS (SELECT FROM pg_temp.key_{t} k WHERE k.record_key = c.{t}_key AND k.delivered)"
_WITHHELD = (
    "c.{t}_key IN (SELECT w.record_key FROM pg_temp.staged_withheld s "
    "JOIN pg_temp.key_{t} w USING (token) WHERE s.unit = '{t}')"
)

TABLES = sql.SQL("""
CREATE TEMPORARY TABLE gone_event (record_key uuid) ON COMMIT DROP;
CREATE TEMPORARY TABLE gone_victim (record_key uuid) ON COMMIT DROP;
CREATE TEMPORARY TABLE cleared (record_key uuid) ON COMMIT DROP;
CREATE TEMPORARY TABLE touched_event (record_key uuid) ON COMMIT DROP;
CREATE TEMPORARY TABLE touched_victim (record_key uuid) ON COMMIT DROP;
""")

# --- which units are loaded -----------------------------------------------------------------------

FOREIGN = sql.SQL(
    "SELECT count(*) FROM pg_temp.key_{t} k JOIN core.{t} c ON c.{t}_key = k.record_key "
    "WHERE k.delivered AND c.feed <> %(feed)s"
)
LEAVE_NEWER = sql.SQL(
    "UPDATE pg_temp.key_{t} k SET loads = false "
    "FROM core.{t} c JOIN ops.delivery d USING (delivery_id) "
    "WHERE k.loads AND c.{t}_key = k.record_key AND d.as_of > %(as_of)s"
)
COUNT_LOADS = sql.SQL("SELECT count(*) FROM pg_temp.key_{t} WHERE loads")
COUNT_REPLACED = sql.SQL(
    "SELECT count(*) FROM pg_temp.key_{t} k JOIN core.{t} c ON c.{t}_key = k.record_key "
    "WHERE k.loads"
)

# --- what goes ------------------------------------------------------------------------------------

GONE_BY_SOURCE = sql.SQL(
    "INSERT INTO pg_temp.gone_{t} SELECT c.{t}_key FROM pg_temp.staged_deleted s "
    "JOIN pg_temp.key_{t} k USING (token) JOIN core.{t} c ON c.{t}_key = k.record_key "
    f"WHERE s.unit = '{{t}}' AND NOT k.delivered AND {_OWN} AND {_NOT_NEWER} GROUP BY 1"
)
GONE_WITH_OLD_CONTRACT = sql.SQL(
    "INSERT INTO pg_temp.gone_{t} SELECT c.{t}_key FROM core.{t} c "
    f"WHERE {_OWN} AND c.delivery_id = ANY (%(predecessors)s) "
    f"AND NOT {_DELIVERED} AND NOT {_WITHHELD} "
    "AND NOT EXISTS (SELECT FROM pg_temp.gone_{t} g WHERE g.record_key = c.{t}_key)"
)
_IN_PERIOD = (
    f"{_OWN} AND c.event_month >= %(start)s "
    "AND c.event_month + interval '1 month' <= %(end)s::date + 1"
)
_ABSENT = (
    f"FROM core.event c WHERE {_IN_PERIOD} AND NOT {_DELIVERED} AND NOT {_WITHHELD} "
    f"AND {_NOT_NEWER} "
    "AND NOT EXISTS (SELECT FROM pg_temp.gone_event g WHERE g.record_key = c.event_key)"
)
COUNT_IN_PERIOD = sql.SQL(f"SELECT count(*) FROM core.event c WHERE {_IN_PERIOD}")
COUNT_ABSENT = sql.SQL(f"SELECT count(*) {_ABSENT}")
GONE_BY_ABSENCE = sql.SQL(f"INSERT INTO pg_temp.gone_event SELECT c.event_key {_ABSENT}")
MARK_DELETED = sql.SQL(
    "SELECT linkage.mark_deleted(%(agency)s, '{t}', %(as_of)s, ARRAY("
    "SELECT s.token FROM pg_temp.staged_deleted s JOIN pg_temp.key_{t} k USING (token) "
    "WHERE s.unit = '{t}' AND NOT k.delivered))"
)
DELETE_GONE = sql.SQL(
    "DELETE FROM core.{t} c USING pg_temp.gone_{t} g WHERE c.{t}_key = g.record_key"
)

# --- what is replaced or loses a link -------------------------------------------------------------

CLEARED = sql.SQL(
    "INSERT INTO pg_temp.cleared "
    "SELECT k.record_key FROM pg_temp.key_event k JOIN core.event c ON c.event_key = k.record_key "
    "WHERE k.loads UNION ALL SELECT record_key FROM pg_temp.gone_event"
)
TOUCHED_VICTIM = sql.SQL(
    "INSERT INTO pg_temp.touched_victim "
    "SELECT DISTINCT c.victim_key FROM core.victim_event c "
    "JOIN pg_temp.cleared g ON g.record_key = c.event_key "
    f"WHERE NOT {_DELIVERED}"
)
TOUCHED_EVENT = sql.SQL(
    "INSERT INTO pg_temp.touched_event "
    "SELECT l.event_key FROM core.victim_event l "
    "JOIN pg_temp.gone_victim g ON g.record_key = l.victim_key "
    "UNION "
    "SELECT k.record_key FROM pg_temp.staged_victim_event s "
    "JOIN pg_temp.staged_deleted d ON d.unit = 'victim' AND d.token = s.victim_token "
    "JOIN pg_temp.key_event k ON k.token = s.event_token"
)
CLEAR = sql.SQL("DELETE FROM core.{t} c USING pg_temp.cleared g WHERE c.event_key = g.record_key")
#: An incident stands without its victims; an enrolment, arrest or case is about one person.
LONE_EVENT = sql.SQL(
    "DELETE FROM core.event c USING pg_temp.touched_event g WHERE c.event_key = g.record_key "
    f"AND {_OWN} AND c.event_type <> 'incident' "
    "AND NOT EXISTS (SELECT FROM core.victim_event l WHERE l.event_key = c.event_key)"
)
LONE_VICTIM = sql.SQL(
    "DELETE FROM core.victim c USING pg_temp.touched_victim g WHERE c.victim_key = g.record_key "
    f"AND {_OWN} AND NOT {_WITHHELD} "
    "AND NOT EXISTS (SELECT FROM core.victim_event l WHERE l.victim_key = c.victim_key)"
)
MARK_STALE = sql.SQL(
    f"UPDATE core.{{t}} c SET stale = true WHERE {_WITHHELD} AND {_OWN} AND {_NOT_NEWER} "
    "AND NOT c.stale AND c.delivery_id <> %(delivery)s"
)

# --- filings --------------------------------------------------------------------------------------

COUNT_REPLACED_FILINGS = sql.SQL(
    "SELECT count(*) FROM core.filing c JOIN pg_temp.staged_filing s USING (unit, reporting_month) "
    f"WHERE {_OWN} AND {_NOT_NEWER}"
)
FILE = sql.SQL(
    "INSERT INTO core.filing AS c (agency, feed, delivery_id, unit, reporting_month, status) "
    "SELECT %(agency)s, %(feed)s, %(delivery)s, unit, reporting_month, status "
    "FROM pg_temp.staged_filing "
    "ON CONFLICT (agency, feed, unit, reporting_month) DO UPDATE "
    f"SET delivery_id = excluded.delivery_id, status = excluded.status WHERE {_NOT_NEWER}"
)

# --- counts an agency made itself -----------------------------------------------------------------

_OVERLAPS = (
    "c.period_start < s.period_start + make_interval(months => s.months) "
    "AND s.period_start < c.period_start + make_interval(months => c.months)"
)
#: A period is replaced whole: what the newer table of it leaves out is held back now.
LEAVE_OLDER_COUNTS = sql.SQL(
    "DELETE FROM pg_temp.staged_reported_count s WHERE EXISTS ("
    f"SELECT FROM core.reported_count c WHERE {_OWN} AND {_OVERLAPS} AND NOT {_NOT_NEWER})"
)
COUNT_REPLACED_COUNTS = sql.SQL(
    "SELECT count(*) FROM core.reported_count c JOIN pg_temp.staged_reported_count s "
    "USING (period_start, measure, age, gender, citizenship, exploitation, service) "
    f"WHERE {_OWN}"
)
CLEAR_COUNTS = sql.SQL(
    "DELETE FROM core.reported_count c USING "
    "(SELECT DISTINCT period_start, months FROM pg_temp.staged_reported_count) s "
    f"WHERE {_OWN} AND {_OVERLAPS}"
)


def insert_counts(table: CoreTable) -> sql.Composed:
    """Insert the counts of delivered periods."""
    names = [sql.Identifier(one.column) for one in table.values]
    return sql.SQL(
        "INSERT INTO core.reported_count ({origin}, {columns}) "
        "SELECT %(agency)s, %(feed)s, %(delivery)s, {columns} FROM pg_temp.staged_reported_count"
    ).format(
        origin=sql.SQL(", ").join(sql.Identifier(name) for name in ORIGIN),
        columns=sql.SQL(", ").join(names),
    )


def upsert(table: CoreTable) -> sql.Composed:
    """Insert or replace delivered units whole: what is not given becomes unknown.

    In the order of their keys: random keys in random order touch a page of the index per row.
    """
    key = f"{table.name}_key"
    names = [sql.Identifier(one.column) for one in table.values]
    columns = [*(sql.Identifier(name) for name in ORIGIN), sql.Identifier("stale"), *names]
    return sql.SQL(
        "INSERT INTO core.{table} ({key}, {columns}) "
        "SELECT k.record_key, %(agency)s, %(feed)s, %(delivery)s, false, {values} "
        "FROM pg_temp.{staged} s JOIN pg_temp.{keys} k ON k.token = s.{token} AND k.loads "
        "ORDER BY k.record_key ON CONFLICT ({key}) DO UPDATE SET {updates}"
    ).format(
        table=sql.Identifier(table.name),
        key=sql.Identifier(key),
        columns=sql.SQL(", ").join(columns),
        values=sql.SQL(", ").join(sql.SQL("s.{}").format(name) for name in names),
        staged=sql.Identifier(f"staged_{table.name}"),
        keys=sql.Identifier(f"key_{table.name}"),
        token=sql.Identifier(f"{table.name}_token"),
        updates=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(column) for column in columns
        ),
    )


def insert_part(table: CoreTable) -> sql.Composed:
    """Insert the parts of delivered events whose victim, if they have one, is known."""
    keys = [sql.Identifier(one.column) for one in table.tokens]
    names = [sql.Identifier(one.column) for one in table.values]
    return sql.SQL(
        "INSERT INTO core.{table} ({columns}) "
        "SELECT {keys}, %(agency)s, %(feed)s, %(delivery)s{values} "
        "FROM pg_temp.{staged} s JOIN pg_temp.key_event e ON e.token = s.event_token {victim}"
        "WHERE e.loads {known} ORDER BY e.record_key"
    ).format(
        table=sql.Identifier(table.name),
        columns=sql.SQL(", ").join([*keys, *(sql.Identifier(n) for n in ORIGIN), *names]),
        keys=sql.SQL(", ").join(
            sql.SQL("v.record_key" if one.name == "victim_token" else "e.record_key")
            for one in table.tokens
        ),
        values=sql.SQL("").join(sql.SQL(", s.{}").format(name) for name in names),
        staged=sql.Identifier(f"staged_{table.name}"),
        **_victim_join(table),
    )


def _victim_join(table: CoreTable) -> dict[str, sql.SQL]:
    given = next((one for one in table.tokens if one.name == "victim_token"), None)
    if given is None:
        return {"victim": sql.SQL(""), "known": sql.SQL("")}
    exists = "(v.loads OR EXISTS (SELECT FROM core.victim c WHERE c.victim_key = v.record_key))"
    join = "JOIN pg_temp.key_victim v ON v.token = s.victim_token"
    if given.required:
        return {"victim": sql.SQL(join + " "), "known": sql.SQL(f"AND {exists}")}
    # A part that can do without its victim keeps its place in the event.
    return {"victim": sql.SQL(f"LEFT {join} AND {exists} "), "known": sql.SQL("")}


def count_orphans(table: CoreTable) -> sql.Composed:
    """Staged parts whose event is not in the delivery, or whose victim nobody knows.

    Parts of events that stand as a newer export gave them, or of a victim that this delivery
    deletes, are not among them.
    """
    victim = any(one.name == "victim_token" and one.required for one in table.tokens)
    unknown_victim = (
        "OR (NOT EXISTS (SELECT FROM pg_temp.key_victim v JOIN core.victim c "
        "ON c.victim_key = v.record_key WHERE v.token = s.victim_token) "
        "AND NOT EXISTS (SELECT FROM pg_temp.staged_deleted d "
        "WHERE d.unit = 'victim' AND d.token = s.victim_token))"
    )
    return sql.SQL(
        "SELECT count(*) FROM pg_temp.{staged} s WHERE NOT EXISTS "
        "(SELECT FROM pg_temp.staged_event e WHERE e.event_token = s.event_token) {victim}"
    ).format(
        staged=sql.Identifier(f"staged_{table.name}"),
        victim=sql.SQL(unknown_victim if victim else ""),
    )
