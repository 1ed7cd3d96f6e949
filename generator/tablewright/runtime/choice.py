"""Enums of a schema as Python classes: text by value, and comparable where declared ordered. A leaf."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Any, Self


class Choice(StrEnum):
    """A value of an enum. It is the label that Airtable shows; its name is what code and SQL use."""

    @property
    def label(self) -> str:
        """Return the text that people see."""
        return str(self._value_)

    @cached_property
    def position(self) -> int:
        """Return the place in the order of definition, from 0."""
        return list(type(self)).index(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"


class OrderedChoice(Choice):
    """A value of an enum whose values compare in the order they are defined, also in sorted, min and max."""

    def __lt__(self, other: Any) -> bool:
        return self.position < self._same(other).position

    def __le__(self, other: Any) -> bool:
        return self.position <= self._same(other).position

    def __gt__(self, other: Any) -> bool:
        return self.position > self._same(other).position

    def __ge__(self, other: Any) -> bool:
        return self.position >= self._same(other).position

    def _same(self, other: Any) -> Self:
        if isinstance(other, type(self)):
            return other
        # NotImplemented would let Python compare the labels as text.
        raise TypeError(
            f"{self!r} has an order only among the values of {type(self).__name__}, not with {other!r}"
        )
