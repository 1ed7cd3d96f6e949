"""Airtable's refusals: each with its status, type and message, in the two JSON shapes of the real service.

The texts are those of the error reference and of observed answers (2020 to 2026). Where no source shows
the text or the type, the function says "unconfirmed"; `docs/local-airtable.md` lists those places.
"""

from collections.abc import Iterable

from tablewright.server.jsontext import JsonObject


class ApiError(Exception):
    """A refusal of a request. `kind` is Airtable's `type`; without one the bare form `{"error": "NOT_FOUND"}` is sent."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str | None = None,
        *,
        bare: bool = False,
        detail: str | None = None,
    ) -> None:
        super().__init__(message or kind)
        self.status = status
        self.kind = kind
        self.message = message
        self.bare = bare
        self.detail = detail
        """What the service does not tell, for the call log: where in a formula the fault is, for example."""

    @property
    def explained(self) -> str:
        """Type, message and detail in one line."""
        told = self.kind if self.message is None else f"{self.kind}: {self.message}"
        return told if self.detail is None else f"{told} ({self.detail})"

    def body(self) -> JsonObject:
        """The answer's JSON."""
        if self.bare:
            return {"error": self.kind}
        if self.message is None:
            return {"error": {"type": self.kind}}
        return {"error": {"type": self.kind, "message": self.message}}


def route_not_found() -> ApiError:
    """Unknown routes and malformed ids."""
    return ApiError(404, "NOT_FOUND", bare=True)


