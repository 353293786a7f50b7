"""A guard in the tests' databases: they refuse what state.py does not have, whatever statement asks for it.

Tests that put a row into a state by hand take it off. On PostgreSQL that is a setting of the transaction: to drop a
trigger would wait for whoever reads the table.
"""

from bridge.state import EVENT_MOVES, MOVES

_TABLES = {"deliveries": MOVES, "events": EVENT_MOVES}
_OFF = "set_config('bridge.by_hand', 'yes', true)"
_IS_ON = "current_setting('bridge.by_hand', true) IS DISTINCT FROM 'yes'"
_REFUSAL = """
CREATE OR REPLACE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION USING MESSAGE = 'state.py has no such move: ' || TG_TABLE_NAME || ' '
        || CASE TG_OP WHEN 'UPDATE' THEN OLD.state ELSE '' END || ' to ' || NEW.state;
END $$
"""


def put_on(connection):
    """Guards a store that has its tables."""
    refusal = "BEGIN SELECT RAISE(ABORT, 'state.py has no such move'); END"
    if on_postgresql := connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_REFUSAL)
        refusal = "EXECUTE FUNCTION refuse_move()"
    for name, occasion, table, wrong in _triggers():
        when = f"{_IS_ON} AND {wrong}" if on_postgresql else wrong
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {occasion} ON {table} FOR EACH ROW WHEN ({when}) {refusal}"
        )


def take_off(connection):
    """Lets this transaction write anything; on SQLite those after it, too, until it is put on again."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT {_OFF}")
        return
    for name, *_ in _triggers():
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def by_hand(database, job):
    """Runs a job without the guard."""

    def guarded(connection):
        take_off(connection)
        job(connection)
        if connection.dialect.name == "sqlite":
            put_on(connection)

    database.write(guarded)


def _triggers():
    """Name, occasion, table, and the condition that is refused."""
    for table, moves in _TABLES.items():
        born = ", ".join(f"'{to}'" for origin, to in moves if origin is None)
        moved = ", ".join(f"'{origin}>{to}'" for origin, to in moves if origin)
        wrong = f"OLD.state || '>' || NEW.state NOT IN ({moved})"
        yield f"{table}_born", "INSERT", table, f"NEW.state NOT IN ({born})"
        yield (
            f"{table}_moved",
            "UPDATE OF state",
            table,
            f"OLD.state <> NEW.state AND {wrong}",
        )
