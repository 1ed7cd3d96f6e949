"""Casing, reserved words, and the attributes that records have."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from tablewright import names
from tablewright.runtime.model import AirtableModel


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("agent_id", "Agent ID"),
        ("name", "Name"),
        ("IN_PROGRESS", "In Progress"),
        ("executionTimeSeconds", "Execution Time Seconds"),
        ("HTTPServer", "Http Server"),
        ("url", "URL"),
    ],
)
def test_a_key_has_a_title_that_people_read(key: str, title: str) -> None:
    """Words are found in any casing; a few short ones are written in capitals."""
    assert names.title(key) == title


@pytest.mark.parametrize(
    ("key", "snake"), [("AgentTask", "agent_task"), ("HTTPCall", "http_call"), ("a_b", "a_b")]
)
def test_a_key_has_a_snake_form(key: str, snake: str) -> None:
    """Table names become SQL and function names."""
    assert names.snake(key) == snake


def test_pydantics_attributes_are_all_reserved() -> None:
    """No field can hide what pydantic itself needs."""
    public = {name for name in dir(BaseModel) if not name.startswith("_")}

    assert public - names.MODEL_ATTRIBUTES == set()


def test_the_records_attributes_are_all_reserved() -> None:
    """No field, relation or method can hide what every record has."""
    public = {name for name in dir(AirtableModel) if not name.startswith("_")}

    assert public - names.MODEL_ATTRIBUTES - names.RECORD_ATTRIBUTES == set()


@pytest.mark.parametrize(
    ("noun", "with_article"),
    [
        ("AgentTask", "an AgentTask"),
        ("Task", "a Task"),
        ("attachments", "an attachments"),
        ("url", "a url"),
        ("User", "a User"),
    ],
)
def test_a_noun_has_its_article(noun: str, with_article: str) -> None:
    """As it is spoken: a url, a user."""
    assert names.with_article(noun) == with_article
