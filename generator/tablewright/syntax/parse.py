"""Schema text → document. YAML events keep every place, and show what a loaded dict would hide."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from tablewright.diagnostics import Diagnostic, Span
from tablewright.syntax.document import Document, ListNode, MapNode, Node, Piece, Scalar
from tablewright.syntax.hints import way_out
from tablewright.syntax.source import Source

MAX_DEPTH: Final = 40
MAX_NODES: Final = 2_000_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER: Final = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_LONGEST_INTEGER: Final = 300
_UNREADABLE: Final = re.compile(
    "[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f]")
_PLAIN_TAGS: Final = frozenset({None, "", "!", "tag:yaml.org,2002:str"})


class _Refused(Exception):
    """Parsing cannot go on; the finding is attached."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding


def parse(source: Source) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """Return the document of a schema file and what is wrong with its YAML.

    The document is missing where the text is no YAML mapping at all.
    """
    builder = _Builder(source)
    unreadable = _UNREADABLE.search(source.text)
    if unreadable is not None:
        return None, (_unreadable(source, unreadable),)
    try:
        root = builder.document()
    except _Refused as refused:
        return None, (*builder.findings, refused.finding)
    except yaml.MarkedYAMLError as error:
        return None, (*builder.findings, builder.syntax_error(error))
    if not isinstance(root, MapNode):
        start = Span(source.path, 1, 1, 1, 2) if root is None else root.span
        return None, (
            *builder.findings,
            Diagnostic(start, "TW102", "a schema is a mapping that begins with 'tablewright: 1'",
                       "'tablewright init' writes one to start from"),
        )  # fmt: skip
    return Document(source.path, root), tuple(builder.findings)


