"""`bridge schema`."""

from pathlib import Path

import click

_FILE = Path("schemas/mapping.v1.json")


@click.command("schema")
@click.argument("file", default=_FILE, type=click.Path(path_type=Path))
@click.option(
    "--check", is_flag=True, help="Print nothing; exit code 1 if FILE is out of date."
)
def command(file: Path, check: bool) -> None:
    """Print the JSON Schema of mapping files, for editors. Only --check reads FILE [schemas/mapping.v1.json]."""
    from bridge.mapping.jsonschema import schema_text

    text = schema_text()
    if not check:
        click.echo(text, nl=False)
    elif not file.is_file() or file.read_text("utf-8") != text:
        click.echo(f"{file} is out of date: run bridge schema > {file}", err=True)
        raise SystemExit(1)
