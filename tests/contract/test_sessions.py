"""PostgreSQL servers, databases and users have settings of their own; records are the same under all of them."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import connect


@pytest.mark.parametrize(
    "setting",
    [
        "TimeZone=Asia/Kolkata",
        "TimeZone=America/New_York",
        "DateStyle=German",
        "IntervalStyle=sql_standard",
        "default_transaction_isolation=serializable",
    ],
)
def test_moments_are_read_whatever_the_session_shows(empty_schema: str, setting: str) -> None:
    """The first and the last moment too, which have no year in other zones, and by a claim as by a query."""
    moments = [
        datetime.min.replace(tzinfo=UTC),
        datetime(2026, 1, 31, 20, 30, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ]
    with connect(f"{empty_schema}{quote(f' -c{setting}')}"):
        made = [
            AgentTask.create(name="n", description="d", agent_id="a", completed_at=at)
            for at in moments
        ]

        assert [AgentTask.get(one.id).completed_at for one in made] == moments
        assert AgentTask.claim("w")[0].started_at is not None
