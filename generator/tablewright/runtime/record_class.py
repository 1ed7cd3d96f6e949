"""What the classes of records say where a field is asked of the class and not of a record, or a call does not fit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

_TAKE_FIELDS: Final = ("create", "update", "upsert", "find_by")
"""The generated methods that spell the fields out, and that programs call with names of their own making."""

if TYPE_CHECKING:
    # Type checkers see pydantic's own: a class with `__getattr__` would have every attribute for them.
    from pydantic._internal._model_construction import ModelMetaclass as RecordClass
else:

    class RecordClass(type(BaseModel)):
        """The class of generated classes: pydantic's, with ways out of slips that are made often."""

        def __init__(cls, name: str, bases: Any, namespace: dict[str, Any], **given: Any) -> None:
            """Let a generated class, which has its table, explain calls that do not fit.

            Not in `__new__`: pydantic reads annotations with the names of the function that calls its own.
            """
            super().__init__(name, bases, namespace, **given)
            if "table" in namespace:
                for one in _TAKE_FIELDS:
                    found = namespace.get(one)
                    if isinstance(found, classmethod):
                        setattr(cls, one, classmethod(_explained(found.__func__)))
                    elif found is not None:
                        setattr(cls, one, _explained(found))

        def __getattr__(cls, name: str) -> Any:
            """Say where conditions find the field.

            Raises:
                AttributeError: as ever, since values are those of records.
            """
            try:
                return super().__getattr__(name)
            except AttributeError:
                if name not in cls.__dict__.get("__pydantic_fields__", ()):
                    raise
            raise AttributeError(
                f"{cls.__name__}.{name} is a value of one record: conditions are written with {cls.__name__}.c.{name}",
                name=name,
                obj=cls,
            )


def _explained(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that says in the words of the schema what its signature does not take."""

    @functools.wraps(method)
    def call(self: Any, /, *args: Any, **values: Any) -> Any:
        try:
            return method(self, *args, **values)
        except TypeError as error:
            # Only where the call itself failed: what goes wrong inside of the method has frames of its own.
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            from tablewright.runtime.calls import refused_call

            found = refused_call(self, method.__name__, args, values)
            if found is None:
                raise
        raise found

    return call


__all__ = ["RecordClass"]
