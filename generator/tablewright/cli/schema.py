"""`tablewright schema`: a JSON Schema of the language, for editors."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print a JSON Schema of the schema language.

    Editors complete and explain schemas with it: save it as schemas/tablewright.schema.json and begin your schema with
    the line '# yaml-language-server: $schema=tablewright.schema.json'.
    """
    from tablewright.language.json_schema import language_json_schema

    click.echo(json.dumps(language_json_schema(), indent=2, ensure_ascii=False))
