"""Casing, reserved words and collisions: one answer for every target."""

from __future__ import annotations

import keyword
import re
import unicodedata
from typing import Final

from tablewright.sql_names import sql_name

IDENTIFIER: Final = re.compile(r"[^\W\d]\w*\Z")
_WORD_BOUNDARY: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\W]+")
_UPPER_WORDS: Final = frozenset(
    {"id", "url", "uri", "api", "ai", "ip", "sql", "html", "json", "csv", "pdf"}
)

RECORD_ATTRIBUTES: Final = frozenset(
    {
        "add_comment", "all", "bulk_create", "bulk_delete", "bulk_update", "bulk_upsert", "c", "comments", "count", "create",
        "created_time", "delete", "described", "exists", "find_by", "first", "get", "history", "id", "is_saved",
        "open_transitions", "refresh", "save", "store", "table", "unsaved_changes",
        "update", "upload", "upsert", "where", "aio",
    }
)  # fmt: skip
"""Attributes of every generated record, which no field, relation or method of a schema may take."""

RECORD_COLUMNS: Final = frozenset({"id", "created_time"})
"""Columns that every table has in SQL without declaring them."""

QUEUE_COLUMNS: Final = frozenset(
    {
        "attempt", "cancel_requested", "lease_token", "lease_until", "ready_at", "settled_at", "taken_at", "worker_id",
    }
)  # fmt: skip
"""Columns that every table with a queue has besides."""

QUEUE_ATTRIBUTES: Final = QUEUE_COLUMNS | {
    "claim", "claim_guarantee", "fencing_token", "heartbeat", "postpone", "queue_statistics", "release",
    "request_cancel", "workflow",
}  # fmt: skip
"""Attributes and columns of every table with a queue, which no field, relation or method of such a table may take."""

COLUMN_ATTRIBUTES: Final = frozenset({"is_none", "is_not_none", "is_record"})
"""Attributes of every column namespace (`Model.c`)."""

CALL_ATTRIBUTES: Final = frozenset({"by", "why"})
"""Parameters that every transition has besides its own."""

PARAMETER_NAMES: Final = frozenset(
    {
        "self", "cls", "now", "dt", "given", "measures", "values", "lifecycle", "columns", "check_arguments",
    }
)  # fmt: skip
"""Names that the generated methods use inside, which no parameter may take."""

CLASS_BODY_NAMES: Final = frozenset(
    {
        "Field", "JsonValue", "Self", "Sequence", "Literal", "ClassVar", "UNSET", "Unset", "Query", "TableSpec",
        "UtcDatetime", "Attachment", "Collaborator", "Barcode", "Button", "AiText", "dt", "unset", "given",
        "in_thread", "listed_in_thread",
        "str", "int", "float", "bool", "list", "dict", "tuple", "property", "classmethod", "staticmethod",
    }
)  # fmt: skip
"""Names that generated class bodies, and methods with a parameter for each field, use; no attribute may hide them."""

SCHEMA_CONSTANTS: Final = frozenset({"CONTRACT", "FINGERPRINT", "SEAL", "SOURCE_SEAL", "TABLES"})
"""Constants of the generated `_schema.py`, besides those of the tables."""

MODULE_NAMES: Final = CLASS_BODY_NAMES | SCHEMA_CONSTANTS | frozenset(
    {
        "AirtableModel", "ArgumentSpec", "Changes", "Choice", "CreateInput", "FieldSpec",
        "LifecycleSpec", "OrderedChoice", "Refusal", "RelationSpec", "Statistics", "TYPE_CHECKING",
        "TransitionSpec", "UpdateInput", "any", "all", "annotations", "columns", "import_module", "len",
        "lifecycle", "max", "measures", "min", "require_contract", "self", "cls", "sum", "utc_now", "values",
        "enums", "inputs", "models", "statistics", "getattr", "AttributeError", "object", "abs",
        "Any", "Condition", "Mapping", "QueueSpec", "RetrySpec", "check_arguments", "columns_of", "derived_by",
        "queue", "twin_of", "type", "model_config",
    }
)  # fmt: skip
"""Names that generated modules import or use, which no enum and no table may take."""

