"""ct-scout's two tables as views over ours, with the same columns, types and index names: what reads them goes on."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

VIEWS: Final = ("matches", "ct_log_state")
BESIDE: Final = "ct_scout"  # the schema of the views where `public` has tables of these names, or takes nothing from us

LONGEST: Final = (
    500  # characters of what is indexed: an index takes 2,704 bytes, and a certificate's names may be longer
)

# Names are found in the search path of the transaction, which is our schema.
# Lone halves of surrogate pairs and NULs are no text to PostgreSQL: whatever else a name holds, these are replaced.
_FUNCTIONS: Final = (
    r"""CREATE OR REPLACE FUNCTION document(payload text) RETURNS json LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN (CASE WHEN payload ~ '\\u(0000|d[89a-f])' THEN
            regexp_replace(payload, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'g') ELSE payload END)::json""",
    f"""CREATE OR REPLACE FUNCTION matched_domain(payload text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN left(coalesce(nullif(document(payload) #>> '{{hits,0,1}}', ''),
            document(payload) #>> '{{names,0}}', ''), {LONGEST})""",
    f"""CREATE OR REPLACE FUNCTION program_name(payload text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN left(nullif(document(payload) #>> '{{hits,0,4}}', ''), {LONGEST})""",
    """CREATE OR REPLACE FUNCTION whole_seconds(seen double precision) RETURNS bigint LANGUAGE sql IMMUTABLE
        PARALLEL SAFE RETURN floor(seen)::bigint""",
)
_INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS idx_matches_matched_domain ON matches (matched_domain(payload))",
    "CREATE INDEX IF NOT EXISTS idx_matches_timestamp ON matches (whole_seconds(seen) DESC)",
    """CREATE INDEX IF NOT EXISTS idx_matches_program_name ON matches (program_name(payload))
        WHERE program_name(payload) IS NOT NULL""",
)
_MATCHES: Final = """CREATE OR REPLACE VIEW {schema}.matches AS SELECT
    id,
    whole_seconds(seen) AS timestamp,
    matched_domain(payload) AS matched_domain,
    ARRAY(SELECT json_array_elements_text(document(payload) -> 'names')) AS all_domains,
    (document(payload) #>> '{{sighting,1}}')::bigint AS cert_index,
    (document(payload) ->> 'not_before')::bigint AS not_before,
    (document(payload) ->> 'not_after')::bigint AS not_after,
    document(payload) ->> 'sha256' AS fingerprint,
    program_name(payload) AS program_name,
    seen AS seen_unix,
    to_timestamp(seen) AS created_at
    FROM matches"""
_POSITIONS: Final = """CREATE OR REPLACE VIEW {schema}.ct_log_state AS SELECT
    submission_url AS log_url, "end" AS last_index, to_timestamp(at) AS last_updated
    FROM logs WHERE "end" IS NOT NULL"""
_MADE: Final = text("SELECT pg_get_functiondef(to_regprocedure('program_name(text)'))")
_FREE: Final = text(
    "SELECT has_schema_privilege('public', 'CREATE') AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname = ANY(:names) AND NOT (c.relkind = 'v' AND "
    "c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)))"
)


async def make(connection: AsyncConnection) -> None:
    """Makes functions, indexes and views where they aren't there, or of an earlier version; the caller commits."""
    made = await connection.scalar(_MADE)
    if made is not None and f", {LONGEST})" in made:
        return
    for statement in (*_FUNCTIONS, *_INDEXES):
        await connection.exec_driver_sql(statement)
    if made is not None:
        return
    schema = "public" if await connection.scalar(_FREE, {"names": list(VIEWS)}) else BESIDE
    if schema == BESIDE:
        await connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {BESIDE}")
    for view in (_MATCHES, _POSITIONS):
        await connection.exec_driver_sql(view.format(schema=schema))
