"""SQL of a link run; ``store`` says what the temporary tables hold."""

from __future__ import annotations

PENDING = """
SELECT space_id, schema_name, schema_version, schema_digest, epoch FROM linkage.space s
WHERE EXISTS (SELECT FROM linkage.pending p WHERE p.space_id = s.space_id) ORDER BY space_id
"""
TABLES = """
CREATE TEMPORARY TABLE taken (record_key uuid PRIMARY KEY, mark bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE found (left_key uuid, right_key uuid, score real) ON COMMIT DROP;
CREATE TEMPORARY TABLE affected (record_key uuid PRIMARY KEY, spread boolean) ON COMMIT DROP;
CREATE TEMPORARY TABLE numbered (n integer PRIMARY KEY, record_key uuid UNIQUE) ON COMMIT DROP;
CREATE TEMPORARY TABLE wanted (n integer) ON COMMIT DROP;
CREATE TEMPORARY TABLE person (n integer, person_key uuid) ON COMMIT DROP;
"""
TAKE = """
INSERT INTO pg_temp.taken SELECT record_key, mark FROM linkage.pending
WHERE space_id = %(space)s ORDER BY record_key
"""

COUNT_TAKEN = "ANALYZE pg_temp.taken"

# --- encodings ------------------------------------------------------------------------------------

AGENCIES = "SELECT DISTINCT agency FROM linkage.batch WHERE space_id = %(space)s ORDER BY agency"
SHARE_OF_FAKES = """
SELECT coalesce(sum(fakes)::float / nullif(sum(rows), 0), 0) FROM linkage.batch
WHERE space_id = %(space)s AND agency = %(agency)s
"""
_OF_AGENCY = """
SELECT e.record_key, e.content FROM linkage.encoding e JOIN linkage.batch b USING (batch_id)
WHERE e.space_id = %(space)s AND b.agency = %(agency)s AND {taken}
ORDER BY e.record_key, e.alias
"""
_TAKEN = "EXISTS (SELECT FROM pg_temp.taken t WHERE t.record_key = e.record_key)"
NEW = _OF_AGENCY.format(taken=_TAKEN)
STANDING = _OF_AGENCY.format(taken=f"NOT {_TAKEN}")
WEIGHTS = """
SELECT content, records FROM linkage.weights WHERE space_id = %(space)s
ORDER BY run_id DESC LIMIT 1
"""
HISTOGRAMS = """
SELECT h.one, h.other, h.histogram FROM ops.link_scores h JOIN ops.link_run r USING (run_id)
JOIN linkage.space s
ON (s.schema_name, s.schema_version, s.epoch) = (r.schema_name, r.schema_version, r.epoch)
WHERE s.space_id = %(space)s
"""

# --- pairs ----------------------------------------------------------------------------------------

