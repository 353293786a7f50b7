"""libyaml as it is used here. Knows no findings and no places."""

import yaml


class Loader(yaml.CSafeLoader):
    """libyaml without PyYAML's search for a type of every value: what a value is, is decided here."""

    def resolve(self, *_: object) -> str:
        return ""
