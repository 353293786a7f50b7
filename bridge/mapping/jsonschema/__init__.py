"""The JSON Schema of mapping files, for editors: completion, help while hovering, and mistakes while typing.

Generated, never written by hand: the keys of a file from bridge.mapping.form.schema, fields, options and auth from the
vendors, helpers from their catalogue. It refuses nothing that `bridge check` takes; what needs several files or an
expression's types is left to `check`. Draft 7, which is what editors of YAML know best. Reads and writes no file.

    document.py ─▶ keys.py (keys of a file)  sources.py (senders)  operations.py (vendors)
"""

from bridge.mapping.jsonschema.document import mapping_schema, schema_text

__all__ = ["mapping_schema", "schema_text"]
