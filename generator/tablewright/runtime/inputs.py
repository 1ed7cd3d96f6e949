"""What a caller gives to create or change records: the base classes of the generated input models."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    def given_values(self) -> dict[str, Any]:
        """Return the fields that were given, by name."""
        return {
            name: self.__dict__[name]
            for name in self.__pydantic_fields__
            if name in self.model_fields_set
        }


class CreateInput(_Input):
    """A record to be created: fields that are not given take their defaults."""


class UpdateInput(_Input):
    """Changes to a record: only the fields that are given count, and None empties one."""
