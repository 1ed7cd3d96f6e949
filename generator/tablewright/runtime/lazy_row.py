"""A row that is converted when somebody first looks at it: most records that are read are never compared with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

Raw = Mapping[str, Any]


Maker = Callable[[Iterable[Raw]], list[Any]]
"""Makes records of one model straight from a store's answers; it raises pydantic's error where one does not fit."""


class Conversions(Protocol):
    """What a store's answers are turned into."""

    def row(self, record: Raw) -> dict[str, Any]:
        """Return the row of an answer."""
        ...

    def part(self, record: Raw, keys: Iterable[str]) -> dict[str, Any]:
        """Return some values of an answer, whatever the others are."""
        ...

    def maker(self, model: type[AirtableModel]) -> Maker | None:
        """Return what makes records of a model in one pass; None where the model has rules or fields of its own."""
        ...


class LazyRow(dict[str, Any]):
    """A row like any other, made of *raw* at the first look."""

    __slots__ = ("conversions", "raw")

    def __init__(self, raw: Raw, conversions: Conversions) -> None:
        self.raw: Raw | None = raw
        self.conversions = conversions

    def _made(self) -> None:
        if self.raw is not None:
            # First, since it may raise: the row says so at every look, and is never an empty one.
            super().update(self.conversions.row(self.raw))
            self.raw = None

    def __getitem__(self, key: str) -> Any:
        self._made()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or *default*."""
        self._made()
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._made()
        return super().__contains__(key)

    # Without a method of its own, a dict's copies would be taken past all others.
    def __iter__(self) -> Iterator[str]:
        self._made()
        return super().__iter__()

    def __len__(self) -> int:
        self._made()
        return super().__len__()

    def keys(self) -> Any:
        """Return the keys."""
        self._made()
        return super().keys()

    def values(self) -> Any:
        """Return the values."""
        self._made()
        return super().values()

    def items(self) -> Any:
        """Return keys and values."""
        self._made()
        return super().items()

    def copy(self) -> dict[str, Any]:
        """Return a plain dict."""
        self._made()
        return dict(super().items())

    def __eq__(self, other: object) -> bool:
        self._made()
        return super().__eq__(other)

    def __repr__(self) -> str:
        self._made()
        return super().__repr__()

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (self.copy(),)

    __hash__ = None
