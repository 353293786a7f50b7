"""The command line: one module per command, imported only when it is called, so that --help stays fast.

Data goes to stdout, narration to stderr. Commands that list something take `--json`. Exit codes: 0 ok, 1
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
    "worker": ("worker", "Run only a worker."),
    "check": ("check", "Find mistakes in the mapping files."),
    "test": ("test", "Run the tests in the mapping files."),
    "try": (
        "try_",
        "Show what the rules would do with a recorded payload; sends nothing.",
    ),
    "send": ("send", "Sign a recorded payload as its sender would, and post it."),
    "explain": (
        "explain",
        "Explain a finding's code, with a wrong and a right example.",
    ),
    "init": ("init", "Write a first rule with a recorded payload and a test."),
    "schema": ("schema", "Print the JSON Schema of mapping files, for editors."),
    "events": ("events", "List received events, or show one."),
    "refused": ("refused", "List refused requests, and why."),
    "tail": ("tail", "Print events and refused requests as they come."),
    "record": ("record", "Turn a received event into a recorded payload and a test."),
    "deliveries": ("deliveries", "List deliveries, or show one with its attempts."),
    "why": ("why", "Show what every rule decided about an event, and what was sent."),
    "status": ("status", "Show whether anyone needs to act, and why."),
    "sources": ("sources", "Show where senders post, and when they were heard of."),
    "connections": ("connections", "Show the ticket systems that are called."),
    "causes": ("causes", "List dead letters by cause, with what to do."),
    "retry": ("retry", "Send dead letters again, and waiting deliveries now."),
    "release": ("release", "Release held deliveries."),
    "cancel": ("cancel", "Cancel waiting, held or dead deliveries."),
    "replay": ("replay", "Send finished deliveries again, even after success."),
    "reroute": ("reroute", "Route events again, with the current rules."),
    "rules": ("rules", "Show the rules in force, and those of earlier days."),
    "backtest": (
        "backtest",
        "Show what a draft of the rules would have changed over stored events.",
    ),
    "bulk": ("bulk", "Act on many deliveries or events: plan first, then start."),
    "import": ("import_", "Import events that a sender exported; you vouch for them."),
    "pause": ("pause", "Pause deliveries by source, rule, connection or ticket."),
    "resume": (
        "resume",
        "Resume what is paused, or a parked or failing connection.",
    ),
    "relearn": ("relearn", "Accept a new secret from a sender."),
    "user": ("user", "Manage the people who may use console and API."),
    "token": ("token", "Manage the tokens of programs that use the API."),
    "erase": ("erase", "Erase a person's content for good, and say what is left."),
    "audit": ("audit", "List what people did, and why."),
    "backup": ("backup", "Back up a SQLite store while it is in use."),
    "restore": ("restore", "Replace a SQLite store with a backup; it starts paused."),
    "sandbox": ("sandbox", "Run only the pretend vendors."),
    "migrate": (
        "migrate",
        "Upgrade the store to this release, or move it to PostgreSQL.",
    ),
    "doctor": (
        "doctor",
        "Check settings, mappings, secrets, store and the running bridge.",
    ),
}


class _Lazy(click.Group):
    """Knows its commands by name, imports the one being called, and maps errors to exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of COMMANDS, which is the order in which people need them."""
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
        """From the table above, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Also from the table above: pressing Tab should not import the whole bridge."""
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
        """As click does it, but a typo gets the nearest name."""
        from bridge.did_you_mean import nearest

        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            hint = f" Did you mean '{near}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Turns Bridge's errors and those of the system into a message and an exit code, never a traceback."""
        try:
            return super().invoke(ctx)
        except BridgeError as error:
            _tell(error)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # The reader, `head` for example, has seen enough.
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
        return
    click.echo(f"bridge: {error}", err=True)
    if drawn := getattr(error, "drawn", None):
        click.echo(drawn(), err=True)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="bridge")
def cli() -> None:
    """Bridge turns signed webhooks into ticket updates, from mapping files."""


def main() -> Any:
    """The entry point."""
    return cli(prog_name="bridge")
