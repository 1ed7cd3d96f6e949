"""`include:` → one document out of several files; findings keep pointing into the file they are about."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tablewright.check.findings import Findings
from tablewright.check.reader import Reader, words_of
from tablewright.diagnostics import Span
from tablewright.syntax.document import Document, MapNode, Node, Scalar
from tablewright.syntax.parse import parse
from tablewright.syntax.source import Source, SourceUnreadable, read_source

Loader = Callable[[str], Source]
"""Returns the file at a path, or raises SourceUnreadable."""

SECTIONS: Final = ("enums", "mixins", "tables")
_INCLUDED_KEYS: Final = ("tablewright", "description", "include", "silence", *SECTIONS)
MAX_FILES: Final = 200


def load_file(path: str) -> Source:
    """Return the schema file at *path*.

    Raises:
        SourceUnreadable: it is missing, a folder, too large, or not UTF-8.
    """
    return read_source(Path(path))


@dataclass
class Gathered:
    """The document with everything it includes merged in, and every file that was read, the first one first."""

    document: Document | None = None
    sources: list[Source] = field(default_factory=list)
    roots: list[MapNode] = field(default_factory=list)
    """The mappings of the files that were read, included ones before those that include them."""


def gather(findings: Findings, source: Source, load: Loader) -> Gathered:
    """Return the document of *source* and of what it includes, each file once."""
    gathered = Gathered()
    root = _Gatherer(findings, load, gathered).read(source, (posixpath.normpath(source.path),))
    if root is not None:
        gathered.document = Document(source.path, _merged(findings, root, gathered.roots))
    return gathered


class _Gatherer:
    def __init__(self, findings: Findings, load: Loader, gathered: Gathered) -> None:
        self._findings = findings
        self._load = load
        self._gathered = gathered
        self._known: set[str] = set()

    def read(self, source: Source, chain: tuple[str, ...]) -> MapNode | None:
        """Return the mapping of a file after reading what it includes; *chain* is the way that led here."""
        self._known.add(chain[-1])
        self._gathered.sources.append(source)
        document, problems = parse(source)
        self._findings.found += problems
        if document is None:
            return None
        if len(chain) > 1:
            _check_included(self._findings, document.root)
        for word in words_of(self._findings, document.root.get("include"), "include"):
            self._include(word, source, chain)
        self._gathered.roots.append(document.root)
        return document.root

    def _include(self, word: Scalar, source: Source, chain: tuple[str, ...]) -> None:
        problem, way_out = _unusable(word.text)
        if problem:
            self._findings.error(word.span, "TW114", f"cannot include '{word.text}': {problem}", way_out)  # fmt: skip
            return
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), word.text))
        if path in chain:
            way = " → ".join([*chain[chain.index(path) :], path])
            self._findings.error(word.span, "TW114", f"'{word.text}' includes itself: {way}",
                                 "put what both need into a third file")  # fmt: skip
            return
        if path in self._known:
            return
        if len(self._known) >= MAX_FILES:
            self._findings.error(word.span, "TW114", f"more than {MAX_FILES} files are included",
                                 "put some of them together")  # fmt: skip
            return
        try:
            included = self._load(path)
        except SourceUnreadable as error:
            self._known.add(path)
            self._findings.error(word.span, "TW114", f"cannot include '{word.text}': {_reason(error)}",
                                 f"paths are relative to the including file, here to '{posixpath.dirname(source.path) or '.'}'")  # fmt: skip
            return
        self.read(included, (*chain, path))


def _reason(error: SourceUnreadable) -> str:
    """Return what is wrong with a file, without its path in front and the way out of a file named on the command line."""
    parts = str(error).split(": ")
    return parts[1] if len(parts) > 1 else str(error)


def _unusable(path: str) -> tuple[str, str]:
    if not path.strip() or "\x00" in path:
        return "it names no file", "such as include: shared/enums.yaml"
    if "://" in path:
        return "only files can be included", "fetch it into a file beside this one"
    if posixpath.isabs(path) or path[1:2] == ":":
        return "the path is absolute", "write it relative to the including file"
    if "\\" in path:
        return "the path has backslashes", f"write '{path.replace(chr(92), '/')}'"
    return "", ""


def _check_included(findings: Findings, root: MapNode) -> None:
    for key, _ in root.entries:
        if key.text in ("name", "field_names"):
            findings.error(key.span, "TW114", f"an included file cannot have '{key.text}'",
                           "say it once, in the file that includes this one")  # fmt: skip
        elif key.text not in _INCLUDED_KEYS:
            Reader(findings, MapNode(((key, root),), root.span, flow=False), "an included file", _INCLUDED_KEYS)  # fmt: skip


def _merged(findings: Findings, main: MapNode, roots: list[MapNode]) -> MapNode:
    entries: list[tuple[Scalar, Node]] = []
    sections = {section: _section(findings, section, main, roots) for section in SECTIONS}
    for key, value in main.entries:
        found = sections.pop(key.text, None) if key.text in SECTIONS else None
        entries.append((key, value if found is None else found[1]))
    entries += [found for found in sections.values() if found is not None]
    return MapNode(tuple(entries), main.span, main.flow)


def _section(
    findings: Findings, section: str, main: MapNode, roots: list[MapNode]
) -> tuple[Scalar, Node] | None:
    """Return one section with the entries of all files, or nothing where only the main file (or none) has it."""
    heads = [(root.key(section), root.get(section)) for root in roots]
    written = [(key, node) for key, node in heads if key is not None and node is not None]
    if not any(root is not main and root.key(section) is not None for root in roots):
        return None
    merged: dict[str, tuple[Scalar, Node]] = {}
    for _, node in written:
        if not isinstance(node, MapNode):
            Reader(findings, node, f"'{section}'", None)
            continue
        for key, value in node.entries:
            first = merged.setdefault(key.text, (key, value))[0]
            if first is not key:
                findings.error(key.span, "TW203", f"'{key.text}' stands under '{section}' in two files",
                               f"the other one is {place(first.span, key.span)}: rename or remove one of them")  # fmt: skip
    own = main.key(section)
    if not written:
        return None
    head = own if own is not None else written[0][0]
    in_main = main.get(section)
    span = in_main.span if in_main is not None else written[0][1].span
    return head, MapNode(tuple(merged.values()), span, flow=False)


def place(span: Span, seen_from: Span) -> str:
    """Return where *span* is, for a help line: the file is named where it is another one."""
    where = f"on line {span.line}"
    return where if span.path == seen_from.path else f"{where} of {span.path}"
