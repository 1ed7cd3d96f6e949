# ruff: noqa: S608  # what is put together here is our own text
"""The table of leases and what is asked of it, as SQL for SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tablewright.expressions.sql import Dialect

_COLUMNS: Final = """
    base TEXT NOT NULL,
    table_key TEXT NOT NULL,
    record_id TEXT NOT NULL,
    worker_id TEXT,
    token TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    lease_until {moment},
    ready_at {moment},
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    taken_at {moment},
    settled_at {moment},
    state TEXT,
    pending TEXT,
    is_written INTEGER NOT NULL DEFAULT 1,
    changed_at {moment} NOT NULL,
    PRIMARY KEY (base, table_key, record_id)
"""
_INDEXES: Final = (
    (
        "CREATE INDEX IF NOT EXISTS ix_tablewright_leases_until ON tablewright_leases (base, table_key, lease_until) "
        "WHERE lease_until IS NOT NULL"
    ),
    (
        "CREATE INDEX IF NOT EXISTS ix_tablewright_leases_ready ON tablewright_leases (base, table_key, ready_at) "
        "WHERE ready_at IS NOT NULL"
    ),
    (
        "CREATE INDEX IF NOT EXISTS ix_tablewright_leases_unwritten ON tablewright_leases (base, table_key, changed_at) "
        "WHERE is_written = 0"
    ),
)
CREATE: Final[Mapping[Dialect, tuple[str, ...]]] = {
    "sqlite": (
        f"CREATE TABLE IF NOT EXISTS tablewright_leases ({_COLUMNS.format(moment='TEXT')})",
        *_INDEXES,
    ),
    "postgresql": (
        f"CREATE TABLE IF NOT EXISTS tablewright_leases ({_COLUMNS.format(moment='timestamptz')})",
        *_INDEXES,
    ),
}

_OF: Final = "base = :base AND table_key = :table"
_ONE: Final = f"{_OF} AND record_id = :id"
_TOKEN: Final = f"{_ONE} AND token = :token"
_HELD: Final = f"{_TOKEN} AND lease_until IS NOT NULL"
_MINE: Final = f"{_HELD} AND (:only_lapsed = 0 OR lease_until < {{now}})"
_GIVES: Final = (
    "record_id, worker_id, token, attempt, lease_until, ready_at, cancel_requested, taken_at, settled_at, state, "
    "CASE WHEN is_written = 0 THEN pending END, {now}"
)
_RETURNING: Final = f"RETURNING {_GIVES}"
_FREE: Final = """
    X.cancel_requested = 0 AND X.changed_at <= {read_at} AND (
        X.lease_until < {now}
        OR X.lease_until IS NULL AND X.is_written = 1 AND (X.ready_at IS NULL OR X.ready_at <= {now})
    )
