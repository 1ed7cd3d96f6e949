"""Definitions of computed fields: checked when they are made, compiled once for each state of the schema."""

from collections.abc import Iterator

from tablewright.server.formula import (
    BoundFormula,
    FormulaError,
    ResultType,
    parse_formula,
    result_type,
)
from tablewright.server.jsontext import JsonObject
from tablewright.server.schema import Base, Field, Table

_TIME_FUNCTIONS = frozenset({"NOW", "TODAY", "FROMNOW", "TONOW"})
NUMBER: JsonObject = {"type": "number", "options": {"precision": 0}}


class BadDefinitionError(Exception):
    """What is wrong with a computed field; the text goes on where `<Field>.` stopped. `detail` is for the call log."""

    def __init__(self, problem: str, detail: str | None = None) -> None:
        super().__init__(problem)
        self.detail = detail


def bind(table: Table, text: str) -> BoundFormula:
    """The formula *text* over the fields of *table*, by name or id.

    Raises:
        FormulaError: Airtable's refusal.
    """
    return parse_formula(text).bind(lambda name: _field_id(table, name))


def bind_aggregate(text: str) -> BoundFormula:
    """The formula of a rollup, over `values`.

    Raises:
        FormulaError: Airtable's refusal.
    """
    return parse_formula(text).bind(lambda _: None, rollup=True)


def _field_id(table: Table, name: str) -> str | None:
    field = table.find_field(name)
    if field is not None:
        return field.id
    # Letter case does not count where no exact name is found (unconfirmed: error texts show names in lower case).
    wanted = name.casefold()
    return next((f.id for f in table.fields.values() if f.name.casefold() == wanted), None)


def completed_options(base: Base, table: Table, field: Field) -> JsonObject:
    """The options of a computed field, with what the service derives: result type, references by id.

    How the service refuses a bad formula here is unconfirmed; a circle it refuses in its interface.

    Raises:
        BadDefinitionError: a formula that cannot be used, a link or field that is not there, a circle.
    """
    given = field.options or {}
    if field.type == "formula":
        return _formula_options(base, table, field, given["formula"])
    link, target = _link(base, table, given)
    if field.type == "count":
        return {"recordLinkFieldId": link.id, "isValid": True}
    looked_up = target.fields.get(given["fieldIdInLinkedTable"])
    if looked_up is None:
        raise BadDefinitionError("options.fieldIdInLinkedTable is not a field of the linked table")
    found: JsonObject = {"recordLinkFieldId": link.id, "fieldIdInLinkedTable": looked_up.id}
    if field.type == "multipleLookupValues":
        return {**found, "isValid": True, "result": shown_type(looked_up)}
    try:
        bound = bind_aggregate(given["formula"])
    except FormulaError as error:
        raise BadDefinitionError(
            f"options.formula is invalid: {error.message}", error.detail
        ) from None
    return {
        **found,
        "formula": given["formula"],
        "referencedFieldIds": [],
        "isValid": True,
        "result": _rollup_result(bound, looked_up),
    }


def _formula_options(base: Base, table: Table, field: Field, text: str) -> JsonObject:
    try:
        bound = bind(table, text)
    except FormulaError as error:
        raise BadDefinitionError(
            f"options.formula is invalid: {error.message}", error.detail
        ) from None
    references = list(dict.fromkeys(key for key in bound.bindings.values() if key is not None))
    for reference in references:
        if reference == field.id or field.id in needed_by(base, reference):
            raise BadDefinitionError("options.formula is invalid: it refers to its own field")
    return {
        "formula": bound.text_with_ids,
        "isValid": True,
        "referencedFieldIds": references,
        "result": _formula_result(bound, table),
    }


def _formula_result(bound: BoundFormula, table: Table) -> JsonObject:
    return result_type(bound, lambda key: _result_type(table.fields[key])).as_json()


