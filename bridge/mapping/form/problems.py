"""What is wrong with one key of a mapping file, before it has a place. Knows nothing of keys, YAML or rules."""

from bridge.mapping.expressions import kind_of


class Problem(str):
    """What is wrong with one key, as the sentence that follows its name, with the code and the help of its finding."""

    code: str
    help: str

    def __new__(cls, message: str, help: str = "", code: str = "M102") -> "Problem":
        self = super().__new__(cls, message)
        self.code, self.help = code, help
        return self


def needs(what: str, value: object, help: str = "") -> Problem:
    return Problem(f"needs {what}, this is {kind_of(value)}", help)
