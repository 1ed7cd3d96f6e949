"""A table while its parts are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from tablewright.check.fields import WrittenField
from tablewright.check.findings import Findings
from tablewright.check.reader import Reader
from tablewright.check.relations import WrittenRelation
from tablewright.diagnostics import Span
from tablewright.model.schema import Field, Relation
from tablewright.syntax.document import MapNode, Scalar


@dataclass
class Draft:
    """What is known of a table so far. *unreadable* are keys whose own findings say why they are missing here."""

    key: Scalar
    reader: Reader
    written_fields: list[WrittenField] = field(default_factory=list)
    written_relations: list[WrittenRelation] = field(default_factory=list)
    inverses: list[WrittenRelation] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    formulas: dict[str, Span] = field(default_factory=dict)
    """The places of what has to be said as an Airtable formula, by key."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return the fields that could be read."""
        return tuple(written.field for written in self.written_fields)

    @property
    def has_fields(self) -> bool:
        """Tell whether the names of the fields could be read: without them, nothing can be said of what names them."""
        node = self.reader.node("fields") if self.reader.has("fields") else None
        return node is not None and bool(Reader(Findings(), node, "", None).keys)

    @property
    def state(self) -> str:
        """Return the key of the field that the lifecycle moves; empty where it says none."""
        lifecycle = self.reader.node("lifecycle") if self.reader.has("lifecycle") else None
        field = lifecycle.get("field") if isinstance(lifecycle, MapNode) else None
        return field.text if isinstance(field, Scalar) else ""

    @property
    def history(self) -> Scalar | None:
        """Return the `true` that makes the table keep its history, if it stands there."""
        lifecycle = self.reader.node("lifecycle") if self.reader.has("lifecycle") else None
        history = lifecycle.get("history") if isinstance(lifecycle, MapNode) else None
        return history if isinstance(history, Scalar) and history.value is True else None

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Return the relations that could be read."""
        return tuple(written.relation for written in self.written_relations)

    @property
    def inverse_relations(self) -> tuple[Relation, ...]:
        """Return the relations of any table whose other side is this one."""
        return tuple(written.relation for written in self.inverses)
