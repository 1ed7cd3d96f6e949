"""`silence:` → warnings left out, in the whole schema or inside the mapping where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tablewright.check.findings import CODES, WARNINGS, Findings
from tablewright.check.reader import words_of
from tablewright.diagnostics import Diagnostic, Span, did_you_mean
from tablewright.syntax.document import MapNode, Node, Scalar

_PLACES: Final = ("enums", "mixins", "tables")
_Region = tuple[Span | None, frozenset[str]]


def silenced(
    findings: Findings, roots: Iterable[MapNode], path: str
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return what is left of the findings and what was silenced.

    `silence:` at the top of the main file holds everywhere, at the top of an included file in that file, and inside
    an enum, mixin, table or lifecycle within it. Only warnings can be silenced.
    """
    regions = [region for root in roots for region in _regions(findings, root, path)]
    kept: list[Diagnostic] = []
    left_out: list[Diagnostic] = []
    for finding in findings.found:
        quiet = finding.severity == "warning" and any(
            finding.code in codes and (span is None or _contains(span, finding.span))
            for span, codes in regions
        )
        (left_out if quiet else kept).append(finding)
    return kept, left_out


def _regions(findings: Findings, root: MapNode, path: str) -> Iterator[_Region]:
    whole = None if root.span.path == path else Span(root.span.path, 1, 1, 10**9, 1)
    yield from _region(findings, root, whole)
    for section in _PLACES:
        entries = root.get(section)
        for key, node in entries.entries if isinstance(entries, MapNode) else ():
            yield from _region(findings, node, _from_key(key, node))
            lifecycle = node.get("lifecycle") if isinstance(node, MapNode) else None
            if lifecycle is not None and isinstance(node, MapNode):
                head = node.key("lifecycle")
                yield from _region(findings, lifecycle, _from_key(head or key, lifecycle))


def _region(findings: Findings, node: Node, span: Span | None) -> Iterator[_Region]:
    written = node.get("silence") if isinstance(node, MapNode) else None
    if written is None:
        return
    codes: set[str] = set()
    for word in words_of(findings, written, "silence"):
        if word.text not in CODES:
            findings.error(word.span, "TW111", f"there is no finding '{word.text}'", did_you_mean(word.text, sorted(WARNINGS), what="warnings"))  # fmt: skip
        elif word.text not in WARNINGS:
            findings.error(word.span, "TW111", f"{word.text} is an error and cannot be silenced",
                           f"warnings: {', '.join(sorted(WARNINGS))}")  # fmt: skip
        else:
            codes.add(word.text)
    yield span, frozenset(codes)


def _from_key(key: Scalar, node: Node) -> Span:
    start, end = key.span, node.span
    return Span(start.path, start.line, start.column, end.end_line, end.end_column)


def _contains(outer: Span, inner: Span) -> bool:
    begins = (outer.line, outer.column) <= (inner.line, inner.column)
    return outer.path == inner.path and begins and (inner.line, inner.column) <= (outer.end_line, outer.end_column)  # fmt: skip