def _unreadable(source: Source, found: re.Match[str]) -> Diagnostic:
    before = source.text[: found.start()]
    lines = re.split("[\n\x85\u2028\u2029]", before)
    line, column = len(lines), len(lines[-1]) + 1
    span = Span(source.path, line, column, line, column + 1)
    name = {"\x00": "a NUL", "\ufeff": "a byte order mark"}.get(
        found.group(), "a control character"
    )
    return Diagnostic(span, "TW101", f"this is not YAML: {name} (U+{ord(found.group()):04X}) stands here",
                      "remove it; the editor may not show it")  # fmt: skip


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Diagnostic] = []
        self._events: Iterator[Any] = iter(())
        self._count = 0

    def document(self) -> Node | None:
        """Return the root of the document, or nothing where the file holds none."""
        self._events = iter(yaml.parse(self.source.text, Loader=_Loader))
        root: Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Refused(self._finding(event, "TW103", "a schema file holds one YAML document",
                                                 "put the second one into a file of its own"))  # fmt: skip
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, 1)
        return root

    def syntax_error(self, error: yaml.MarkedYAMLError) -> Diagnostic:
        """Return the finding for what the YAML parser refused, with the likely reason as the way out."""
        mark = error.problem_mark or error.context_mark
        line, column = self._place(mark) if mark else (1, 1)
        span = Span(self.source.path, line, column, line, column + 1)
        reason = (error.problem or "cannot be read").strip()
        return Diagnostic(
            span,
            "TW101",
            f"this is not YAML: {reason}",
            way_out(error, self.source.lines, line, column),
        )

    def _node(self, event: Any, depth: int) -> Node:
        self._count += 1
        if depth > MAX_DEPTH:
            raise _Refused(self._finding(event, "TW104", f"nested more than {MAX_DEPTH} deep",
                                         "no part of a schema needs that"))  # fmt: skip
        if self._count > MAX_NODES:
            raise _Refused(
                self._finding(
                    event, "TW104", "the file holds too many entries", "split it with 'include:'"
                )
            )
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            raise _Refused(self._finding(event, "TW105", f"'{sign}{event.anchor}': anchors and aliases are not used here",
                                         "write it out, or share it with a mixin or 'include:'"))  # fmt: skip
        if event.tag not in _PLAIN_TAGS:
            raise _Refused(
                self._finding(
                    event, "TW105", f"the YAML tag '{event.tag}' is not used here", "remove it"
                )
            )
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(event, depth)
        return self._map(event, depth)

    def _list(self, start: Any, depth: int) -> ListNode:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return ListNode(tuple(items), self._span(start, event))
            items.append(self._node(event, depth + 1))
        raise AssertionError("YAML closes every list")

    def _map(self, start: Any, depth: int) -> MapNode:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                return MapNode(
                    tuple(entries.values()), self._span(start, event), bool(start.flow_style)
                )
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise _Refused(Diagnostic(key.span, "TW106", "a key has to be a word",
                                          "inside {…}, an expression with a bracket has to be quoted"))  # fmt: skip
            if key.text == "<<" and not key.quoted:
                raise _Refused(Diagnostic(key.span, "TW105", "'<<': merge keys are not used here",
                                          "write it out, or share it with a mixin or 'include:'"))  # fmt: skip
            value = self._node(next(self._events), depth + 1)
            first = entries.setdefault(key.text, (key, value))
            if first[0] is not key:
                self.findings.append(
                    Diagnostic(key.span, "TW107", f"the key '{key.text}' stands here twice",
                               f"it is already on line {first[0].span.line}: remove or rename one of them")
                )  # fmt: skip
        raise AssertionError("YAML closes every mapping")

    def _scalar(self, event: Any) -> Scalar:
        span = self._span(event, event)
        # libyaml says '' for a plain scalar where the Python parser says None.
        quoted = bool(event.style)
        value = event.value if quoted or event.tag else core_value(event.value)
        control = _CONTROL.search(event.value)
        if control is not None:
            self.findings.append(
                Diagnostic(span, "TW105", f"the text holds the control character U+{ord(control.group()):04X}",
                           "remove it: neither Airtable nor PostgreSQL keeps it")
            )  # fmt: skip
        column = self._inner_column(event, span)
        pieces = () if column or span.line == span.end_line else self._pieces(event, span)
        return Scalar(event.value, value, span, quoted, column, pieces)

    def _inner_column(self, event: Any, span: Span) -> int:
        if span.line != span.end_line or event.style in ("|", ">"):
            return 0
        line = self.source.lines[span.line - 1]
        column = span.column + (1 if event.style in ("'", '"') else 0)
        return column if line[column - 1 :].startswith(event.value) else 0

    def _pieces(self, event: Any, span: Span) -> tuple[Piece, ...]:
        """Return where the lines of a text stand; nothing where they do not make up the text letter by letter."""
        text, position, pieces = event.value, 0, list[Piece]()
        length = len(text.rstrip())
        is_block = event.style in ("|", ">")
        signs = 1 if event.style in ("'", '"') else 0
        for number in range(span.line + is_block, span.end_line + 1):
            line = self.source.lines[number - 1]
            if number == span.end_line and not is_block:
                line = line[: span.end_column - 1 - signs]
            begins = span.column - 1 + signs if number == span.line else 0
            content = line[begins:].strip()
            found = text.find(content, position)
            if found < 0 or text[position:found].strip():
                return ()
            if content:
                column = line.index(content, begins) + 1
                pieces.append(Piece(found, number, column))
                position = found + len(content)
            if position >= length:
                return tuple(pieces)
        return ()

    def _span(self, start: Any, end: Any) -> Span:
        line, column = self._place(start.start_mark)
        end_line, end_column = self._place(end.end_mark)
        return Span(self.source.path, line, column, end_line, end_column)

    def _place(self, mark: Any) -> tuple[int, int]:
        """Return line and column of a mark, held inside the file: the end of a document lies behind its last line."""
        lines = self.source.lines
        if mark.line >= len(lines):
            return len(lines), len(lines[-1]) + 1
        return mark.line + 1, min(mark.column, len(lines[mark.line])) + 1

    def _finding(self, event: Any, code: str, message: str, help_text: str) -> Diagnostic:
        return Diagnostic(self._span(event, event), code, message, help_text)


def core_value(text: str) -> str | int | float | bool | None:
    """Return what YAML 1.2's core schema makes of an unquoted word: `no` and `on` stay words."""
    match text:
        case "" | "~" | "null" | "Null" | "NULL":
            return None
        case "true" | "True" | "TRUE":
            return True
        case "false" | "False" | "FALSE":
            return False
    if _INTEGER.match(text):
        return int(text) if len(text) <= _LONGEST_INTEGER else text
    if _FLOAT.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