def _rollup_result(bound: BoundFormula, looked_up: Field) -> JsonObject:
    return result_type(bound, lambda _: _result_type(looked_up)).as_json()


def current_result(base: Base, table: Table, field: Field) -> JsonObject | None:
    """The `result` of a formula, lookup or rollup as its sources are now; None where it cannot be told."""
    text = field.option("formula")
    try:
        if field.type == "formula":
            return _formula_result(bind(table, text or ""), table)
        _, target = _link(base, table, field.options or {})
        looked_up = target.fields[field.option("fieldIdInLinkedTable") or ""]
        if field.type == "multipleLookupValues":
            return shown_type(looked_up)
        return None if text is None else _rollup_result(bind_aggregate(text), looked_up)
    except (FormulaError, BadDefinitionError, KeyError):
        # An opened schema may hold what is not valid.
        return None


def needed_by(base: Base, field_id: str) -> set[str]:
    """Every field, by id, that the value of *field_id* depends on."""
    needed: set[str] = set()
    waiting = [field_id]
    while waiting:
        found = base.field_of_id(waiting.pop())
        if found is None:
            continue
        for reference in references(base, found[1]):
            if reference not in needed:
                needed.add(reference)
                waiting.append(reference)
    return needed


def references(base: Base, field: Field) -> Iterator[str]:
    """The fields, by id, that the values of *field* are made of, without a step between."""
    if field.type == "formula":
        listed = (field.options or {}).get("referencedFieldIds")
        yield from (key for key in listed or () if isinstance(key, str))
    for name in ("recordLinkFieldId", "fieldIdInLinkedTable"):
        key = field.option(name)
        if key is not None:
            yield key
    if field.type == "multipleRecordLinks":
        target = base.tables.get(field.option("linkedTableId") or "")
        if target is not None:
            yield target.primary_field_id


def _link(base: Base, table: Table, given: JsonObject) -> tuple[Field, Table]:
    link = table.fields.get(given["recordLinkFieldId"])
    if link is None or link.type != "multipleRecordLinks":
        raise BadDefinitionError("options.recordLinkFieldId is not a link field of this table")
    target = base.tables.get(link.option("linkedTableId") or "")
    if target is None:
        raise BadDefinitionError(
            "options.recordLinkFieldId links to a table that is not in this base"
        )
    return link, target


def shown_type(field: Field) -> JsonObject:
    """Type and options of a field's values: of a formula, rollup or lookup those of its result."""
    options = field.options or {}
    if field.type in (
        "formula",
        "rollup",
        "multipleLookupValues",
        "createdTime",
        "lastModifiedTime",
    ):
        result = options.get("result")
        return result if isinstance(result, dict) else {"type": "singleLineText"}
    if field.type in ("count", "autoNumber"):
        return NUMBER
    described: JsonObject = {"type": field.type}
    if field.options is not None:
        described["options"] = field.options
    return described


def _result_type(field: Field) -> ResultType:
    return ResultType(field.type, field.options)


def depends_on_time(base: Base) -> bool:
    """Whether any formula of the base gives another value as time passes."""
    return any(
        _asks_for_time(field.option("formula") or "")
        for table in base.tables.values()
        for field in table.fields.values()
        if field.type in ("formula", "rollup")
    )


def _asks_for_time(text: str) -> bool:
    try:
        return not _TIME_FUNCTIONS.isdisjoint(parse_formula(text).function_names)
    except FormulaError:
        return False


def guessed_aggregate(field: Field) -> str:
    """The formula of a rollup whose text is not known: the API never shows it, so an opened base lacks it.

    Numbers are added up, dates give the latest, and anything else is joined. A guess, said so in the docs.
    """
    kind = shown_type(field).get("type")
    if kind in ("number", "currency", "percent", "duration", "rating", "count"):
        return "SUM(values)"
    return "MAX(values)" if kind in ("date", "dateTime") else "ARRAYJOIN(values, ', ')"
