"""`bridge explain [CODE]`."""

import click


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain a finding's code: its cause, a wrong and a right example. Without CODE, list them all."""
    from bridge import mapping

    if code is None:
        for name, entry in mapping.CODES.items():
            click.echo(f"{name}  {entry.title}")
        return
    entry = mapping.explain(code)
    click.echo(f"{code.upper()}: {entry.title}\n\n{entry.cause}\n")
    for title, example in (("wrong", entry.wrong), ("right", entry.right)):
        indented = "\n".join(f"    {line}" for line in example.splitlines())
        click.echo(f"{title}:\n{indented}\n")
