"""What the caller of a query or of statistics gives, against what the schema asks of it."""

from __future__ import annotations

from typing import Any

from tablewright.runtime.encoders import converter
from tablewright.runtime.errors import RecordInvalid
from tablewright.runtime.spec import ArgumentSpec
from tablewright.runtime.unfit_values import Unfit


def check_arguments(called: str, *taken: tuple[ArgumentSpec, Any]) -> None:
    """Do nothing where every argument of *called*, such as `Task.get_late`, is one that it takes.

    Raises:
        RecordInvalid: with every argument that does not fit; nothing was asked.
    """
    misfits = []
    for spec, value in taken:
        try:
            if value is not None:
                converter(spec)(value)
        except Unfit as unfit:
            misfits.append(unfit.misfit(spec.key, value))
    if misfits:
        raise RecordInvalid(called, misfits)
