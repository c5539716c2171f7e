"""suppression: what was expunged, so that no later delivery brings it back; ended agreements."""

from __future__ import annotations

from warehouse.migrations import rights, run
from warehouse.migrations.functions_0009 import ERASE, ERASURES, NOTE_IF_ANY

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
CREATE SCHEMA suppression;

CREATE TABLE suppression.mark (
    agency text NOT NULL,
    unit text NOT NULL,
    mark bytea NOT NULL,
    CONSTRAINT pk_mark PRIMARY KEY (agency, unit, mark),
    CONSTRAINT ck_mark_unit CHECK (unit IN ('event', 'victim')),
    CONSTRAINT ck_mark_mark CHECK (octet_length(mark) = 32)
);

CREATE TABLE ops.agreement (
    agency text NOT NULL,
    feed text NOT NULL,
    agreement_id text NOT NULL,
    expires date NOT NULL,
    terminated date,
    grace_days integer NOT NULL,
    CONSTRAINT pk_agreement PRIMARY KEY (agency, feed),
    CONSTRAINT ck_agreement_grace_days CHECK (grace_days >= 0)
);

CREATE TABLE ops.erasure (
    erasure_id text NOT NULL,
    erased_at timestamptz DEFAULT now() NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    reason text NOT NULL,
    asked integer NOT NULL,
    found integer NOT NULL,
    removed jsonb NOT NULL,
    CONSTRAINT pk_erasure PRIMARY KEY (erasure_id),
    CONSTRAINT ck_erasure_reason CHECK (reason IN ('expungement', 'retention', 'agreement')),
    CONSTRAINT ck_erasure_asked CHECK (asked >= 0),
    CONSTRAINT ck_erasure_found CHECK (found >= 0)
);

