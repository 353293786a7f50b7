"""`bridge user add | list | password | role | disable | enable | remove | sessions`."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bridge.cli.steering import me, reason_option
from bridge.cli.store import NUMBER, json_option, nothing, opened, show_rows
from bridge.cli.text import count
from bridge.errors import InputRefused
from bridge.services import accounts, passwords, sessions
from bridge.services.people import ROLES

_COLUMNS = (
    "name",
    "role",
    "reveals",
    "signs_in",
    "sessions",
    "seen_at",
    "disabled_at",
)
_SESSIONS = ("id", "created_at", "seen_at", "address", "agent")

name_argument = click.argument("name", metavar="NAME")
role_option = click.option(
    "--role", required=True, type=click.Choice([*ROLES]), help="What they may do."
)
reveal_option = click.option(
    "--reveal", is_flag=True, help="They may also see masked content, with a reason."
)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def password_options(command: Callable[..., None]) -> Callable[..., None]:
    """Where a password comes from: never an argument, which other users of the machine could read."""
    command = click.option("--ask", is_flag=True, help="Ask for the password.")(command)
    return click.option(
        "--password-file", type=_FILE, help="Read the password from this file."
    )(command)


@click.group("user")
def command() -> None:
    """Manage the people who may use console and API."""


@command.command("add")
@name_argument
@role_option
@reveal_option
@password_options
@click.option("--no-password", is_flag=True, help="For tokens only.")
@reason_option
def add(
    name: str,
    role: str,
    *,
    reveal: bool,
    password_file: Path | None,
    ask: bool,
    no_password: bool,
    reason: str,
) -> None:
    """Add an account. Unless told otherwise, make a password and print it once."""
    made, password = _password(password_file, ask=ask)
    with opened(make=True) as database:
        accounts.add(
            database,
            name,
            role,
            None if no_password else password,
            me(reason),
            reveals=reveal,
            now=_now(),
        )
    _tell(made and not no_password, password, f"account {name} was added")


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the accounts."""
    with opened() as database:
        rows = [asdict(one) for one in accounts.listed(database, now=_now())]
    if not rows:
        nothing("there is no account: `bridge user add NAME --role admin` makes one")
    show_rows(rows, _COLUMNS, as_json=as_json)


@command.command("password")
@name_argument
@password_options
@reason_option
def password(name: str, *, password_file: Path | None, ask: bool, reason: str) -> None:
    """Replace a password, and end the sessions of its account."""
    made, new = _password(password_file, ask=ask)
    with opened() as database:
        accounts.set_password(database, name, new, me(reason), now=_now())
    _tell(made, new, f"the password of {name} was replaced")


@command.command("role")
@name_argument
@click.argument("role", type=click.Choice([*ROLES]))
@reveal_option
@reason_option
def role(name: str, role: str, *, reveal: bool, reason: str) -> None:
    """Change what an account may do."""
    with opened() as database:
        accounts.set_role(database, name, role, me(reason), reveals=reveal, now=_now())
    click.echo(f"{name} is {role} now", err=True)


@command.command("disable")
@name_argument
@reason_option
def disable(name: str, reason: str) -> None:
    """Refuse an account and its tokens from now on."""
    _do(accounts.disable, name, reason, "is disabled")


@command.command("enable")
@name_argument
@reason_option
def enable(name: str, reason: str) -> None:
    """Accept a disabled account again."""
    _do(accounts.enable, name, reason, "is enabled")


@command.command("remove")
@name_argument
@reason_option
def remove(name: str, reason: str) -> None:
    """Remove an account with its sessions and tokens."""
    _do(accounts.remove, name, reason, "was removed")


@command.command("sessions")
@name_argument
@click.option("--end", "only", type=NUMBER, metavar="ID", help="End this session.")
@click.option("--end-all", is_flag=True, help="End all sessions of the account.")
@reason_option
@json_option
def sessions_(
    name: str, *, only: int | None, end_all: bool, reason: str, as_json: bool
) -> None:
    """List the open sessions of an account, or end them."""
    with opened() as database:
        if only or end_all:
            ended = sessions.revoke(database, name, me(reason), only=only, now=_now())
            click.echo(f"{count(ended, 'session')} ended", err=True)
            raise SystemExit(0 if ended else 5)
        rows = sessions.of(database, name, now=_now())
    show_rows(rows, _SESSIONS, as_json=as_json)


def _do(act: Callable[..., None], name: str, reason: str, said: str) -> None:
    with opened() as database:
        act(database, name, me(reason), now=_now())
    click.echo(f"{name} {said}", err=True)


def _password(file: Path | None, *, ask: bool) -> tuple[bool, str]:
    """Whether it was made here, and the password."""
    if ask:
        asked: Any = click.prompt(
            "Password", hide_input=True, confirmation_prompt=True, err=True
        )
        return False, str(asked)
    if file is None:
        return True, passwords.made()
    try:
        return False, file.read_text("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise InputRefused(f"{file} is not UTF-8 text") from None


def _tell(made: bool, password: str, said: str) -> None:
    """A password that was made here is printed once."""
    click.echo(f"{said}{'; its password, shown only now:' if made else ''}", err=True)
    if made:
        click.echo(password)


def _now() -> datetime:
    return datetime.now(UTC)
