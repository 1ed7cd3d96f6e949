"""The document: what was written, with places. Made by `parse`, read by `check`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tablewright.diagnostics import Span

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A line of a text of several lines: what begins at character *start* of the text stands at *line* and *column*."""

    start: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word, number or text. *text* is what stands there without quotes, *value* what YAML 1.2 makes of it."""

    text: str
    value: Value
    span: Span
    quoted: bool
    inner_column: int = 0
    """The column of the first character of *text*, where *text* stands on one line letter by letter; else 0."""
    pieces: tuple[Piece, ...] = ()
    """The lines of *text*, where it stands on several ones letter by letter."""

    def part(self, start: int, end: int) -> Span:
        """Return the place of characters *start* to *end* of the text, or of the whole where that is not known."""
        first, last = self._place(start), self._place(max(end, start + 1) - 1)
        if first is None or last is None:
            return self.span
        return Span(self.span.path, *first, last[0], last[1] + 1)

    def _place(self, position: int) -> tuple[int, int] | None:
        """Return line and column of one character; nothing where that is not known."""
        if self.inner_column:
            return self.span.line, self.inner_column + position
        begun = [piece for piece in self.pieces if piece.start <= position]
        return (begun[-1].line, begun[-1].column + position - begun[-1].start) if begun else None


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list, in block or in `[…]` form."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping, in block or in `{…}` form. A key that was written twice keeps its first value."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span
    flow: bool

    def get(self, key: str) -> Node | None:
        """Return what stands under *key*, or nothing."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """Return the key itself, with its place."""
        return next((name for name, _ in self.entries if name.text == key), None)

    def keys(self) -> list[str]:
        """Return the keys in the order they were written."""
        return [name.text for name, _ in self.entries]


Node = Scalar | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class Document:
    """A whole schema file."""

    path: str
    root: MapNode


def described(node: Node) -> str:
    """Return what kind of thing was written, for a message."""
    match node:
        case MapNode():
            return "a mapping"
        case ListNode():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return node.text
        case Scalar(value=int() | float()):
            return f"the number {node.text}"
        case Scalar():
            return f"the text '{shortened(node.text)}'"


def shortened(text: str, limit: int = 40) -> str:
    """Return *text* on one line, cut to a length that fits a message."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def plain(node: Node) -> object:
    """Return the document as plain values, for digests and comparisons; places are gone."""
    match node:
        case MapNode(entries):
            return {name.text: plain(value) for name, value in entries}
        case ListNode(items):
            return [plain(item) for item in items]
        case Scalar(text, value):
            return text if isinstance(value, str) else value


def scalars(node: Node) -> Iterator[Scalar]:
    """Yield every scalar of the document, keys included."""
    match node:
        case MapNode(entries):
            for name, value in entries:
                yield name
                yield from scalars(value)
        case ListNode(items):
            for item in items:
                yield from scalars(item)
        case Scalar():
            yield node
