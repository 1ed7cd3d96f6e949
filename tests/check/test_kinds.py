"""The table of field types: every type of Airtable has a row, and every row is one of Airtable's types."""

from __future__ import annotations

from tablewright import airtable
from tablewright.kinds import KINDS

BUILT_FROM_RELATIONS = {"multipleRecordLinks"}
"""Links are declared under `relations:`, not as fields."""


def test_every_type_of_airtable_has_a_row() -> None:
    """Whatever a base holds can be said in a schema."""
    known = {kind.airtable for kind in KINDS.values()} | BUILT_FROM_RELATIONS

    assert known == set(airtable.FIELD_TYPES)


def test_what_airtable_calculates_is_never_written() -> None:
    """The API refuses values for exactly the types that are computed here."""
    computed = {kind.airtable for kind in KINDS.values() if kind.computed}

    assert computed == airtable.COMPUTED_TYPES


def test_defaults_of_options_are_among_what_the_options_take() -> None:
    """A field without options is one that Airtable accepts."""
    for kind in KINDS.values():
        for option in kind.options:
            if option.takes == "word":
                assert option.default in option.words
            if option.takes == "integer":
                assert isinstance(option.default, int)
                assert option.least <= option.default <= option.most
