"""The JSON Schema of mapping files is generated: what is declared elsewhere appears in it by itself."""

import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from bridge import vendors
from bridge.cli.schema import command
from bridge.kinds import Flag, Group, Kind, made
from bridge.mapping.form.keys import Text
from bridge.mapping.form.schema import FileShape
from bridge.mapping.jsonschema import mapping_schema, schema_text
from bridge.mapping.jsonschema.document import _details

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "schemas" / "mapping.v1.json"
SCHEMA = mapping_schema()


def test_the_schema_is_one():
    """It keeps the rules of the draft it names."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_committed_file_is_current():
    """`bridge schema > schemas/mapping.v1.json` would change nothing."""
    assert COMMITTED.read_text("utf-8") == schema_text()


def test_every_key_is_in_the_schema():
    """With its own description, at every depth, whatever keys schema.py comes to have."""

    def compare(shape, form):
        for name, field in shape.fields.items():
            below = form["properties"][field.data_key or name]
            assert below["description"].startswith(field.metadata["title"])
            for held, place in (
                (field, below),
                (getattr(field, "items", None), below.get("items")),
                (getattr(field, "mapping", None), below.get("else")),
            ):
                if isinstance(held, Group):
                    compare(made(held.schema), place)

    compare(FileShape(), SCHEMA)


def test_a_new_key_appears_by_itself():
    """Declared in a shape and nowhere else."""

    class Grown(FileShape):
        colour = Text("The colour of the file.", required=True)

    grown = mapping_schema(Grown)
    assert grown["properties"]["colour"]["description"] == "The colour of the file."
    assert grown["required"] == [*SCHEMA["required"], "colour"]


def test_a_new_operation_appears_by_itself(monkeypatch):
    """With its fields, for the rules that name it."""
    known = vendors.operation("vambe.update_amount")

    class Grown(known.schema):
        urgent = Flag("Urgent", required=True, example=True)

    grown = replace(known, name="vambe.shout", schema=Grown)
    monkeypatch.setattr(vendors, "operations", lambda: (known, grown))
    form = mapping_schema()
    assert form["definitions"]["vambe.shout"]["properties"]["urgent"] == {
        "title": "Urgent",
        "examples": [True],
        "if": {"$ref": "#/definitions/expression"},
        "else": {"type": "boolean"},
    }
    fields = {"contact_number": "+56912345678", "amount": 5}
    rule = {"id": "a", "target": "vambe.shout", "fields": fields}
    file = {"version": 1, "rules": [rule]}
    (error,) = jsonschema.Draft7Validator(form).iter_errors(file)
    assert error.message == "'urgent' is a required property"


@pytest.mark.parametrize(
    "operation",
    (*vendors.operations(), *vendors.look_ups()),
    ids=lambda one: one.name,
)
def test_a_field_takes_its_example_and_an_expression(operation):
    """Every field of every operation; null is taken by none."""
    form = SCHEMA["definitions"][operation.name]
    whole = {**form, "definitions": SCHEMA["definitions"]}
    check = jsonschema.Draft7Validator(whole).is_valid
    for name, field in operation.schema().fields.items():
        assert form["properties"][name]["title"] == field.metadata["title"]
        for value in (field.metadata["example"], "{{ event.a }}"):
            assert check({name: value}), (name, value)
        assert not check({name: None}), name


def test_expressions_are_written_with_the_helpers_at_hand():
    """The help of a key that holds expressions names every helper with its arguments."""
    rule = SCHEMA["properties"]["rules"]["items"]["properties"]
    for name in ("let", "when", "skip_if_missing", "fields", "hold_if"):
        for signature in ("from_minor(currency)", "e164(country=none)", "present"):
            assert signature in rule[name]["description"], name
    assert "from_minor" not in rule["mode"]["description"]


def test_what_is_said_of_a_key_is_said_of_one_that_exists():
    """A key that is renamed in a shape must not leave its details behind."""
    for shape, said in _details().items():
        assert said.keys() - {""} <= set(shape().keys)


def test_a_value_of_any_kind_has_no_help_of_its_own():
    """An editor shows the first help it meets for a value, which must be that of the vendor's field."""
    rule = SCHEMA["properties"]["rules"]["items"]["properties"]
    assert "description" not in rule["fields"]["additionalProperties"]
    assert (
        type(FileShape().fields["rules"].items.schema().fields["fields_"].values)
        is Kind
    )


def test_patterns_mean_the_same_to_an_editor():
    """No syntax that Python alone has: named groups, \\A, \\Z, possessive or inline flags."""
    found = re.findall(r'"pattern": "(.*)"', schema_text())
    assert found
    for pattern in found:
        assert not re.search(r"\(\?[^:]|\\[AZ]|[*+?}]\+", pattern), pattern


def test_the_command_prints_and_checks(tmp_path):
    """--check exits with 1 for a file that is old or not there, and says what to run."""
    run = CliRunner().invoke
    assert run(command).stdout == schema_text()
    file = tmp_path / "schema.json"
    for text in (None, "{}\n"):
        if text:
            file.write_text(text, "utf-8")
        result = run(command, ["--check", str(file)])
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"run bridge schema > {file}" in result.stderr
    file.write_text(schema_text(), "utf-8")
    assert run(command, ["--check", str(file)]).exit_code == 0
