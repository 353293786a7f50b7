"""`bridge refused`: what was not taken, for who looks for a mistake at the sender."""

from datetime import UTC, datetime, timedelta

from bench import objects

from bridge.store import rejections
from bridge.store.rejections import Rejection

SLASH = Rejection("stripe", "trailing_slash", 404, "192.0.2.1", 2, "/hooks/stripe/")
WRONG = Rejection("(unknown)", "wrong_path", 404, "192.0.2.3", 0, "/hook/stripe")


def refuse(bench, one, count=1, ago=timedelta()):
    now = datetime.now(UTC) - ago
    bench.database.write(lambda c: rejections.add(c, counts={one: count}, now=now))


def test_they_are_listed(terminal, bench):
    """A row a kind, newest first, with path, number and times; --source and --since narrow them."""
    refuse(bench, SLASH, 3, timedelta(hours=30))
    refuse(bench, SLASH, 4, timedelta(minutes=9))
    refuse(bench, WRONG)
    head, first, second = terminal("refused").stdout.splitlines()
    assert head.split() == "last_at count source reason path remote".split()
    assert "/hook/stripe" in first and "(unknown)" in first
    assert (
        second.split()[2:] == "7 stripe trailing_slash /hooks/stripe/ 192.0.2.1".split()
    )
    assert len(terminal("refused", "--source", "stripe").stdout.splitlines()) == 2
    rows = objects(terminal("refused", "--since", "24h", "--json"))
    assert [row["count"] for row in rows] == [1, 4]
    keys = "last_at first_at count source reason status path remote".split()
    assert list(rows[0]) == keys
    assert len(objects(terminal("refused", "--limit", "1", "--json"))) == 1


def test_what_cannot_be_found_or_read_is_said(terminal, bench):
    """Nothing refused is exit code 5, a time that is none 2; a path cannot move the cursor."""
    assert terminal("refused").exit_code == 5
    wrong = terminal("refused", "--since", "yesterday")
    assert wrong.exit_code == 2 and "write 24h" in wrong.stderr
    refuse(bench, WRONG._replace(path="/\x1b[2J"))
    assert "\x1b" not in terminal("refused").stdout
