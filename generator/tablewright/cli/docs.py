"""`tablewright docs`: the field reference of a schema, with its diagrams, as Markdown."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tablewright.cli.results import echo_json, format_option
from tablewright.cli.schemas import compiled, schema_paths


@click.command("docs")
@click.argument("schemas", nargs=-1, type=click.Path(path_type=Path))
@format_option
def command(schemas: tuple[Path, ...], output_format: str) -> None:
    """Print the reference of SCHEMAS as Markdown: fields, relations, state diagram, queries, statistics.

    It is the README.md that `tablewright generate` puts into the package. With --format json there is one text for each
    schema's name.
    """
    models = compiled(schema_paths(schemas))
    if models is None:
        sys.exit(1)
    from tablewright.render.engine import render
    from tablewright.targets.docs.views import readme_view
    from tablewright.targets.python.code import comment

    texts = {
        schema.name: render(
            "docs/README.md.jinja", readme_view(schema, comment(Path(schema.path).name))
        )
        for schema in models
    }
    if output_format == "json":
        echo_json(texts)
        return
    for text in texts.values():
        click.echo(text, nl=False)
