"""core.reported_count: what agencies counted that may give no records; mart.reported_count."""

from __future__ import annotations

from warehouse.migrations import rights, run
from warehouse.migrations.functions_0012 import NOTED, RETAINED

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: The last check is the intake's, once more: nothing near a person gets in by any way.
COUNTS = """
CREATE TABLE core.reported_count (
    agency text NOT NULL,
    feed text NOT NULL,
    period_start date NOT NULL,
    months smallint NOT NULL,
    measure text NOT NULL,
    age text NOT NULL,
    gender text NOT NULL,
    citizenship text NOT NULL,
    exploitation text NOT NULL,
    service text NOT NULL,
    count integer NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT pk_reported_count PRIMARY KEY
        (agency, feed, period_start, measure, age, gender, citizenship, exploitation, service),
    CONSTRAINT ck_reported_count_period_start CHECK (extract(day FROM period_start) = 1),
    CONSTRAINT ck_reported_count_months CHECK (months IN (1, 3)),
    CONSTRAINT ck_reported_count_measure CHECK (measure IN ('new', 'continuing')),
    CONSTRAINT ck_reported_count_age CHECK (age IN ('all', 'adult', 'minor', 'unknown')),
    CONSTRAINT ck_reported_count_gender CHECK (
        gender IN ('all', 'Woman', 'Man', 'Trans/Transgender/NonConforming', 'unknown')
    ),
    CONSTRAINT ck_reported_count_citizenship CHECK (
        citizenship IN ('all', 'us_citizen', 'permanent_resident', 'foreign_national', 'unknown')
    ),
    CONSTRAINT ck_reported_count_exploitation CHECK (
        exploitation IN ('all', 'sexual', 'labour', 'both', 'other', 'unknown')
    ),
    CONSTRAINT ck_reported_count_service CHECK (
        service IN (
            'all', 'case_management', 'shelter', 'legal', 'medical', 'mental_health',
            'safety_planning', 'employment'
        )
    ),
    CONSTRAINT ck_reported_count_count CHECK (count = 0 OR count >= 11)
);

CREATE TABLE mart.reported_count (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    basis text,
    period text,
    measure text,
    breakdown text,
    value text,
    count integer,
    status text,
    revised boolean,
    CONSTRAINT pk_reported_count PRIMARY KEY (release_id, "row")
);
"""

#: As in 0009: an ended agreement hides a feed, and the expunger may remove it.
POLICIES = """
CREATE POLICY agreement_in_force ON core.reported_count AS RESTRICTIVE FOR SELECT
    TO tributary_own_rows, tributary_publisher
    USING ((agency, feed) IN (SELECT f.agency, f.feed FROM core.feeds_in_force() AS f));
CREATE POLICY owner_erases_select ON core.reported_count FOR SELECT TO tributary_owner
    USING (session_user = 'tributary_expunger');
CREATE POLICY owner_erases_delete ON core.reported_count FOR DELETE TO tributary_owner
    USING (session_user = 'tributary_expunger');
"""

#: As in 0010, with the new product.
WITHDRAW = """
CREATE OR REPLACE FUNCTION mart.withdraw(in_agency text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, mart, pg_temp AS $$
DECLARE
    gone bigint[];
BEGIN
    SELECT pg_catalog.array_agg(release_id) INTO gone FROM mart.release
    WHERE status IN ('published', 'superseded') AND in_agency = ANY (agencies);
    UPDATE mart.release SET status = 'withdrawn', withdrawn_at = pg_catalog.now()
    WHERE release_id = ANY (gone);
    UPDATE ops.release SET status = 'withdrawn' WHERE release_id = ANY (gone);
{deletes}
    RETURN coalesce(pg_catalog.cardinality(gone), 0);
END
$$;
"""
DELETE = "    DELETE FROM mart.{name} WHERE release_id = ANY (gone);\n"
WITHDRAWN = (
    "flagged",
    "flow",
    "grantee_count",
    "hotspot",
    "means_recruiter",
    "minors",
    "multi_system_contact",
    "reported_count",
    "service_gap",
    "suppression",
    "trend",
)


def upgrade() -> None:
    run(COUNTS)
    rights.secure("core.reported_count")
    rights.may("tributary_loader", "core.reported_count", *rights.VERBS)
    rights.may("tributary_publisher", "core.reported_count", "SELECT")
    rights.steward_reads("core.reported_count")
    rights.own_rows("core.reported_count")
    run(POLICIES)
    run(RETAINED)
    run(NOTED)
    rights.secure("mart.reported_count")
    rights.may("tributary_publisher", "mart.reported_count", "SELECT", "INSERT", "DELETE")
    rights.steward_reads("mart.reported_count")
    rights.readable_by_all_members("mart.reported_count")
    rights.through_functions("mart.reported_count", "SELECT", "DELETE")
    run(WITHDRAW.format(deletes="".join(DELETE.format(name=name) for name in WITHDRAWN)))
