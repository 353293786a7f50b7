"""The command line: one module per command, imported when it is called, so that --help stays quick.

Data goes to stdout, narration to stderr; each command has `--json` where it lists something. Exit codes: 0 ok, 1
findings or failures, 2 usage, 3 configuration unreadable, 4 store or target unreachable, 5 nothing matched.
"""

import importlib
from typing import Any

import click
from click.shell_completion import CompletionItem

from bridge import __version__
from bridge.errors import BridgeError, MappingError

# command → (module, one line for --help); the module's `command` is the click command
COMMANDS = {
    "demo": ("demo", "Run the sample mappings against pretend vendors, end to end."),
    "serve": ("serve", "Run receivers and a worker on this machine."),
    "worker": ("worker", "Run a worker alone."),
    "check": ("check", "Find mistakes in the mapping files."),
    "test": ("test", "Run the tests in the mapping files."),
    "try": ("try_", "Show what the rules make of a recorded payload; sends nothing."),
    "send": ("send", "Sign a recorded payload as its sender would, and post it."),
    "explain": (
        "explain",
        "Explain a finding's code, with a wrong and a right example.",
    ),
    "init": ("init", "Write a first rule with a recorded payload and a test."),
    "schema": ("schema", "Print the JSON Schema of mapping files, for editors."),
    "events": ("events", "List received events, or show one."),
    "refused": ("refused", "List requests that were not taken, and why."),
    "record": ("record", "Make a recorded payload and a test of a received event."),
    "deliveries": ("deliveries", "List deliveries, or show one with its attempts."),
    "why": ("why", "Say what every rule made of an event, and what was sent."),
    "retry": ("retry", "Send dead letters again, and what waits now."),
    "release": ("release", "Let held deliveries go."),
    "cancel": ("cancel", "Drop deliveries that wait, are held or dead."),
    "replay": ("replay", "Send finished deliveries once more, also after success."),
    "reroute": ("reroute", "Route events again, with the current rules."),
    "import": ("import_", "Take in events that a sender exported, on your word."),
    "pause": ("pause", "Stop deliveries of a source, rule, connection or ticket."),
    "resume": (
        "resume",
        "Let what is paused, or a parked or failing connection, go on.",
    ),
    "relearn": ("relearn", "Let a sender tell another secret."),
    "audit": ("audit", "List what people did, and why."),
    "backup": ("backup", "Write a backup of a SQLite store, while it is in use."),
    "restore": ("restore", "Put a backup in the place of a SQLite store, paused."),
    "sandbox": ("sandbox", "Run the pretend vendors alone."),
    "migrate": (
        "migrate",
        "Bring the store to this release's shape, or to PostgreSQL.",
    ),
    "doctor": (
        "doctor",
        "Check settings, mappings, secrets, store and the running bridge.",
    ),
}


class _Lazy(click.Group):
    """Knows its commands by name, imports the one that is called, and gives its errors their exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of COMMANDS: the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The real command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"bridge.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """From the table above, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """From the table above too: a Tab should not import the whole bridge."""
        if incomplete.startswith("-"):
            return super(click.Group, self).shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=line)
            for name, (_, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """click's own, with the nearest name for a typo."""
        from bridge.did_you_mean import nearest

        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            hint = f" Did you mean '{near}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Every deliberate error, and what the machine refuses, is one message and an exit code, never a traceback."""
        try:
            return super().invoke(ctx)
        except BridgeError as error:
            _tell(error)
            ctx.exit(error.exit_code)
        except BrokenPipeError:  # the reader, `head` for example, has seen enough
            raise
        except OSError as error:
            what = f": {error.filename}" if error.filename else ""
            click.echo(f"bridge: {error.strerror or error}{what}", err=True)
            ctx.exit(4)


def _tell(error: BridgeError) -> None:
    if isinstance(error, MappingError):
        from bridge import settings
        from bridge.cli import mappings

        mappings.tell(error, settings.load().mappings)
    else:
        click.echo(f"bridge: {error}", err=True)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="bridge")
def cli() -> None:
    """Bridge turns signed webhooks into ticket updates, from mapping files."""


def main() -> Any:
    """The entry point."""
    return cli(prog_name="bridge")