def authentication_required() -> ApiError:
    """The same for a missing and for a wrong token."""
    return ApiError(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def model_not_found() -> ApiError:
    """A base, table or field that the token may not see or that does not exist."""
    return ApiError(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user and your "
        "token have the required permissions, and that the model names and/or ids are correct.",
    )


def not_permitted() -> ApiError:
    """What the token's plan or role does not allow."""
    return ApiError(403, "INVALID_PERMISSIONS", "You are not permitted to perform this operation")


def record_not_found() -> ApiError:
    """A record addressed by path (for PATCH and PUT the type is unconfirmed)."""
    return ApiError(404, "MODEL_ID_NOT_FOUND", "Record not found")


def object_not_found(what: str) -> ApiError:
    """A comment, workspace or webhook addressed by id (the text is unconfirmed)."""
    return ApiError(404, "MODEL_ID_NOT_FOUND", f"{what} not found")


def row_does_not_exist(record_id: str) -> ApiError:
    """A record named inside a batch or inside a link cell."""
    return ApiError(
        422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table"
    )


def row_of_another_table(record_id: str, table_id: str, linked_table_id: str) -> ApiError:
    """A link to a record of the wrong table."""
    return ApiError(
        422,
        "ROW_TABLE_DOES_NOT_MATCH_LINKED_TABLE",
        f"Record ID {record_id} belongs to table {table_id}, but the field links to table {linked_table_id}",
    )


def not_a_record_id(value: str) -> ApiError:
    """An element of a link cell that is no record id."""
    return ApiError(422, "INVALID_RECORD_ID", f'Value "{value}" is not a valid record ID.')


def not_json() -> ApiError:
    """A body that is not JSON (type and text are unconfirmed)."""
    return ApiError(400, "INVALID_REQUEST_UNKNOWN", "Could not parse request body")


def invalid_request(message: str | None = None) -> ApiError:
    """The generic refusal of a request that is understood and not acceptable."""
    return ApiError(
        422,
        "INVALID_REQUEST_UNKNOWN",
        message or "Invalid request: parameter validation failed. Check your request data.",
    )


def missing_fields() -> ApiError:
    """A write with neither `fields` nor `records`."""
    return ApiError(
        422,
        "INVALID_REQUEST_MISSING_FIELDS",
        'Could not find field "fields" in the request body',
    )


def too_many_to_create(count: int) -> ApiError:
    """More than ten records in a create (the type is unconfirmed)."""
    return ApiError(
        422,
        "INVALID_RECORDS",
        f"A maximum of 10 records can be created per request but you have provided {count}.",
    )


def malformed_records() -> ApiError:
    """An update of more than ten records, or of objects without `id` or `fields`."""
    return ApiError(
        422,
        "INVALID_RECORDS",
        'You must provide an array of up to 10 record objects, each with an "id" ID field and a '
        '"fields" object for cell values.',
    )


def unknown_field(name: str) -> ApiError:
    """A field name or id that the table does not have."""
    return ApiError(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')


def unknown_view(key: str, *, is_id: bool) -> ApiError:
    """A view the table does not have (the text is unconfirmed)."""
    return ApiError(
        422, "VIEW_ID_NOT_FOUND" if is_id else "VIEW_NAME_NOT_FOUND", f"View {key} not found"
    )


def _bad_value(message: str) -> ApiError:
    return ApiError(422, "INVALID_VALUE_FOR_COLUMN", message)


def unacceptable_value(field_name: str) -> ApiError:
    """A cell value of the wrong kind."""
    return _bad_value(f'Field "{field_name}" cannot accept the provided value')


def computed_field(field_name: str) -> ApiError:
    """A write to a field that Airtable computes."""
    return _bad_value(f'Field "{field_name}" cannot accept a value because the field is computed')


def unparsable_value(field_name: str, value: str | None = None) -> ApiError:
    """A cell value that cannot be read as the field's type."""
    quoted = "" if value is None else f' "{value}"'
    return _bad_value(f"Cannot parse value{quoted} for field {field_name}")


def unparsable_date(field_name: str, value: str) -> ApiError:
    """A text that is no date."""
    return _bad_value(f'Cannot parse date value "{value}" for field {field_name}')


def not_an_array_of_ids() -> ApiError:
    """A link cell that is no array."""
    return _bad_value("Value is not an array of record IDs.")


def unknown_choice(name: str) -> ApiError:
    """A select value that is no choice, without `typecast`."""
    return ApiError(
        422,
        "INVALID_MULTIPLE_CHOICE_OPTIONS",
        f'Insufficient permissions to create new select option ""{name}""',
    )


def bad_filter(reason: str, detail: str) -> ApiError:
    """A `filterByFormula` that cannot be used."""
    return ApiError(
        422,
        "INVALID_FILTER_BY_FORMULA",
        f"The formula for filtering records is invalid: {reason}",
        detail=detail,
    )


def dead_iterator() -> ApiError:
    """An `offset` that has expired or never existed."""
    return ApiError(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")


def duplicate_table(name: str) -> ApiError:
    """A table name the base has already (the text is unconfirmed)."""
    return ApiError(422, "DUPLICATE_TABLE_NAME", f'Table name "{name}" is already in use')


def duplicate_or_empty_field(name: str) -> ApiError:
    """A field name that is empty or taken (the text is unconfirmed)."""
    return ApiError(
        422,
        "DUPLICATE_OR_EMPTY_FIELD_NAME",
        f'Field name "{name}" is empty or already in use in this table',
    )


def not_creatable(table_name: str, field_name: str, field_type: str) -> ApiError:
    """A type that the API does not create."""
    return ApiError(
        422,
        "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
        f"Invalid options for {table_name}.{field_name}: "
        f"Creating {field_type} fields is not supported at this time",
    )


def bad_options(
    table_name: str, field_name: str, problems: Iterable[str], detail: str | None = None
) -> ApiError:
    """Options that do not fit the type; each problem reads like `Colour.options is missing`."""
    listed = ", ".join(problems)
    return ApiError(
        422,
        "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE",
        f"Invalid options for {table_name}.{field_name}: Failed schema validation: {listed}",
        detail=detail,
    )


def options_are_fixed() -> ApiError:
    """A change of a field's options other than a formula's text."""
    return invalid_request("Changing a field's type or number precision is not currently supported")


def several_matches(record_index: int) -> ApiError:
    """An upsert whose key is held by several records (type and text are unconfirmed)."""
    return invalid_request(
        f"Cannot upsert records[{record_index}]: more than one record matches the fields to merge on"
    )


def too_fast() -> ApiError:
    """More than five requests in a second."""
    return ApiError(429, "RATE_LIMIT_REACHED", "Rate limit exceeded. Please try again later")


def retriable() -> ApiError:
    """A passing fault of the service."""
    return ApiError(
        503,
        "RETRIABLE_ERROR",
        "Server encountered an error while processing your request, and it is safe to retry the request",
    )


def too_large() -> ApiError:
    """A body beyond the unpublished limit (type and text are unconfirmed)."""
    return ApiError(413, "REQUEST_TOO_LARGE", "Request body too large")


def url_too_long() -> ApiError:
    """A URL of more than 16,000 characters (the whole answer is unconfirmed)."""
    return ApiError(414, "URI_TOO_LONG", "The request URL is longer than 16,000 characters")
