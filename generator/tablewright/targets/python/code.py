"""Text → code, in one place. Templates never put quotes around a value; whatever they print as code was made here."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Iterable, Mapping
from typing import Final
from unicodedata import combining, east_asian_width

from tablewright.expressions.literals import literal_text
from tablewright.names import is_identifier


class Code(str):
    """Text that is safe to print as Python source."""

    __slots__ = ()


def identifier(name: str) -> Code:
    """Return *name* as a name in code.

    Raises:
        ValueError: it is none; the checks of stage 2 let no such name through.
    """
    if not is_identifier(name):
        raise ValueError(f"{name!r} is no identifier")
    return Code(name)


class Bracketed(Code):
    """Code that is a list in brackets. As text it is one line; `laid_out` may give each part a line of its own."""

    opening: str
    parts: tuple[Code, ...]
    closing: str
    is_tuple: bool

    @classmethod
    def of(
        cls, opening: str, parts: Iterable[Code], closing: str, *, is_tuple: bool = False
    ) -> Bracketed:
        """Return *parts* between two brackets; a tuple of one keeps its comma."""
        listed = tuple(parts)
        comma = "," if is_tuple and len(listed) == 1 else ""
        made = cls(f"{opening}{', '.join(listed)}{comma}{closing}")
        made.opening, made.parts, made.closing, made.is_tuple = opening, listed, closing, is_tuple
        return made

    def after(self, lead: str) -> Bracketed:
        """Return the same code with *lead* in front of it."""
        return Bracketed.of(lead + self.opening, self.parts, self.closing, is_tuple=self.is_tuple)


def bracketed_tuple(parts: Iterable[Code]) -> Bracketed:
    """Return *parts* as a tuple."""
    return Bracketed.of("(", parts, ")", is_tuple=True)


def named(name: str, value: Code) -> Code:
    """Return `name=value` as an argument."""
    lead = f"{identifier(name)}="
    return value.after(lead) if isinstance(value, Bracketed) else Code(lead + value)


def literal(value: object) -> Code:
    """Return a plain value as source, texts quoted as black quotes them."""
    match value:
        case None | bool() | int() | float() | str():
            return Code(literal_text(value))
        case tuple():
            return bracketed_tuple(literal(item) for item in value)
        case list():
            return Bracketed.of("[", [literal(item) for item in value], "]")
        case dt.timedelta():
            return Code(f"dt.timedelta(seconds={literal(value.total_seconds())})")
        case dt.date():
            # A datetime is a date too.
            return Code(f"dt.{type(value).__name__}.fromisoformat({literal(value.isoformat())})")
        case _:
            raise TypeError(f"{value!r} has no literal form")


def docstring(text: str, indent: str = "") -> Code:
    """Return *text* as a docstring that cannot end early, further lines behind *indent*."""
    lines = [line.rstrip() for line in inspect.cleandoc(text.strip()).split("\n")]
    body = "\n".join(
        indent + line if line and number else line for number, line in enumerate(lines)
    )
    body = "".join(
        sign if sign in "\n\t" or sign.isprintable() else _escaped(sign)
        for sign in _backslashed(body)
    )
    if '"""' in body or body.endswith('"'):
        body = body.replace('"', '\\"')
    if "\n" not in body and body.endswith('"'):
        # Black parts a quote at the end from the docstring's own, and one at the beginning too.
        body += " "
    if body.startswith('"'):
        body = f" {body}"
    closing = f"\n{indent}" if "\n" in body else ""
    return Code(f'"""{body}{closing}"""')


def _backslashed(text: str) -> str:
    return text.replace("\\", "\\\\")


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def comment(text: str) -> Code:
    """Return *text* as what may follow a '#': one line, printable."""
    return Code("".join(sign if sign.isprintable() else " " for sign in text))


def call(function: str, arguments: Iterable[Code], options: Mapping[str, Code]) -> Bracketed:
    """Return the source of a call."""
    return Bracketed.of(
        f"{function}(", [*arguments, *(named(name, value) for name, value in options.items())], ")"
    )


LINE_LENGTH: Final = 88
"""Black's own default, so that a project's `black --check` agrees."""


def width(text: str) -> int:
    """Return how many columns a line takes, as black counts them: East Asian signs and emoji two, all others one."""
    if text.isascii():
        return len(text)
    return sum(2 if _is_wide(sign) else 1 for sign in text)


def _is_wide(sign: str) -> bool:
    is_skin_tone = "\U0001f3fb" <= sign <= "\U0001f3ff"
    return east_asian_width(sign) in "WF" and not (is_skin_tone or combining(sign))


def laid_out(code: Code, indent: int, *, lead: str = "") -> Code:
    """Return code as black writes it at this indent: on one line, or with each part on its own and a comma after it.

    The first line comes without its indent. *lead* stands in front.
    """
    if not isinstance(code, Bracketed):
        return Code(lead + code)
    return Code(_spread(code.after(lead), indent, reserved=0))


def _spread(code: Code, indent: int, *, reserved: int) -> str:
    if (
        not isinstance(code, Bracketed)
        or not code.parts
        or indent + width(code) + reserved <= LINE_LENGTH
    ):
        return code
    inner = indent + 4
    parts = "".join(f"{' ' * inner}{_spread(part, inner, reserved=1)},\n" for part in code.parts)
    return f"{code.opening}\n{parts}{' ' * indent}{code.closing}"
