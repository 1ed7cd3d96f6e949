"""What is compiled of a base's schema: its formulas, and the chains in which computed fields look at one another."""

from tablewright.server.chains import Chains
from tablewright.server.formula import BoundFormula, FormulaError
from tablewright.server.formulas import bind, bind_aggregate, depends_on_time, guessed_aggregate
from tablewright.server.schema import Base, Field, Table


class CompiledSchema:
    """What is compiled for one state of a base's schema."""

    def __init__(self, base: Base) -> None:
        self.version = base.schema_version
        self.depends_on_time = depends_on_time(base)
        self.chains = Chains(base)
        self._formulas: dict[str, BoundFormula | None] = {}

    def bound(self, table: Table, field: Field) -> BoundFormula | None:
        """The formula of a formula field or a rollup; none where it is not valid."""
        known = self._formulas
        if field.id not in known:
            try:
                text = field.option("formula")
                if field.type == "rollup":
                    known[field.id] = bind_aggregate(text or guessed_aggregate(field))
                else:
                    known[field.id] = bind(table, text or "")
            except FormulaError:
                # Only an imported schema can hold one: the service shows it as not valid.
                known[field.id] = None
        return known[field.id]


class Compiled:
    """Compiled formulas of all bases, kept from one request to the next."""

    def __init__(self) -> None:
        self._schemas: dict[str, CompiledSchema] = {}

    def of(self, base: Base) -> CompiledSchema:
        """What is compiled for the base as it is now."""
        found = self._schemas.get(base.id)
        if found is None or found.version != base.schema_version:
            found = self._schemas[base.id] = CompiledSchema(base)
        return found