#: Of a record that is linked anew, whoever a pair or a person connected it with so far.
TAKEN_AFFECTED = """
INSERT INTO pg_temp.affected SELECT record_key, false FROM pg_temp.taken
UNION SELECT p.right_key, false FROM pg_temp.taken t
    JOIN linkage.pair p ON p.left_key = t.record_key AND p.score > 0
UNION SELECT p.left_key, false FROM pg_temp.taken t
    JOIN linkage.pair p ON p.right_key = t.record_key AND p.score > 0
"""
FORGET_LEFT = """
DELETE FROM linkage.pair p USING pg_temp.taken t
WHERE p.left_key = t.record_key AND p.space_id = %(space)s
"""
FORGET_RIGHT = FORGET_LEFT.replace("left_key", "right_key")
ADD_PAIRS = """
WITH new AS (DELETE FROM pg_temp.found RETURNING *)
INSERT INTO linkage.pair (space_id, left_key, right_key, score)
SELECT %(space)s, left_key, right_key, max(score) FROM new GROUP BY left_key, right_key
ORDER BY left_key, right_key
ON CONFLICT (left_key, right_key, space_id) DO UPDATE SET score = excluded.score
"""
FOUND_AFFECTED = """
INSERT INTO pg_temp.affected SELECT p.right_key, false FROM pg_temp.taken t
JOIN linkage.pair p ON p.left_key = t.record_key AND p.score > 0
UNION SELECT p.left_key, false FROM pg_temp.taken t
JOIN linkage.pair p ON p.right_key = t.record_key AND p.score > 0
ON CONFLICT DO NOTHING
"""
SPREAD = """
WITH last AS (UPDATE pg_temp.affected SET spread = true WHERE NOT spread RETURNING record_key)
INSERT INTO pg_temp.affected
SELECT p.right_key, false FROM last JOIN linkage.pair p
    ON p.left_key = last.record_key AND p.score > 0
UNION SELECT p.left_key, false FROM last JOIN linkage.pair p
    ON p.right_key = last.record_key AND p.score > 0
UNION SELECT other.record_key, false FROM last JOIN linkage.crosswalk c USING (record_key)
    JOIN linkage.crosswalk other USING (person_key)
ON CONFLICT DO NOTHING
"""
NUMBER = """
INSERT INTO pg_temp.numbered
SELECT row_number() OVER (ORDER BY a.record_key) - 1, a.record_key FROM pg_temp.affected a
WHERE EXISTS (SELECT FROM linkage.crosswalk c WHERE c.record_key = a.record_key)
    OR EXISTS (SELECT FROM linkage.pair p WHERE p.left_key = a.record_key AND p.score > 0)
    OR EXISTS (SELECT FROM linkage.pair p WHERE p.right_key = a.record_key AND p.score > 0)
"""
COUNT_NUMBERED = "ANALYZE pg_temp.numbered"
NUMBERED = "SELECT record_key FROM pg_temp.numbered ORDER BY n"
PAIRS = """
SELECT DISTINCT ON (l.n, r.n) l.n, r.n, p.score FROM linkage.pair p
JOIN pg_temp.numbered l ON l.record_key = p.left_key
JOIN pg_temp.numbered r ON r.record_key = p.right_key
ORDER BY l.n, r.n, p.space_id DESC
"""
WANTED = "TRUNCATE pg_temp.wanted"
CONTENT_OF = """
SELECT n, e.content FROM pg_temp.wanted JOIN pg_temp.numbered USING (n)
JOIN linkage.encoding e USING (record_key)
WHERE e.space_id = %(space)s AND e.alias = 0 ORDER BY n
"""

# --- persons --------------------------------------------------------------------------------------

PERSONS = """
SELECT c.person_key FROM pg_temp.numbered LEFT JOIN linkage.crosswalk c USING (record_key)
ORDER BY n
"""
LOCK = "LOCK TABLE linkage.crosswalk IN EXCLUSIVE MODE"
MOVE = """
UPDATE linkage.crosswalk c SET person_key = p.person_key
FROM pg_temp.numbered JOIN pg_temp.person p USING (n)
WHERE c.record_key = numbered.record_key AND c.person_key <> p.person_key
"""
#: Whose encodings went in the meantime is not entered.
ENTER = """
INSERT INTO linkage.crosswalk (record_key, person_key)
SELECT record_key, p.person_key FROM pg_temp.numbered JOIN pg_temp.person p USING (n)
WHERE EXISTS (SELECT FROM linkage.encoding e WHERE e.record_key = numbered.record_key)
ORDER BY record_key ON CONFLICT DO NOTHING
"""
ENTER_LONE = """
INSERT INTO linkage.crosswalk (record_key, person_key)
SELECT record_key, gen_random_uuid() FROM pg_temp.taken
WHERE EXISTS (SELECT FROM linkage.encoding e WHERE e.record_key = taken.record_key)
ORDER BY record_key ON CONFLICT DO NOTHING
"""
DONE = """
DELETE FROM linkage.pending p USING pg_temp.taken t
WHERE p.record_key = t.record_key AND p.space_id = %(space)s AND p.mark = t.mark
"""
