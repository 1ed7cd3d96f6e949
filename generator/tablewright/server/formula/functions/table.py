"""How a function of the formula language is described and entered in the table of functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from tablewright.server.formula.code import Code, Evaluate
from tablewright.server.formula.values import Value

Result: TypeAlias = Literal[
    "number",
    "integer",
    "text",
    "date",
    "dateTime",
    "extreme",
    "instant",
    "branches",
    "array",
    "blank",
]
"""What a function gives. `extreme` is the kind of its arguments, `instant` the kind of date its first one is,
`branches` what those of its arguments are that can be the result."""

_SIGNATURE: Final = re.compile(r"([A-Z_]+)\((.*)\)")


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its text for people, its arity, and either a way to call it or a way to compile it."""

    name: str
    signature: str
    """As in Airtable's reference: `[x]` is optional, `…` repeats."""
    meaning: str
    group: str
    least: int
    most: int | None
    """Most arguments; None when there may be any number."""
    result: Result
    apply: Callable[..., Value] | None = None
    """Called with the arguments' values, none of them an error (pure functions)."""
    compile: Callable[[Sequence[Code]], Evaluate] | None = None
    """Makes the closure itself (functions that look at the row, or not at all their arguments)."""


FUNCTIONS: Final[dict[str, Function]] = {}
"""Every function of the language, by name."""

Apply: TypeAlias = Callable[..., Value]
Compile: TypeAlias = Callable[[Sequence[Code]], Evaluate]


def _arity(arguments: str) -> tuple[int, int | None]:
    required = re.sub(r"\[[^\]]*\]", "", arguments).split(", ")
    least = sum(bool(name) for name in required)
    return least, None if "…" in arguments else least + arguments.count("[")


def _enter(
    group: str,
    signature: str,
    meaning: str,
    result: Result,
    apply: Apply | None,
    compiler: Compile | None,
) -> None:
    found = _SIGNATURE.fullmatch(signature)
    assert found, signature  # noqa: S101 - a signature is written by us
    least, most = _arity(found[2])
    FUNCTIONS[found[1]] = Function(
        found[1], signature, meaning, group, least, most, result, apply, compiler
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """Enters functions under one heading of the reference."""

    name: str

    def pure(self, signature: str, meaning: str, result: Result) -> Callable[[Apply], Apply]:
        """A function of its arguments alone. An argument that is an error is the result, without a call."""

        def enter(apply: Apply) -> Apply:
            _enter(self.name, signature, meaning, result, apply, None)
            return apply

        return enter

    def form(self, signature: str, meaning: str, result: Result) -> Callable[[Compile], Compile]:
        """A function that decides itself what it evaluates, or that looks at the row."""

        def enter(compiler: Compile) -> Compile:
            _enter(self.name, signature, meaning, result, None, compiler)
            return compiler

        return enter
