"""Reads tables, written in the mapping file or in a CSV file of the folder. `_` is the fallback in both."""

import csv
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from posixpath import dirname, join, normpath

from bridge.mapping.expressions import MISSING, Table
from bridge.mapping.findings import suggest
from bridge.mapping.reading.known import Known
from bridge.model import Json, Place
from bridge.strict.names import compose
from bridge.strict.yaml import Node, plain

_FALLBACK = "_"
_CSV_KEYS = {"csv", "key", "value"}
_DELIMITERS = (",", ";", "\t")


def declare_table(
    key: Node, node: Node, texts: Mapping[str, str], known: Known
) -> None:
    """Adds a table under `tables:`; `key` is the node of its name."""
    name = str(key.value)
    if not known.declare("table", name, key.place):
        return
    if "csv" in node.keys and _CSV_KEYS.issuperset(node.keys):
        rows = _csv_rows(node, texts, known)
    else:
        rows = plain(node)  # type: ignore[assignment]
    fallback = rows.pop(_FALLBACK, MISSING)
    rows = _composed(rows, key, known)
    known.tables[name] = Table(name=name, rows=rows, fallback=fallback)


def _composed(rows: dict[str, Json], name: Node, known: Known) -> dict[str, Json]:
    """The rows under keys of one spelling: two forms of one text that Unicode calls equal are one key."""
    found: dict[str, Json] = {}
    for key, value in rows.items():
        spelt = compose(key)
        if spelt in found:
            message = f"table '{name.value}' has the key '{spelt}' twice"
            help = "the two differ only in their Unicode spelling: drop one"
            known.findings.add("M109", message, name.place, help)
        found[spelt] = value
    return found


def _csv_rows(node: Node, texts: Mapping[str, str], known: Known) -> dict[str, Json]:
    """The rows of {csv: path, key: column, value: column}; empty after a finding."""
    missing = sorted(_CSV_KEYS - set(node.keys))
    if missing:
        message = f"a table in a CSV file needs csv, key and value: missing key '{missing[0]}'"
        known.findings.add("M103", message, node.place)
        return {}
    path, key, value = (str(plain(node.get(part))) for part in ("csv", "key", "value"))
    file = normpath(join(dirname(node.place.file), path))
    if file not in texts:
        choices = [name for name in texts if name.endswith(".csv")]
        message = f"the mappings folder has no file '{path}'"
        place = node.get("csv").place  # type: ignore[union-attr]
        help = suggest(file, choices) or "paths start at the mapping file's folder"
        known.findings.add("M109", message, place, help)
        return {}
    return _read(texts[file], file, (key, value), node, known)


def _read(
    text: str, file: str, columns: tuple[str, str], node: Node, known: Known
) -> dict[str, Json]:
    reader = csv.DictReader(
        StringIO(text, newline=""), strict=True, delimiter=_delimiter(text, columns)
    )
    rows: dict[str, Json] = {}
    try:
        header = reader.fieldnames or ()
        for part, column in zip(("key", "value"), columns, strict=True):
            if column not in header:
                message = f"{file} has no column '{column}'"
                place = node.get(part).place  # type: ignore[union-attr]
                known.findings.add("M109", message, place, suggest(column, header))
                return {}
        for row in reader:
            _add(row, columns, rows, reader.line_num, file, known)
    except csv.Error as error:
        place = Place(file=file, line=max(1, reader.reader.line_num), column=1)
        known.findings.add("M109", f"this line is not CSV: {error}", place)
    return rows


def _delimiter(text: str, columns: tuple[str, str]) -> str:
    """What stands between the cells: spreadsheets write a semicolon where numbers have a decimal comma."""
    first = text.partition("\n")[0].rstrip("\r")
    for sign in _DELIMITERS:
        with suppress(csv.Error):  # which is found when the rows are read
            if {*columns} <= {*next(csv.reader([first], delimiter=sign), [])}:
                return sign
    return ","


def _add(
    row: dict[str, str | None],
    columns: tuple[str, str],
    rows: dict[str, Json],
    line: int,
    file: str,
    known: Known,
) -> None:
    key, value = (row.get(column) for column in columns)
    place = Place(file=file, line=line, column=1)
    if None in row or not key or not value:
        message = "this row has no key, no value, or more cells than the first line"
        known.findings.add("M109", message, place)
    elif key in rows:
        known.findings.add("M109", f"the key '{key}' is in this file twice", place)
    else:
        rows[key] = value