"""
"""Nobody holds it; what was decided last stands in the base; it is due; and nothing was decided since it was read."""


def _free(alias: str) -> str:
    return _FREE.replace("X.", f"{alias}.")


TEXTS: Final[Mapping[str, str]] = {
    "now": "SELECT {now} WHERE :base IS NOT NULL AND :table IS NOT NULL",
    "lapsed": f"SELECT {_GIVES} FROM tablewright_leases WHERE {_OF} AND lease_until < {{now}} ORDER BY lease_until",
    "all": f"SELECT {_GIVES} FROM tablewright_leases WHERE {_OF}",
    "some": f"SELECT {_GIVES} FROM tablewright_leases WHERE {_OF} AND record_id IN (SELECT value FROM {{ids}})",
    "unwritten": f"""
        SELECT {_GIVES} FROM tablewright_leases
        WHERE {_OF} AND is_written = 0 AND lease_until IS NULL AND changed_at < {{ago:seconds}}""",
    # Whoever comes second waits for the first, and then finds the row held: one record, one holder.
    "claim": f"""
        WITH free AS (
            SELECT wanted.value AS record_id FROM {{ids}} AS wanted
            LEFT JOIN tablewright_leases AS known
                ON known.base = :base AND known.table_key = :table AND known.record_id = wanted.value
            WHERE known.record_id IS NULL OR ({_free('known')})
            ORDER BY wanted.{{place}} LIMIT :number)
        INSERT INTO tablewright_leases AS own
            (base, table_key, record_id, worker_id, token, attempt, lease_until, taken_at, changed_at)
        SELECT :base, :table, free.record_id, :worker, :token, 1, {{in:lease}}, {{now}}, {{now}} FROM free WHERE true
        ON CONFLICT (base, table_key, record_id) DO UPDATE SET
            worker_id = excluded.worker_id, token = excluded.token, attempt = own.attempt + 1,
            lease_until = excluded.lease_until, taken_at = excluded.taken_at, changed_at = excluded.changed_at,
            settled_at = NULL, pending = NULL, is_written = 1
        WHERE {_free('own')}
        {_RETURNING}""",
    "give_back": f"""
        UPDATE tablewright_leases
        SET lease_until = NULL, worker_id = NULL, attempt = attempt - 1, changed_at = {{now}}
        WHERE {_OF} AND record_id IN (SELECT value FROM {{ids}}) AND token = :token AND lease_until IS NOT NULL
        {_RETURNING}""",
    "beat": f"UPDATE tablewright_leases SET lease_until = {{in:lease}} WHERE {_HELD} {_RETURNING}",
    # A second beyond the time of the attempt is left for its worker to say that time is up.
    "beat_until": f"""
        UPDATE tablewright_leases SET lease_until = {{least}}({{in:lease}}, {{after:taken_at,timeout}})
        WHERE {_HELD} AND {{before:taken_at,timeout}} {_RETURNING}""",
    "report": f"""
        UPDATE tablewright_leases SET state = :state, pending = :pending, is_written = 0, changed_at = {{now}}
        WHERE {_MINE} {_RETURNING}""",
    "wait": f"""
        UPDATE tablewright_leases
        SET state = :state, pending = :pending, is_written = 0, changed_at = {{now}}, lease_until = NULL,
            worker_id = NULL, attempt = attempt - :back,
            ready_at = CASE WHEN {{given:pause}} IS NULL THEN ready_at ELSE {{in:pause}} END
        WHERE {_MINE} AND (:unless_cancelled = 0 OR cancel_requested = 0) {_RETURNING}""",
    "end": f"""
        UPDATE tablewright_leases
        SET state = :state, pending = :pending, is_written = 0, changed_at = {{now}}, lease_until = NULL,
            settled_at = {{now}}, token = CASE WHEN :only_lapsed = 1 THEN token || ' lapsed' ELSE token END
        WHERE {_MINE} {_RETURNING}""",
    "written": f"UPDATE tablewright_leases SET is_written = 1 WHERE {_TOKEN} AND is_written = 0 {_RETURNING}",
    "write_again": f"""
        UPDATE tablewright_leases SET is_written = 0
        WHERE {_OF} AND record_id IN (SELECT value FROM {{ids}}) AND lease_until IS NULL AND pending IS NOT NULL
        {_RETURNING}""",
    "reopen": f"""
        UPDATE tablewright_leases
        SET lease_until = {{in:lease}}, settled_at = NULL, pending = NULL, is_written = 1, changed_at = {{now}},
            worker_id = :worker, attempt = :attempt, ready_at = {{ready_at}}
        WHERE {_TOKEN} AND is_written = 0 {_RETURNING}""",
    "keep_out": f"""
        INSERT INTO tablewright_leases AS own
            (base, table_key, record_id, worker_id, token, lease_until, changed_at)
        VALUES (:base, :table, :id, :worker, :token, {{in:lease}}, {{now}})
        ON CONFLICT (base, table_key, record_id) DO UPDATE SET
            worker_id = excluded.worker_id, token = excluded.token, lease_until = excluded.lease_until, changed_at = excluded.changed_at
        WHERE (own.lease_until IS NULL OR own.lease_until < {{now}}) AND own.is_written = 1
        {_RETURNING}""",
    "let_in": f"""
        UPDATE tablewright_leases
        SET lease_until = CASE WHEN :lapsed = 1 THEN {{ago:second}} END, worker_id = NULL,
            token = CASE WHEN :lapsed = 1 THEN token END,
            changed_at = {{now}},
            ready_at = CASE WHEN :waits = 1 THEN NULL ELSE ready_at END,
            cancel_requested = CASE WHEN :waits = 1 THEN 0 ELSE cancel_requested END,
            settled_at = CASE WHEN :moved = 1 THEN NULL ELSE settled_at END
        WHERE {_TOKEN} {_RETURNING}""",
    "let_go": f"""
        UPDATE tablewright_leases SET lease_until = NULL, token = NULL, worker_id = NULL, changed_at = {{now}}
        WHERE {_HELD} {_RETURNING}""",
    "request_cancel": f"""
        INSERT INTO tablewright_leases AS own (base, table_key, record_id, cancel_requested, changed_at)
        VALUES (:base, :table, :id, 1, {{now}})
        ON CONFLICT (base, table_key, record_id) DO UPDATE SET cancel_requested = 1
        {_RETURNING}""",
    "postpone": f"""
        INSERT INTO tablewright_leases AS own (base, table_key, record_id, ready_at, changed_at)
        VALUES (:base, :table, :id, {{moment}}, {{now}})
        ON CONFLICT (base, table_key, record_id) DO UPDATE SET ready_at = excluded.ready_at
        WHERE own.lease_until IS NULL OR own.lease_until < {{now}}
        {_RETURNING}""",
    "postpone_for": f"""
        INSERT INTO tablewright_leases AS own (base, table_key, record_id, ready_at, changed_at)
        VALUES (:base, :table, :id, {{in:pause}}, {{now}})
        ON CONFLICT (base, table_key, record_id) DO UPDATE SET ready_at = excluded.ready_at
        WHERE own.lease_until IS NULL OR own.lease_until < {{now}}
        {_RETURNING}""",
    "next_due": f"""
        SELECT min(moment), {{now}} FROM (
            SELECT min(ready_at) AS moment FROM tablewright_leases
            WHERE {_OF} AND lease_until IS NULL AND ready_at > {{now}}
            UNION ALL SELECT min(lease_until) FROM tablewright_leases
            WHERE {_OF} AND lease_until > {{now}}) AS moments""",
    "forget": f"DELETE FROM tablewright_leases WHERE {_OF} AND record_id IN (SELECT value FROM {{ids}})",
}

_SQLITE: Final = (
    # Milliseconds are what SQLite's own clock has; the zeros make all moments equally long, so that they sort.
    (r"\{now\}", r"(strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')"),
    (r"\{in:(\w+)\}", r"(strftime('%Y-%m-%dT%H:%M:%f', 'now', printf('%+.3f seconds', :\1)) || '000Z')"),
    (r"\{ago:(\w+)\}", r"(strftime('%Y-%m-%dT%H:%M:%f', 'now', printf('%+.3f seconds', -:\1)) || '000Z')"),
    (r"\{after:(\w+),(\w+)\}", r"(strftime('%Y-%m-%dT%H:%M:%f', \1, printf('%+.3f seconds', :\2 + 1)) || '000Z')"),
    (
        r"\{before:(\w+),(\w+)\}",
        r"(strftime('%Y-%m-%dT%H:%M:%f', \1, printf('%+.3f seconds', :\2)) > strftime('%Y-%m-%dT%H:%M:%f', 'now'))",
    ),
    (r"\{read_at\}", ":read_at"),
    (r"\{ready_at\}", ":ready_at"),
    (r"\{moment\}", ":moment"),
    (r"\{given:(\w+)\}", r":\1"),
    (r"\{least\}", "min"),
    (r"\{ids\}", "json_each(:ids)"),
    (r"\{place\}", "key"),
)  # fmt: skip
_POSTGRES: Final = (
    (r"\{now\}", "statement_timestamp()"),
    (r"\{in:(\w+)\}", r"(statement_timestamp() + make_interval(secs => CAST(:\1 AS double precision)))"),
    (r"\{ago:(\w+)\}", r"(statement_timestamp() - make_interval(secs => CAST(:\1 AS double precision)))"),
    (r"\{after:(\w+),(\w+)\}", r"(\1 + make_interval(secs => CAST(:\2 AS double precision) + 1))"),
    (r"\{before:(\w+),(\w+)\}", r"(\1 + make_interval(secs => CAST(:\2 AS double precision)) > statement_timestamp())"),
    (r"\{read_at\}", "CAST(:read_at AS timestamptz)"),
    (r"\{ready_at\}", "CAST(:ready_at AS timestamptz)"),
    (r"\{moment\}", "CAST(:moment AS timestamptz)"),
    (r"\{given:(\w+)\}", r"CAST(:\1 AS double precision)"),
    (r"\{least\}", "least"),
    (r"\{ids\} AS wanted", "json_array_elements_text(CAST(:ids AS json)) WITH ORDINALITY AS wanted(value, place)"),
    (r"\{ids\}", "json_array_elements_text(CAST(:ids AS json))"),
    (r"\{place\}", "place"),
    (r":(\w+) = (\d)", r"CAST(:\1 AS integer) = \2"),
    (r":(\w+) IS NOT NULL", r"CAST(:\1 AS text) IS NOT NULL"),
    (r":(base|table|id|worker|token|state|pending)\b", r"CAST(:\1 AS text)"),
    (r"(?<!:):(number|back|attempt)\b", r"CAST(:\1 AS integer)"),
)  # fmt: skip


def dialect_text(text: str, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """Return a text of `TEXTS` as a database understands it, and the names of its values by their numbers."""
    patterns, mark = (_SQLITE, "?") if dialect == "sqlite" else (_POSTGRES, "$")
    for pattern, words in patterns:
        text = re.sub(pattern, words, text)
    places: dict[str, int] = {}

    def numbered(name: re.Match[str]) -> str:
        return f"{mark}{places.setdefault(name[1], len(places) + 1)}"

    return re.sub(r"(?<!:):(\w+)", numbered, text), tuple(places)


__all__ = ["CREATE", "TEXTS", "dialect_text"]
