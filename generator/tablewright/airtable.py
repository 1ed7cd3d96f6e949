"""Airtable's vocabulary: field types, options, colours, formats and limits, as the Web API names them.

A leaf that the compiler, the stores and the local server share. It holds names and numbers, no behaviour.
Facts are those of Airtable's Web API documentation and of observed traffic in 2026.
"""

from typing import Final

FIELD_TYPES: Final = (
    "singleLineText",
    "multilineText",
    "richText",
    "email",
    "url",
    "phoneNumber",
    "number",
    "percent",
    "currency",
    "duration",
    "date",
    "dateTime",
    "checkbox",
    "rating",
    "singleSelect",
    "multipleSelects",
    "singleCollaborator",
    "multipleCollaborators",
    "multipleAttachments",
    "multipleRecordLinks",
    "barcode",
    "formula",
    "rollup",
    "multipleLookupValues",
    "count",
    "autoNumber",
    "createdTime",
    "lastModifiedTime",
    "createdBy",
    "lastModifiedBy",
    "button",
    "aiText",
    "externalSyncSource",
)

COMPUTED_TYPES: Final = frozenset(
    {
        "formula",
        "rollup",
        "multipleLookupValues",
        "count",
        "autoNumber",
        "createdTime",
        "lastModifiedTime",
        "createdBy",
        "lastModifiedBy",
        "button",
        "aiText",
        "externalSyncSource",
    }
)
"""Types whose cells the API refuses to write."""

CREATABLE_COMPUTED_TYPES: Final = frozenset({"formula", "rollup", "multipleLookupValues", "count"})
"""Computed types the Web API creates since the summer of 2026 (observed; the official page still says read-only)."""

UNCREATABLE_TYPES: Final = COMPUTED_TYPES - CREATABLE_COMPUTED_TYPES

PRIMARY_TYPES: Final = frozenset(
    {
        "singleLineText",
        "multilineText",
        "email",
        "url",
        "phoneNumber",
        "number",
        "percent",
        "currency",
        "duration",
        "date",
        "dateTime",
        "barcode",
        "formula",
        "autoNumber",
    }
)
"""Types a table's first field may have (`autoNumber` only in Airtable's own interface)."""

CREATABLE_PRIMARY_TYPES: Final = PRIMARY_TYPES - {"formula", "autoNumber"}

_HUES: Final = (
    "blue",
    "cyan",
    "teal",
    "green",
    "yellow",
    "orange",
    "red",
    "pink",
    "purple",
    "gray",
)
CHOICE_COLORS: Final = tuple(
    f"{hue}{shade}" for shade in ("Light2", "Light1", "Bright", "Dark1") for hue in _HUES
)
DEFAULT_CHOICE_COLORS: Final = CHOICE_COLORS[:10]
"""What Airtable gives choices created without a colour, in a cycle (unconfirmed)."""

ICON_COLORS: Final = (
    "greenBright",
    "tealBright",
    "cyanBright",
    "blueBright",
    "purpleBright",
    "pinkBright",
    "redBright",
    "orangeBright",
    "yellowBright",
    "grayBright",
)
CHECKBOX_ICONS: Final = ("check", "xCheckbox", "star", "heart", "thumbsUp", "flag", "dot")
RATING_ICONS: Final = ("star", "heart", "thumbsUp", "flag", "dot")

DATE_FORMATS: Final = {
    "local": "l",
    "friendly": "LL",
    "us": "M/D/YYYY",
    "european": "D/M/YYYY",
    "iso": "YYYY-MM-DD",
}
TIME_FORMATS: Final = {"12hour": "h:mma", "24hour": "HH:mm"}
DURATION_FORMATS: Final = ("h:mm", "h:mm:ss", "h:mm:ss.S", "h:mm:ss.SS", "h:mm:ss.SSS")

MAX_PRECISION: Final = {"number": 8, "percent": 8, "currency": 7}
MAX_RATING: Final = 10
MAX_TABLES_PER_BASE: Final = 1_000
MAX_FIELDS_PER_TABLE: Final = 500
MAX_CHOICES: Final = 10_000
MAX_SELECTED_CHOICES: Final = 1_000
MAX_LINKED_RECORDS: Final = 100_000
MAX_TEXT_LENGTH: Final = 100_000
MAX_NAME_LENGTH: Final = 255  # unconfirmed: no published limit
MAX_DESCRIPTION_LENGTH: Final = 20_000
MAX_UPLOAD_BYTES: Final = 5 * 1024 * 1024
RECORDS_PER_WRITE: Final = 10
RECORDS_PER_PAGE: Final = 100
MAX_MERGE_FIELDS: Final = 3
MAX_URL_LENGTH: Final = 16_000
REQUESTS_PER_SECOND: Final = 5
PENALTY_SECONDS: Final = 30
