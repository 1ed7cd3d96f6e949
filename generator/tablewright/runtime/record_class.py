"""What the classes of records say where a field is asked of the class and not of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    # Type checkers see pydantic's own: a class with `__getattr__` would have every attribute for them.
    from pydantic._internal._model_construction import ModelMetaclass as RecordClass
else:

    class RecordClass(type(BaseModel)):
        """The class of generated classes: pydantic's, with a way out of a slip that is made often."""

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


__all__ = ["RecordClass"]
