"""`bridge explain CODE`."""

import click


@click.command("explain")
@click.argument("code")
def command(code: str) -> None:
    """Explain a finding's code: its cause, a wrong and a right example."""
    from bridge import mapping

    entry = mapping.explain(code)
    click.echo(f"{code.upper()}: {entry.title}\n\n{entry.cause}\n")
    for title, example in (("wrong", entry.wrong), ("right", entry.right)):
        indented = "\n".join(f"    {line}" for line in example.splitlines())
        click.echo(f"{title}:\n{indented}\n")
