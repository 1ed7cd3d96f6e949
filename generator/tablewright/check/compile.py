"""Document → model, or every finding at once."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tablewright.check.claims import RESERVED_IN_MODULES
from tablewright.check.enums import read_enums
from tablewright.check.findings import Findings
from tablewright.check.formulas import report_unsayable
from tablewright.check.include import Loader, gather, load_file
from tablewright.check.mixins import expand_mixins
from tablewright.check.namespace import Namespace
from tablewright.check.reader import Reader
from tablewright.check.silence import silenced
from tablewright.check.tables import complete_tables, read_drafts
from tablewright.check.was import check_earlier_names
from tablewright.diagnostics import Diagnostic, sorted_unique
from tablewright.model.schema import Enum, Schema, Table
from tablewright.names import is_identifier, suggested_package
from tablewright.syntax.document import Document, MapNode, described, plain
from tablewright.syntax.source import Source

LANGUAGE_VERSION: Final = 1
SCHEMA_KEYS: Final = (
    "tablewright", "name", "description", "include", "field_names", "enums", "mixins", "tables", "unmanaged", "silence",
)  # fmt: skip
FIELD_NAMES: Final = ("title", "as_written")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What came out of a schema: the model, missing where there is an error, and all findings in order.

    *sources* are the files that were read, the schema's own first. *silenced* are warnings that the schema leaves out.
    """

    schema: Schema | None
    findings: tuple[Diagnostic, ...]
    sources: tuple[Source, ...] = ()
    silenced: tuple[Diagnostic, ...] = ()

    @property
    def lines(self) -> Mapping[str, list[str]]:
        """Return the lines of every file by path, for `as_text`."""
        return {source.path: source.lines for source in self.sources}


def compile_schema(source: Source, load: Loader = load_file) -> Compiled:
    """Turn schema text into a checked model, or into every finding at once.

    *load* reads the files that the schema includes.
    """
    with _collector_at_rest():
        return _compile(source, load)


def _compile(source: Source, load: Loader) -> Compiled:
    findings = Findings()
    gathered = gather(findings, source, load)
    schema: Schema | None = None
    left_out: list[Diagnostic] = []
    if gathered.document is not None:
        schema = _read_schema(findings, gathered.document)
        findings.found, left_out = silenced(findings, gathered.roots, source.path)
    found = sorted_unique(findings.found)
    if any(finding.severity == "error" for finding in found):
        schema = None
    return Compiled(schema, found, tuple(gathered.sources), sorted_unique(left_out))


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the garbage collector from walking the growing document and model again and again.

    Nothing in them is in a circle, and for a thousand tables that walking takes a third of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def fingerprint(document: Document) -> str:
    """Return a digest of what was written; comments, quotes and layout do not count."""
    content = plain(document.root)
    if isinstance(content, dict):
        # What was included stands in the document itself.
        content.pop("include", None)
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def _read_schema(findings: Findings, written: Document) -> Schema:
    document = expand_mixins(findings, written)
    reader = Reader(findings, document.root, "the schema", SCHEMA_KEYS)
    _check_version(findings, reader)
    name = _name(findings, reader)
    as_written = reader.word("field_names", FIELD_NAMES, "title") == "as_written"
    module = Namespace(findings, RESERVED_IN_MODULES)
    enums = read_enums(findings, reader.node("enums"), module)
    reader.required("tables", "tables: {Task: {fields: {name: text}}}")
    drafts = read_drafts(findings, reader.node("tables"), enums, module, as_written=as_written)
    check_earlier_names(findings, drafts.values(), reader.node("enums"))
    tables = complete_tables(findings, drafts, enums)
    _warn_of_unused(findings, document, enums, tables)
    schema = Schema(
        name,
        reader.text("description"),
        tuple(enums.values()),
        tables,
        document.path,
        fingerprint(written),
        unmanaged=tuple(word.text for word in reader.words("unmanaged")),
    )
    if not any(finding.severity == "error" for finding in findings.found):
        report_unsayable(findings, schema, {key: draft.formulas for key, draft in drafts.items()})
    return schema


def _check_version(findings: Findings, reader: Reader) -> None:
    reader.required("tablewright", "the version of the language: 'tablewright: 1'")
    found = reader.scalar("tablewright")
    if found is not None and (
        found.value != LANGUAGE_VERSION or not isinstance(found.value, int) or found.value is True
    ):
        findings.error(found.span, "TW113", f"this tablewright reads version {LANGUAGE_VERSION} of the language, not {described(found)}",
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
                       f"call it '{suggested_package(found.text)}'")  # fmt: skip
    return found.text


def _warn_of_unused(
    findings: Findings, document: Document, enums: Mapping[str, Enum], tables: tuple[Table, ...]
) -> None:
    """Note enums of the main file that nothing uses; a file that is shared may hold more than one schema needs."""
    section = document.root.get("enums")
    if not isinstance(section, MapNode) or any(one.severity == "error" for one in findings.found):
        return
    used = {field.enum.key for table in tables for field in table.fields if field.enum is not None}
    for table in tables:
        transitions = table.lifecycle.transitions if table.lifecycle is not None else ()
        for takes in (
            *(one.takes for one in transitions),
            *(one.takes for one in table.queries),
            *(one.takes for one in table.statistics),
        ):
            used |= {(argument.type.item or argument.type).name for argument in takes}
    for key, _ in section.entries:
        if key.text in enums and key.text not in used and key.span.path == document.path:
            findings.warning(key.span, "TW218", f"nothing uses the enum '{key.text}'",
                             "give a field that type, or remove the enum")  # fmt: skip
