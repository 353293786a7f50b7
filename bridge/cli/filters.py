"""Filters on the command line: the words of `FILTER…`, where `-key:value` is not an option of click."""

import re
from datetime import UTC, datetime

import click

from bridge.cli.store import tell
from bridge.cli.text import printable
from bridge.services import filters
from bridge.store.filtering import Filter, Kind

filter_argument = click.argument("words", nargs=-1, metavar="[FILTER]...")

_NEGATED = re.compile(r"-(?:[A-Za-z_]+:|(?:payload|headers)\.[^=]+=)")


class Filtered(click.Command):
    """A command whose arguments may start with a dash."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Moves `-key:value` and `-payload.key=value` behind the options, where click leaves it alone."""
        negated = [one for one in args if _NEGATED.match(one)]
        if negated and "--" not in args:
            args = [*(one for one in args if one not in negated), "--", *negated]
        return super().parse_args(ctx, args)


def read(words: tuple[str, ...], kind: Kind) -> Filter:
    """The conditions of an act's words. Says where content is looked for, if the words do not."""
    now = datetime.now(UTC)
    where = filters.parse(written(words), kind, now, act=True)
    say_window(where, now)
    return where


def say_window(where: Filter, now: datetime) -> None:
    """Says since when an act looks for content, if its filter does not say it."""
    if since := filters.window(where, now):
        tell(f"content is looked for since {printable(since)}: add since:7d for more")


def text(words: tuple[str, ...], **options: str | int | None) -> str:
    """The words, and the options that filter too, as the text of one filter."""
    said = (
        filters.word(key, str(value))
        for key, value in options.items()
        if value is not None
    )
    return " ".join((written(words), *said))


def written(words: tuple[str, ...]) -> str:
    """The words as the text of one filter."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """`"no such ticket"` with the quotes that the shell removed; a word with a key or quotes stays as it is."""
    is_phrase = any(map(str.isspace, word)) and not re.search('[:"]', word)
    return f'"{word}"' if is_phrase else word
