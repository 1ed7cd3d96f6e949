"""What generated code imports: records, queries, lifecycles and stores. It knows nothing of the compiler.

A name is imported when it is first used: a program that defines records pays for nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tablewright.runtime.deferred import Deferred

if TYPE_CHECKING:
    from tablewright.runtime.arguments import check_arguments
    from tablewright.runtime.cells import AiText, Attachment, Barcode, Button, Collaborator
    from tablewright.runtime.choice import Choice, OrderedChoice
    from tablewright.runtime.columns import Columns, Condition
    from tablewright.runtime.connection import Connection, connect, current_store
    from tablewright.runtime.decision import Changes, Refusal
    from tablewright.runtime.deferred import columns_of, derived_by, twin_of
    from tablewright.runtime.errors import (
        ContractMismatch,
        LeaseLost,
        Misfit,
        NotConfigured,
        NotSupported,
        RecordChanged,
        RecordInUse,
        RecordInvalid,
        RecordNotFound,
        RecordNotSaved,
        StoreError,
        StoreOutdated,
        StoreUnavailable,
        TablewrightError,
        TransitionRefused,
        WriteIncomplete,
    )
    from tablewright.runtime.inputs import CreateInput, UpdateInput
    from tablewright.runtime.lifecycle import HistoryEntry
    from tablewright.runtime.measures import Statistics
    from tablewright.runtime.model import AirtableModel
    from tablewright.runtime.query import Query
    from tablewright.runtime.spec import (
        CONTRACT,
        ArgumentSpec,
        FieldSpec,
        LifecycleSpec,
        QueueSpec,
        RelationSpec,
        RetrySpec,
        TableSpec,
        TransitionSpec,
        require_contract,
    )
    from tablewright.runtime.values import (
        UNSET,
        Unset,
        UtcDatetime,
        given,
        unset,
        utc_now,
    )

__all__ = [
    "CONTRACT",
    "UNSET",
    "AiText",
    "AirtableModel",
    "ArgumentSpec",
    "Attachment",
    "Barcode",
    "Button",
    "Changes",
    "Choice",
    "Collaborator",
    "Columns",
    "Condition",
    "Connection",
    "ContractMismatch",
    "CreateInput",
    "FieldSpec",
    "HistoryEntry",
    "LeaseLost",
    "LifecycleSpec",
    "Misfit",
    "NotConfigured",
    "NotSupported",
    "OrderedChoice",
    "Query",
    "QueueSpec",
    "RecordChanged",
    "RecordInUse",
    "RecordInvalid",
    "RecordNotFound",
    "RecordNotSaved",
    "Refusal",
    "RelationSpec",
    "RetrySpec",
    "Statistics",
    "StoreError",
    "StoreOutdated",
    "StoreUnavailable",
    "TableSpec",
    "TablewrightError",
    "TransitionRefused",
    "TransitionSpec",
    "Unset",
    "UpdateInput",
    "UtcDatetime",
    "WriteIncomplete",
    "check_arguments",
    "columns_of",
    "connect",
    "current_store",
    "derived_by",
    "given",
    "require_contract",
    "twin_of",
    "unset",
    "utc_now",
]

_NAMES = {
    "arguments": ("check_arguments",),
    "cells": ("AiText", "Attachment", "Barcode", "Button", "Collaborator"),
    "choice": ("Choice", "OrderedChoice"),
    "columns": ("Columns", "Condition"),
    "connection": ("Connection", "connect", "current_store"),
    "decision": ("Changes", "Refusal"),
    "deferred": ("columns_of", "derived_by", "twin_of"),
    "errors": (
        "ContractMismatch",
        "LeaseLost",
        "Misfit",
        "NotConfigured",
        "NotSupported",
        "RecordChanged",
        "RecordInUse",
        "RecordInvalid",
        "RecordNotFound",
        "RecordNotSaved",
        "StoreError",
        "StoreOutdated",
        "StoreUnavailable",
        "TablewrightError",
        "TransitionRefused",
        "WriteIncomplete",
    ),
    "inputs": ("CreateInput", "UpdateInput"),
    "lifecycle": ("HistoryEntry",),
    "measures": ("Statistics",),
    "model": ("AirtableModel",),
    "query": ("Query",),
    "spec": (
        "CONTRACT",
        "ArgumentSpec",
        "FieldSpec",
        "LifecycleSpec",
        "QueueSpec",
        "RelationSpec",
        "RetrySpec",
        "TableSpec",
        "TransitionSpec",
        "require_contract",
    ),
    "values": ("UNSET", "Unset", "UtcDatetime", "given", "unset", "utc_now"),
}
"""The public names by the module that holds them."""

_MODULES = {name: module for module, names in _NAMES.items() for name in names}


_DEFERRED = ("columns", "measures", "queue")
"""Modules that generated code imports whole, and uses only inside methods."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name in _DEFERRED:
        return Deferred(f"{__name__}.{name}")
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = found
    return found
