"""What the rules said to an event is one document on it.

An older release goes on with `decisions`, as a view: what it writes there is in the documents, and what is in them it
reads there. The release after this one takes the view away.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_NAMES = ("rule", "said", "reason", "place", "code", "decided_at")
_VALUES = ", ".join(f"'{name}', {{0}}.{name}" for name in _NAMES)

_SQLITE = (
    f"""
    UPDATE events SET decisions = (
        SELECT json_group_array(json_object({_VALUES.format("old")}))
        FROM (SELECT * FROM decisions WHERE event = events.id ORDER BY id) AS old)
    WHERE EXISTS (SELECT 1 FROM decisions WHERE event = events.id)
    """,
    "DROP TABLE decisions",
    f"""
    CREATE VIEW decisions AS
    SELECT said.key AS id, events.id AS event,
        {", ".join(f"json_extract(said.value, '$.{name}') AS {name}" for name in _NAMES)}
    FROM events, json_each(events.decisions) AS said
    """,
    f"""
    CREATE TRIGGER decisions_insert INSTEAD OF INSERT ON decisions BEGIN
        UPDATE events SET decisions =
            coalesce(substr(decisions, 1, length(decisions) - 1) || ',', '[')
            || json_object({_VALUES.format("NEW")}) || ']'
        WHERE id = NEW.event;
    END
    """,
    "CREATE TRIGGER decisions_delete INSTEAD OF DELETE ON decisions BEGIN SELECT 1; END",
)
_POSTGRESQL = (
    "LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE",
    f"""
    UPDATE events SET decisions = old.said FROM (
        SELECT event, json_agg(json_build_object({_VALUES.format("decisions")}) ORDER BY id)::text AS said
        FROM decisions GROUP BY event) AS old
    WHERE old.event = events.id
    """,
    "DROP TABLE decisions",
    f"""
    CREATE VIEW decisions AS
    SELECT said.id, events.id AS event,
        {", ".join(f"said.one ->> '{name}' AS {name}" for name in _NAMES[:-1])},
        (said.one ->> 'decided_at')::bigint AS decided_at
    FROM events CROSS JOIN LATERAL
        json_array_elements(events.decisions::json) WITH ORDINALITY AS said(one, id)
    """,
    f"""
    CREATE FUNCTION write_decisions() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        UPDATE events SET decisions = coalesce(left(decisions, -1) || ',', '[')
            || json_build_object({_VALUES.format("NEW")}) || ']'
        WHERE id = NEW.event;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER write_decisions INSTEAD OF INSERT OR DELETE ON decisions"
    " FOR EACH ROW EXECUTE FUNCTION write_decisions()",
)


def upgrade() -> None:
    """Moves every decision. PostgreSQL locks both tables meanwhile, in the order in which routing takes them."""
    op.add_column("events", sa.Column("decisions", sa.Text()))
    connection = op.get_bind()
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)
