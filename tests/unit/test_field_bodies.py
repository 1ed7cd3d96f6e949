"""The requests that make fields, from a schema and from the specifications of a generated package."""

from __future__ import annotations

from tablewright.check.compile import compile_schema
from tablewright.kinds import KINDS, WRITTEN_KINDS
from tablewright.provision.specs import table_specs
from tablewright.runtime.stores import airtable_bodies
from tablewright.syntax.source import Source
from tablewright.targets.airtable import bodies

PLAIN = [name for name in WRITTEN_KINDS if not KINDS[name].computed]
SCHEMA = """
tablewright: 1
name: shop
enums: {State: [OPEN, DONE]}
tables:
  Order:
    fields:
      title: text
      state: State
      states: [State]
""" + "".join(f"      a_{name}: {name}\n" for name in PLAIN)


def test_a_field_is_made_with_the_same_options_whichever_side_asks_for_it() -> None:
    """All but how numbers are shown and what colour a choice has, which specifications do not say."""
    schema = compile_schema(Source("shop.yaml", SCHEMA)).schema
    assert schema is not None
    (table,) = schema.tables
    (spec,) = table_specs(schema)
    shown = {
        "a_number": {"precision": 8},
        "a_percent": {"precision": 8},
        "a_currency": {"precision": 7, "symbol": "$"},
        "a_duration": {"durationFormat": "h:mm:ss.SSS"},
        "state": {"choices": [{"name": "Open"}, {"name": "Done"}]},
        "states": {"choices": [{"name": "Open"}, {"name": "Done"}]},
    }

    for field, specified in zip(table.fields, spec.fields, strict=True):
        written = bodies.field_body(field)
        made = airtable_bodies.field_body(specified)
        if field.key in shown:
            assert made["options"] == shown[field.key]
            assert written["options"].keys() == made["options"].keys()
        else:
            assert made == written
