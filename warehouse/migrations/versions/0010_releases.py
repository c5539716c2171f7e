"""mart and the ledger of releases: what was published, from what, and what was hidden."""

from __future__ import annotations

from warehouse.migrations import rights, run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LEDGER = """
CREATE TABLE ops.release (
    release_id bigint GENERATED ALWAYS AS IDENTITY,
    created_at timestamptz NOT NULL,
    status text NOT NULL,
    code_version text NOT NULL,
    contracts jsonb NOT NULL,
    deliveries text[] NOT NULL,
    cubes jsonb NOT NULL,
    gate jsonb NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (release_id),
    CONSTRAINT ck_release_status
        CHECK (status IN ('published', 'superseded', 'withdrawn', 'refused'))
);

CREATE TABLE linked.release_cell (
    release_id bigint NOT NULL,
    cube text NOT NULL,
    position integer NOT NULL,
    cell jsonb NOT NULL,
    count integer NOT NULL,
    decided integer,
    shown integer,
    status text NOT NULL,
    reason text,
    lower integer,
    upper integer,
    CONSTRAINT pk_release_cell PRIMARY KEY (release_id, cube, position)
);

CREATE TABLE mart.release (
    release_id bigint NOT NULL,
    published_at timestamptz NOT NULL,
    status text NOT NULL,
    withdrawn_at timestamptz,
    code_version text NOT NULL,
    agencies text[] NOT NULL,
    deliveries integer NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (release_id),
    CONSTRAINT ck_release_status
        CHECK (status IN ('published', 'superseded', 'withdrawn', 'refused'))
);

CREATE TABLE ops.privacy_spend (
    spend_id bigint GENERATED ALWAYS AS IDENTITY,
    spent_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    data text NOT NULL,
    year integer NOT NULL,
    release text NOT NULL,
    epsilon double precision NOT NULL,
    CONSTRAINT pk_privacy_spend PRIMARY KEY (spend_id),
    CONSTRAINT ck_privacy_spend_epsilon CHECK (epsilon > 0 AND epsilon < 'Infinity')
);
-- what was spent cannot be taken back
REVOKE UPDATE, DELETE ON ops.privacy_spend FROM tributary_owner;
"""

PRODUCTS = """
CREATE TABLE mart.coverage (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    agency text,
    feed text,
    unit text,
    month date,
    status text,
    CONSTRAINT pk_coverage PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.data_quality (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    agency text NOT NULL,
    feed text,
    tier text,
    rule text,
    table_name text,
    field text,
    deliveries integer,
    "rows" integer,
    newest integer,
    CONSTRAINT pk_data_quality PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.delivery_receipt (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    agency text NOT NULL,
    feed text,
    delivery_id text,
    file_sha256 text,
    received_at timestamptz,
    status text,
    contract_version text,
    rows_in integer,
    accepted integer,
    quarantined integer,
    refused integer,
    findings integer,
    CONSTRAINT pk_delivery_receipt PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.flagged (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    "by" text,
    value text,
    coding text,
    count integer,
    status text,
    CONSTRAINT pk_flagged PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.flow (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    origin text,
    state text,
    count integer,
    status text,
    CONSTRAINT pk_flow PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.grantee_count (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    fiscal_year text,
    breakdown text,
    value text,
    count integer,
    status text,
    CONSTRAINT pk_grantee_count PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.hotspot (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    area_kind text,
    area text,
    count integer,
    incidents integer,
    status text,
    "class" text,
    coverage text,
    CONSTRAINT pk_hotspot PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.means_recruiter (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    variable text,
    count integer,
    denominator integer,
    share double precision,
    status text,
    CONSTRAINT pk_means_recruiter PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.minors (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    year text,
    minors text,
    count integer,
    status text,
    CONSTRAINT pk_minors PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.multi_system_contact (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    systems text,
    breakdown text,
    value text,
    count integer,
    status text,
    median_gap text,
    CONSTRAINT pk_multi_system_contact PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.service_gap (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    identified text,
    referred text,
    served text,
    count integer,
    status text,
    CONSTRAINT pk_service_gap PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.suppression (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    cube text,
    margin text,
    published integer,
    zero integer,
    suppressed integer,
    CONSTRAINT pk_suppression PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.trend (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    measure text,
    period text,
    exploitation text,
    count integer,
    status text,
    revised boolean,
    "trend" text,
    CONSTRAINT pk_trend PRIMARY KEY (release_id, "row")
);
"""

#: Read by every member; by each agency its own rows.
FOR_ALL = (
    "coverage",
    "flagged",
    "flow",
    "grantee_count",
    "hotspot",
    "means_recruiter",
    "minors",
    "multi_system_contact",
    "service_gap",
    "suppression",
    "trend",
)
FOR_OWN = ("data_quality", "delivery_receipt")
#: Products made of records of persons or incidents.
WITHDRAWN = tuple(name for name in FOR_ALL if name != "coverage")

WITHDRAW = """
CREATE FUNCTION mart.withdraw(in_agency text) RETURNS integer
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
COMMENT ON FUNCTION mart.withdraw(text) IS
    'Take back what was published from records of an agency; returns the releases withdrawn';
REVOKE ALL ON FUNCTION mart.withdraw(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mart.withdraw(text) TO tributary_expunger, tributary_publisher;
"""

DELETE = "    DELETE FROM mart.{name} WHERE release_id = ANY (gone);\n"
PUBLISHER = "tributary_publisher"


def upgrade() -> None:
    run(LEDGER)
    run(PRODUCTS)
    for table in ("ops.release", "linked.release_cell", "mart.release"):
        rights.secure(table)
        rights.steward_reads(table)
    rights.may(PUBLISHER, "ops.release", "SELECT", "INSERT", "UPDATE")
    rights.may(PUBLISHER, "linked.release_cell", "SELECT", "INSERT")
    rights.may(PUBLISHER, "mart.release", "SELECT", "INSERT", "UPDATE")
    rights.auditor_reads("ops.release")
    rights.readable_by_all_members("mart.release")
    for table in ("ops.release", "mart.release"):
        rights.through_functions(table, "SELECT", "UPDATE")
    for name in (*FOR_ALL, *FOR_OWN):
        _product(name)
    _budget()
    deletes = "".join(DELETE.format(name=name) for name in WITHDRAWN)
    run(WITHDRAW.format(deletes=deletes))


def _budget() -> None:
    rights.secure("ops.privacy_spend")
    rights.may(PUBLISHER, "ops.privacy_spend", "SELECT", "INSERT")
    rights.steward_reads("ops.privacy_spend")
    rights.auditor_reads("ops.privacy_spend")


def _product(name: str) -> None:
    table = f"mart.{name}"
    rights.secure(table)
    rights.may(PUBLISHER, table, "SELECT", "INSERT", "DELETE")
    rights.steward_reads(table)
    if name in FOR_OWN:
        rights.own_rows(table)
    else:
        rights.readable_by_all_members(table)
    if name in WITHDRAWN:
        rights.through_functions(table, "SELECT", "DELETE")
