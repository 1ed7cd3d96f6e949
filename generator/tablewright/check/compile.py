"""Document → model, or every finding at once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from tablewright.check.enums import read_enums
from tablewright.check.findings import Findings
from tablewright.check.namespace import Namespace
from tablewright.check.reader import Reader
from tablewright.check.tables import read_tables
from tablewright.diagnostics import Diagnostic, sorted_unique
from tablewright.model.schema import Enum, Schema, Table
from tablewright.names import CLASS_BODY_NAMES, is_identifier, suggested_identifier
from tablewright.syntax.document import Document, plain
from tablewright.syntax.parse import parse
from tablewright.syntax.source import Source

LANGUAGE_VERSION: Final = 1
_SCHEMA_KEYS: Final = ("tablewright", "name", "description", "field_names", "enums", "tables")
_FIELD_NAMES: Final = ("title", "as_written")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What came out of a schema: the model, missing where there is an error, and all findings in order."""

    schema: Schema | None
    findings: tuple[Diagnostic, ...]


def compile_schema(source: Source) -> Compiled:
    """Turn schema text into a checked model, or into every finding at once."""
    document, problems = parse(source)
    findings = Findings(list(problems))
    schema = _read_schema(findings, document) if document is not None else None
    found = sorted_unique(findings.found)
    if any(finding.severity == "error" for finding in found):
        schema = None
    return Compiled(schema, found)


def fingerprint(document: Document) -> str:
    """Return a digest of what was written; comments, quotes and layout do not count."""
    written = json.dumps(plain(document.root), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def _read_schema(findings: Findings, document: Document) -> Schema:
    reader = Reader(findings, document.root, "the schema", _SCHEMA_KEYS)
    _check_version(findings, reader)
    name = _name(findings, reader)
    as_written = reader.word("field_names", _FIELD_NAMES, "title") == "as_written"
    module = Namespace(
        findings, dict.fromkeys(CLASS_BODY_NAMES, "the generated code uses that name itself")
    )
    enums = read_enums(findings, reader.node("enums"), module)
    reader.required("tables", "tables: {Task: {fields: {name: text}}}")
    tables = read_tables(findings, reader.node("tables"), enums, module, as_written=as_written)
    _warn_of_unused(findings, reader, enums, tables)
    return Schema(
        name,
        reader.text("description"),
        tuple(enums.values()),
        tables,
        document.path,
        fingerprint(document),
    )


def _check_version(findings: Findings, reader: Reader) -> None:
    reader.required("tablewright", "the version of the language: 'tablewright: 1'")
    found = reader.scalar("tablewright")
    if found is not None and found.value != LANGUAGE_VERSION:
        findings.error(found.span, "TW113", f"this tablewright reads version {LANGUAGE_VERSION} of the language, not '{found.text}'",
                       f"write 'tablewright: {LANGUAGE_VERSION}'")  # fmt: skip


def _name(findings: Findings, reader: Reader) -> str:
    reader.required("name", "the name of the generated package, such as 'name: my_tasks'")
    found = reader.scalar("name")
    if found is None:
        return "schema"
    if (
        not is_identifier(found.text)
        or found.text != found.text.lower()
        or found.text.startswith("_")
    ):
        findings.error(found.span, "TW201", f"the schema cannot be called '{found.text}': it names a Python package",
                       f"call it '{suggested_identifier(found.text).lower().strip('_') or 'tasks'}'")  # fmt: skip
    return found.text


def _warn_of_unused(
    findings: Findings, reader: Reader, enums: dict[str, Enum], tables: tuple[Table, ...]
) -> None:
    used = {field.enum.key for table in tables for field in table.fields if field.enum is not None}
    for table in tables:
        transitions = table.lifecycle.transitions if table.lifecycle is not None else ()
        for takes in (
            *(one.takes for one in transitions),
            *(one.takes for one in table.queries),
            *(one.takes for one in table.statistics),
        ):
            used |= {argument.type.name for argument in takes}
    section = reader.mapping("enums", "'enums'", None) if reader.has("enums") else None
    if section is None or any(finding.severity == "error" for finding in findings.found):
        return
    for key in enums:
        if key not in used:
            findings.warning(section.key_span(key), "TW218", f"nothing uses the enum '{key}'",
                             "give a field that type, or remove the enum")  # fmt: skip