CREATE TABLE ops.release_withdrawal (
    withdrawal_id bigint GENERATED ALWAYS AS IDENTITY,
    requested_at timestamptz DEFAULT now() NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    reason text NOT NULL,
    releases integer DEFAULT 0 NOT NULL,
    CONSTRAINT pk_release_withdrawal PRIMARY KEY (withdrawal_id),
    CONSTRAINT ck_release_withdrawal_reason CHECK (reason IN ('expungement', 'consent_withdrawn'))
);
"""

#: A mark is the SHA-256 of a token. The token is 128 bit under a key of the agency node, so the
#: mark cannot be turned back or guessed; and the token itself stands nowhere any more.
SUPPRESSION = """
CREATE FUNCTION suppression.remember(in_agency text, in_unit text, in_tokens bytea[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, suppression, pg_temp AS $$
    INSERT INTO suppression.mark (agency, unit, mark)
    SELECT DISTINCT in_agency, in_unit, pg_catalog.sha256(asked.token)
    FROM pg_catalog.unnest(in_tokens) AS asked (token)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION suppression.remember(text, text, bytea[]) IS
    'Suppress units for good; nothing takes a suppression back';

CREATE FUNCTION suppression.among(in_agency text, in_unit text, in_tokens bytea[])
RETURNS SETOF bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, suppression, pg_temp AS $$
    SELECT asked.token FROM pg_catalog.unnest(in_tokens) AS asked (token)
    WHERE pg_catalog.sha256(asked.token) IN (
        SELECT known.mark FROM suppression.mark AS known
        WHERE known.agency = in_agency AND known.unit = in_unit
    )
$$;
COMMENT ON FUNCTION suppression.among(text, text, bytea[]) IS
    'Which of the given tokens are of suppressed units; it lists none that is not given';

CREATE FUNCTION suppression.holds(in_agency text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, suppression, pg_temp AS $$
    SELECT EXISTS (SELECT FROM suppression.mark AS known WHERE known.agency = in_agency)
$$;
COMMENT ON FUNCTION suppression.holds(text) IS 'Whether any unit of the agency is suppressed';
"""

#: To ask for it is to do it: whoever may ask need not be able to touch a release.
WITHDRAWAL = """
CREATE FUNCTION suppression.withdraw_releases() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, suppression, pg_temp AS $$
BEGIN
    NEW.releases := mart.withdraw(NEW.agency);
    RETURN NEW;
END
$$;
CREATE TRIGGER withdraw_releases BEFORE INSERT ON ops.release_withdrawal
    FOR EACH ROW EXECUTE FUNCTION suppression.withdraw_releases();
"""

#: Evaluated once a statement where it stands in a sub-select, as in the policies below.
IN_FORCE = """
CREATE FUNCTION core.feeds_in_force() RETURNS TABLE (agency text, feed text)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT known.agency, known.feed FROM ops.agreement AS known
    WHERE (now() AT TIME ZONE 'UTC')::date <= least(known.expires, known.terminated - 1)
$$;
COMMENT ON FUNCTION core.feeds_in_force() IS 'Feeds whose agreement has not ended';
"""

CORE_OF_FEEDS = (
    *("event", "victim", "victim_event", "offense", "event_indicator", "event_text"),
    *("perpetrator_count", "service", "filing"),
)
#: Restrictive: whatever else lets a row be seen, an ended agreement hides it.
HIDDEN = """
CREATE POLICY agreement_in_force ON core.{table} AS RESTRICTIVE FOR SELECT
    TO tributary_own_rows, tributary_publisher
    USING ((agency, feed) IN (SELECT f.agency, f.feed FROM core.feeds_in_force() AS f));
"""
#: The functions above run as the owner, who sees core in sessions of the expunger alone.
ERASABLE = """
CREATE POLICY owner_erases_{verb} ON {table} FOR {verb} TO tributary_owner
    USING (session_user = 'tributary_expunger');
"""

RIGHTS = """
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA suppression FROM PUBLIC;
REVOKE ALL ON FUNCTION core.feeds_in_force() FROM PUBLIC;
GRANT USAGE ON SCHEMA suppression TO tributary_loader, tributary_expunger;
GRANT EXECUTE ON FUNCTION
    suppression.remember(text, text, bytea[]),
    suppression.among(text, text, bytea[]),
    suppression.holds(text)
    TO tributary_loader;
GRANT EXECUTE ON FUNCTION
    suppression.expunge(text, text, text, text, bytea[]),
    suppression.retire(text, text, date, boolean),
    suppression.purge(text, text, boolean)
    TO tributary_expunger;
GRANT EXECUTE ON FUNCTION core.feeds_in_force() TO tributary_own_rows, tributary_publisher;
"""


def upgrade() -> None:
    run(TABLES)
    run(SUPPRESSION)
    run(WITHDRAWAL)
    run(ERASE)
    run(NOTE_IF_ANY)
    run(ERASURES)
    run(IN_FORCE)
    run(RIGHTS)
    for table in CORE_OF_FEEDS:
        run(HIDDEN.format(table=table))
        for verb in ("SELECT", "DELETE"):
            run(ERASABLE.format(table=f"core.{table}", verb=verb))
    run(ERASABLE.format(table="core.event", verb="UPDATE"))
    run(ERASABLE.format(table="ops.delivery", verb="SELECT"))
    _secure()


def _secure() -> None:
    rights.secure("suppression.mark")
    rights.through_functions("suppression.mark", "SELECT", "INSERT")
    for table in ("ops.agreement", "ops.erasure", "ops.release_withdrawal"):
        rights.secure(table)
        rights.steward_reads(table)
        rights.auditor_reads(table)
    rights.may("tributary_loader", "ops.agreement", "SELECT", "INSERT", "UPDATE")
    rights.may("tributary_expunger", "ops.agreement", "SELECT")
    rights.may("tributary_publisher", "ops.agreement", "SELECT")
    rights.through_functions("ops.agreement", "SELECT")
    rights.through_functions("ops.erasure", "SELECT", "INSERT")
    rights.through_functions("ops.release_withdrawal", "SELECT", "INSERT")
    rights.may("tributary_loader", "ops.release_withdrawal", "INSERT")
    rights.may("tributary_publisher", "ops.release_withdrawal", "SELECT")
