"""The syntax tree of a formula: what was written, with places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Constant:
    """A number or a text, escapes resolved."""

    value: float | str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """A field, by name or id as written; `start` and `end` enclose it in the text, braces included."""

    name: str
    start: int
    end: int
    bare: bool
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function by the name written, which may be of any case (that Airtable allows it is unconfirmed)."""

    name: str
    arguments: tuple[Node, ...]
    start: int
    depth: int

    @property
    def function(self) -> str:
        return self.name.upper()


@dataclass(frozen=True, slots=True)
class Signed:
    """`-operand` or `+operand`."""

    sign: str
    operand: Node
    depth: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands of one precedence, applied from the left: `first (sign operand)…`.

    A chain is flat, so that a thousand terms are no deeper than two.
    """

    first: Node
    rest: tuple[tuple[str, Node], ...]
    depth: int


Node: TypeAlias = Constant | Reference | Call | Signed | Chain


def nodes_of(tree: Node) -> Iterator[Node]:
    """Every node of *tree*, in the order of the text."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Call):
            pending.extend(reversed(node.arguments))
        elif isinstance(node, Signed):
            pending.append(node.operand)
        elif isinstance(node, Chain):
            pending.extend(operand for _, operand in reversed(node.rest))
            pending.append(node.first)
