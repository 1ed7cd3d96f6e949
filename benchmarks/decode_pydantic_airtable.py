"""The peer's side of `benchmarks.airtable_store`: pydantic-airtable makes models of the same records, and cells of those.

It runs in an environment of its own: python benchmarks/decode_pydantic_airtable.py RECORDS.json. It says `ready`; then
each line of its input is a case and `on` or `off` for the garbage collector, answered by the seconds that the case took.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel
from pydantic_airtable import AirtableField, AirtableFieldType, airtable_model

Json = dict[str, Any]


class State(str, Enum):  # noqa: UP042  # in the form that the peer's own guide has
    """A select."""

    OPEN = "To do"
    DONE = "Done"


def cell(name: str, kind: AirtableFieldType) -> Any:
    """Return a field that says its type, so that the peer need not find it out for each record."""
    return AirtableField(airtable_field_name=name, airtable_field_type=kind, default=None)


class Fields:
    """Those of the record of `benchmarks.airtable_store`."""

    title: str | None = cell("Title", AirtableFieldType.SINGLE_LINE_TEXT)
    body: str | None = cell("Body", AirtableFieldType.LONG_TEXT)
    mail: str | None = cell("Mail", AirtableFieldType.EMAIL)
    link: str | None = cell("Link", AirtableFieldType.URL)
    state: State | None = cell("State", AirtableFieldType.SELECT)
    second: State | None = cell("Second", AirtableFieldType.SELECT)
    began: datetime | None = cell("Began", AirtableFieldType.DATETIME)
    ended: datetime | None = cell("Ended", AirtableFieldType.DATETIME)
    seen: datetime | None = cell("Seen", AirtableFieldType.DATETIME)
    day: date | None = cell("Day", AirtableFieldType.DATE)
    cost: float | None = cell("Cost", AirtableFieldType.NUMBER)
    tries: int | None = cell("Tries", AirtableFieldType.NUMBER)
    urgent: bool | None = cell("Urgent", AirtableFieldType.CHECKBOX)
    tags: list[State] | None = cell("Tags", AirtableFieldType.MULTI_SELECT)
    needs: list[str] | None = cell("Needs", AirtableFieldType.LINKED_RECORD)


def card_with(annotations: dict[str, Any]) -> Any:
    """Return the class as the peer's guide makes one, annotated so: it evaluates annotations anew for each record."""
    names = Fields.__annotations__
    fields = {name: getattr(Fields, name) for name in names}
    plain = type(
        "Card", (BaseModel,), {"__module__": __name__, "__annotations__": annotations, **fields}
    )
    nowhere = {"access_token": "pat", "base_id": "appAAAAAAAAAAAAAA"}
    return airtable_model(table_name="Cards", **nowhere)(plain)


CLASSES = {"types": card_with(get_type_hints(Fields)), "text": card_with(Fields.__annotations__)}
"""As in a module without `from __future__ import annotations`, and in one with it."""


def decoded(card: Any, records: list[Json]) -> list[Any]:
    """Return the models that all() makes of an answer."""
    return [card._from_airtable_record(one) for one in records]  # noqa: SLF001  # its one way in


def encoded(card: Any, models: list[Any]) -> list[Json]:
    """Return what save() sends of models."""
    beside = {"id", "created_time"}
    cells = [one.model_dump(exclude=beside) for one in models]
    return [card._to_airtable_fields(one) for one in cells]  # noqa: SLF001  # its one way out


def main(path: str) -> None:
    """Answer every line."""
    records = json.loads(Path(path).read_text("utf-8"))
    models = {name: decoded(card, records[:1]) for name, card in CLASSES.items()}
    print("ready", flush=True)
    for line in sys.stdin:
        what, name, collector = line.split()
        card = CLASSES[name]
        if what == "encode" and len(models[name]) < len(records):
            models[name] = decoded(card, records)
        gc.collect()
        if collector == "off":
            gc.disable()
        begun = time.perf_counter()
        made = decoded(card, records) if what == "decode" else encoded(card, models[name])
        taken = time.perf_counter() - begun
        gc.enable()
        del made
        print(taken, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
