"""Indexes, checks and keys of a database follow the schema by name, however long and however alike the names are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tablewright.model.schema import Schema

Bring = Callable[..., tuple[str, ...]]

INDEXED = """
tablewright: 1
name: stock
tables:
  Part:
    fields:
      name: {type: text, required: true}
      number: {type: integer, index: true, unique: true}
      part_number: {type: integer, min: 1, index: true}
    relations:
      place: {to: Place, inverse: parts}
  Place:
    fields: {name: text}
"""
LONG = """
tablewright: 1
name: long
enums: {ReasonOfThePostponement: [WEATHER, HOLIDAY]}
tables:
  CustomerRelationshipAppointment:
    fields:
      title: text
      reminder_before_the_next_scheduled_follow_up: {type: integer, min: 1, max: 10, index: true}
      reason_why_the_appointment_was_postponed: {type: ReasonOfThePostponement, index: true}
      number_in_the_customers_own_bookkeeping_system: {type: text, unique: true}
    relations:
      representative_of_the_customer: {to: CustomerRelationshipAppointment}
      everybody_who_takes_part: {to: CustomerRelationshipAppointment, many: true}
"""


def test_an_indexed_column_goes_with_its_index(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """Dropping a column does not stumble over what hangs on it: indexes, checks, uniqueness and links."""
    bring(compiled(INDEXED))
    write("INSERT INTO place (id, created_time, name) VALUES ('recP', :now, 'here')")
    write("INSERT INTO part (id, created_time, name, number, part_number, place_id) VALUES ('rec1', :now, 'nut', 7, 8, 'recP')")  # fmt: skip
    fewer = INDEXED.replace("      number: {type: integer, index: true, unique: true}\n", "")
    fewer = fewer.replace("    relations:\n      place: {to: Place, inverse: parts}\n", "")

    lines = bring(compiled(fewer), allow_destructive=True)

    assert lines == (
        "- part: column 'number' with its values",
        "- part: column 'place_id' with its values",
    )
    assert read("SELECT name, part_number FROM part") == [("nut", 8)]


def test_what_hangs_on_a_column_that_stays_is_told_from_its_neighbours(
    bring: Bring, write: Callable[..., None], compiled: Callable[[str], Schema]
) -> None:
    """'number' left the schema; the check of 'part_number' changes all the same."""
    bring(compiled(INDEXED))
    write("INSERT INTO part (id, created_time, name, part_number) VALUES ('rec1', :now, 'nut', 8)")
    changed = INDEXED.replace("      number: {type: integer, index: true, unique: true}\n", "")

    lines = bring(compiled(changed.replace("min: 1, index: true", "min: 2")))

    assert lines == (
        "~ part: check part_number_minimum",
        "~ part: no index ix_part_part_number",
        "  part: column 'number' not in the schema: left alone",
    )


def test_a_link_that_left_the_schema_stays_a_link(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """The column that stays behind is emptied when its record goes, and can come back to the schema."""
    bring(compiled(INDEXED))
    write("INSERT INTO place (id, created_time, name) VALUES ('recP', :now, 'here')")
    write("INSERT INTO part (id, created_time, name, place_id) VALUES ('rec1', :now, 'nut', 'recP')")  # fmt: skip
    without = INDEXED.replace("    relations:\n      place: {to: Place, inverse: parts}\n", "")
    without = without.replace("name: {type: text, required: true}", "name: text")

    bring(compiled(without))
    write("DELETE FROM place")
    bring(compiled(INDEXED.replace("name: {type: text, required: true}", "name: text")))

    assert read("SELECT name, place_id FROM part") == [("nut", None)]


def test_names_that_the_database_shortens_are_found_again(
    bring: Bring, compiled: Callable[[str], Schema]
) -> None:
    """PostgreSQL keeps 63 bytes of a name; a second look finds nothing to do, and a change is made."""
    bring(compiled(LONG))

    assert bring(compiled(LONG)) == ()
    changed = bring(compiled(LONG.replace("max: 10", "max: 20").replace("[WEATHER, HOLIDAY]", "[WEATHER, HOLIDAY, STRIKE]")))  # fmt: skip
    assert len(changed) == 2, changed


def test_table_field_and_value_are_renamed_in_one_go(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """The check that knows the old value bears the old names, and gives way all the same."""
    bring(compiled(LONG))
    write("INSERT INTO customer_relationship_appointment (id, created_time, title, reason_why_the_appointment_was_postponed) VALUES ('rec1', :now, 'a', 'WEATHER')")  # fmt: skip
    renamed = (
        LONG.replace("CustomerRelationshipAppointment", "Appointment")
        .replace("  Appointment:\n", "  Appointment:\n    was: CustomerRelationshipAppointment\n")
        .replace(
            "reason_why_the_appointment_was_postponed: {",
            "reason: {was: reason_why_the_appointment_was_postponed, ",
        )
        .replace("[WEATHER, HOLIDAY]", "{values: {STORM: {was: WEATHER}, HOLIDAY: {}}}")
    )

    bring(compiled(renamed))

    assert read("SELECT title, reason FROM appointment") == [("a", "STORM")]