MODEL_ATTRIBUTES: Final = frozenset(
    {
        "construct",
        "copy",
        "dict",
        "from_orm",
        "json",
        "model_computed_fields",
        "model_config",
        "model_construct",
        "model_copy",
        "model_dump",
        "model_dump_json",
        "model_extra",
        "model_fields",
        "model_fields_set",
        "model_json_schema",
        "model_parametrized_name",
        "model_post_init",
        "model_rebuild",
        "model_validate",
        "model_validate_json",
        "model_validate_strings",
        "parse_file",
        "parse_obj",
        "parse_raw",
        "schema",
        "schema_json",
        "update_forward_refs",
        "validate",
    }
)
"""Public attributes of pydantic's BaseModel (2.x)."""

CLASS_ATTRIBUTES: Final = frozenset({"mro", "register"})
"""Attributes of every class of pydantic, of which it warns where a field hides them; methods and links may."""


def words(text: str) -> list[str]:
    """Return the words of a name in any casing: `agentID`, `agent_id` and `Agent Id` give the same two."""
    return [part for part in _WORD_BOUNDARY.split(text) if part]


def title(key: str) -> str:
    """Return a key as people read it: `agent_id` gives `Agent ID`, `IN_PROGRESS` gives `In Progress`."""
    return " ".join(
        word.upper() if word.lower() in _UPPER_WORDS else word[:1].upper() + word[1:].lower()
        for word in words(key)
    )


def pascal(key: str) -> str:
    """Return a key as a class name: `agent_tasks` gives `AgentTasks`; capitals inside a word stay."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_\W]+", key) if word)


def snake(key: str) -> str:
    """Return a key as a module, function or SQL name: `AgentTask` gives `agent_task`."""
    return "_".join(word.lower() for word in words(key))


def sql_table(key: str) -> str:
    """Return the name that a table has in SQL: `AgentTask` gives `agent_task`."""
    return sql_name(snake(key))


def is_identifier(text: str) -> bool:
    """Tell whether *text* can stand in Python code as a name of its own.

    Names are held to the form that Python itself compares (NFKC), so that two spellings cannot be one name.
    """
    return (
        IDENTIFIER.match(text) is not None
        and text.isidentifier()
        and not keyword.iskeyword(text)
        and unicodedata.normalize("NFKC", text) == text
    )


def why_not_identifier(text: str) -> str:
    """Return the reason why *text*, which stands before it in the message, is no usable name; empty where it is one."""
    if is_identifier(text):
        return ""
    if keyword.iskeyword(text):
        return "it is a word of the Python language"
    if (
        unicodedata.normalize("NFKC", text) != text
        and unicodedata.normalize("NFKC", text).isidentifier()
    ):
        return f"Python reads it as '{unicodedata.normalize('NFKC', text)}'"
    return "names are letters, digits and '_', and do not begin with a digit"


def mixed_alphabets(text: str) -> tuple[str, ...]:
    """Return the alphabets of a name's letters where Latin, Greek and Cyrillic ones, which look alike, come together."""
    if text.isascii():
        return ()
    found = {
        unicodedata.name(sign, "").split(" ")[0].capitalize() for sign in text if sign.isalpha()
    }
    alike = found & {"Latin", "Greek", "Cyrillic", "Armenian", "Cherokee"}
    return tuple(sorted(alike)) if len(alike) > 1 else ()


def suggested_identifier(text: str) -> str:
    """Return the nearest name to *text* that Python accepts."""
    folded = unicodedata.normalize("NFKC", text)
    made = "_".join(re.findall(r"\w+", folded)) or "field"
    if made[0].isdigit():
        made = f"n_{made}"
    return f"{made}_" if keyword.iskeyword(made) else made


def suggested_package(text: str) -> str:
    """Return the nearest name to *text* that a Python package can have: in small letters, no `_` in front."""
    made = suggested_identifier(text).lower().strip("_") or "tasks"
    return f"{made}_tasks" if keyword.iskeyword(made) else suggested_identifier(made)


def with_article(noun: str) -> str:
    """Return `an AgentTask` or `a Task`."""
    sounds_open = noun[:1].lower() in "aeiou" and not noun.lower().startswith(("uni", "url", "use"))
    return f"{'an' if sounds_open else 'a'} {noun}"
