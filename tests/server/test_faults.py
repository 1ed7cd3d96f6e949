"""Faults on purpose: each action does what it says, where and when its rule says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tablewright.server.faults import ACTIONS, FaultRule, FaultRuleError, Faults
from tablewright.server.limiter import RateLimiter
from tablewright.server.serve import LocalAirtable

NAME = {"name": "Name", "type": "singleLineText"}


@pytest.fixture
def failing(
    raws: Callable[[LocalAirtable], Any],
) -> Callable[..., Any]:
    """Starts a server with fault rules and a table T."""

    @contextmanager
    def start(*rules: str, **options: Any) -> Iterator[tuple[LocalAirtable, Any, str]]:
        with LocalAirtable(fail=rules, **options) as running:
            raw = raws(running)
            tables = f"/v0/meta/bases/{running.base_id}/tables"
            assert raw("POST", tables, json={"name": "T", "fields": [NAME]}).status_code == 200
            yield running, raw, f"/v0/{running.base_id}/T"

    return start


def count(raw: Any, path: str) -> int:
    return len(raw("GET", path).json()["records"])


@pytest.mark.parametrize(
    ("rule", "status", "written"),
    [("429", 429, 0), ("500", 500, 0), ("502", 502, 0), ("503", 503, 0), ("malformed", 200, 1)],
)
def test_an_answer_is_replaced(
    failing: Callable[..., Any], rule: str, status: int, written: int
) -> None:
    """Only where method, path and number match; all but `malformed` write nothing."""
    with failing(f"{rule} method=POST path=/v0/app*/T nth=2") as (running, raw, path):
        first, second, third = (raw("POST", path, json={"fields": {}}) for _ in range(3))

        assert (first.status_code, second.status_code, third.status_code) == (200, status, 200)
        assert count(raw, path) == 2 + written
        assert [call.fault for call in running.calls].count(rule) == 1
        if rule == "malformed":
            with pytest.raises(requests.exceptions.JSONDecodeError):
                second.json()


@pytest.mark.parametrize(("rule", "written"), [("refuse", 0), ("cut-before", 0), ("cut-after", 1)])
def test_a_connection_is_cut(failing: Callable[..., Any], rule: str, written: int) -> None:
    """The client sees no answer; only `cut-after` has written."""
    with failing(f"{rule} method=POST path=*/T nth=1") as (running, raw, path):
        with pytest.raises(requests.ConnectionError):
            raw("POST", path, json={"fields": {}})

        assert count(raw, path) == written
        cut = running.calls.matching("POST", "/T")
        assert [(call.status, call.fault) for call in cut] == [(0, rule)]


def test_a_bracket_in_a_path_is_one() -> None:
    """Only `*` and `?` stand for other signs."""
    rule = FaultRule.parse("500 path=/v0/*/Jobs?[2]")

    assert rule.concerns("GET", "/v0/app1/Jobs [2]")
    assert not rule.concerns("GET", "/v0/app1/Jobs 2")


def test_an_answer_is_delayed(failing: Callable[..., Any]) -> None:
    """The client's own time limit can be tried out."""
    with failing("delay=0.3 method=GET") as (_, raw, path):
        assert raw("GET", path).elapsed.total_seconds() >= 0.3
        with pytest.raises(requests.Timeout):
            raw.session.get(f"{raw.airtable.url}{path}", timeout=0.1)


def test_retry_after_comes_only_when_asked_for(failing: Callable[..., Any]) -> None:
    """With and without the header."""
    rules = ("429 retry-after=7 path=*/T nth=1", "503 path=*/T nth=2")
    with failing(*rules) as (_, raw, path):
        first, second = raw("GET", path), raw("GET", path)

    assert first.headers["retry-after"] == "7"
    assert first.json()["error"]["type"] == "RATE_LIMIT_REACHED"
    assert "retry-after" not in second.headers
    assert second.json()["error"]["type"] == "RETRIABLE_ERROR"


def test_the_same_seed_fails_the_same_requests() -> None:
    """Chance is repeatable, and a rule's dice are its own."""

    def failed(rules: str, seed: int) -> list[bool]:
        faults = Faults.parse(rules, seed)
        return [faults.next_for("GET", b"/v0/x") is not None for _ in range(200)]

    rule = "500 probability=0.3"
    assert failed(rule, 1) == failed(rule, 1) != failed(rule, 2)
    assert 30 < sum(failed(rule, 1)) < 90
    assert failed(f"{rule}; 429 method=POST", 1) == failed(rule, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("explode", "unknown fault 'explode'"),
        ("", "empty"),
        ("500=3", "takes no amount"),
        ("delay", "must be a number"),
        ("500 when=now", "unknown condition 'when=now'"),
        ("500 nth=0", "numbers from 1"),
        ("500 probability=2", "from 0 to 1"),
        ("500 retry-after=2", "unknown condition"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(text: str, message: str) -> None:
    """With what is allowed instead."""
    with pytest.raises(FaultRuleError, match=message):
        FaultRule.parse(text)


def test_every_action_is_described() -> None:
    """Nine actions, each with a sentence."""
    assert len(ACTIONS) == 9
    assert all(ACTIONS.values())


def test_the_sixth_request_of_a_second_locks_the_base_for_thirty() -> None:
    """Five pass; then everything fails until 30 s are over; other bases are not concerned."""
    now = 100.0
    limiter = RateLimiter(lambda: now)

    assert [limiter.admits("app1") for _ in range(6)] == [True] * 5 + [False]
    assert limiter.admits("app2")
    now = 129.9
    assert not limiter.admits("app1")
    now = 130.0
    assert limiter.admits("app1")


def test_five_requests_spread_over_a_second_go_on_for_ever() -> None:
    """The limit is a sliding second."""
    now = 0.0
    limiter = RateLimiter(lambda: now)
    for step in range(100):
        now = step * 0.2
        assert limiter.admits("app1"), step


def test_the_rate_limit_answers_429(raws: Callable[[LocalAirtable], Any]) -> None:
    """Over HTTP, and not for calls that concern no base."""
    with LocalAirtable(rate_limit=True) as running:
        raw = raws(running)
        path = f"/v0/meta/bases/{running.base_id}/tables"
        statuses = [raw("GET", path).status_code for _ in range(7)]

        assert statuses == [200] * 5 + [429] * 2
        assert raw.refused("GET", path)[1] == {
            "type": "RATE_LIMIT_REACHED",
            "message": "Rate limit exceeded. Please try again later",
        }
        assert raw("GET", "/v0/meta/whoami").status_code == 200
