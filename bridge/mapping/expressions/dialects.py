"""How other languages call what this one has: Jinja and Ansible, Liquid, Twig, JavaScript, Python, SQL, spreadsheets.

Data, and texts made of it; what is proposed is proven elsewhere. Names are compared without case and underscores.
"""

import re
from collections.abc import Sequence
from typing import Final

_PATH: Final = re.compile(r"[\w.]+(?:\[[^\]]*\][\w.]*)*")

# The helper here, and what it is called elsewhere.
_HELPERS: Final = {
    "clean_html": "bleach safe sanitize sanitizehtml",
    "datetime": "dateformat formatdate formatdatetime formattime strftime",
    "default": "d ifnull isnull nvl",
    "diff": "datediff difference elapsed since timediff timestampdiff",
    "epoch": "astimestamp timestamp tounix unix unixtime unixtimestamp",
    "format_number": "commas formatnumber intcomma numberformat thousands tolocalestring",
    "html": "e escape htmlescape",
    "items": "dict2items dictsort entries",
    "json": "dumps jsonencode stringify tojson",
    "length": "count len size",
    "lower": "casefold downcase lcase tolower tolowercase",
    "nfc": "normalize",
    "number": "decimal float int tofloat toint tonumber",
    "parse_date": "asdatetime fromtimestamp fromunix strptime todate todatetime",
    "parse_json": "fromjson jsondecode loads parsejson",
    "replace": "gsub replaceall sub",
    "search": "extract find regexextract regexfind regexsearch",
    "string": "str text tostring",
    "strip_tags": "html2text removehtml striphtml striptags",
    "to_mapping": "bykey dict fromentries indexby items2dict keyby todict",
    "trim": "strip",
    "truncate": "ellipsis",
    "unique": "distinct uniq",
    "upper": "toupper touppercase ucase upcase",
    "weekday": "dayofweek dow isoweekday",
}
# What is written here instead, by the number of arguments: {v} is the value, {0} the first argument.
_WRITTEN: Final = {
    "{v} is startswith({0})": "beginswith hasprefix startswith",
    "{v} is endswith({0})": "endswith hassuffix",
    "{v} is match({0})": "ismatch match matches regexmatch",
    "{v} is search({0})": "regex regexp regextest test",
    "{0} in {v}": "contains has includes",
    "{v} in {0}": "in",
    "{v} == {0}": "eq equals equalto sameas",
    "{v} != {0}": "ne",
    "{v}[{0}:]": "slice substr substring",
    "{v}[{0}:{1}]": "slice substring",
    "{v}[{0}:{0} + {1}]": "mid substr",
    "{v}[:{0}]": "left",
    "{v}[-{0}:]": "right",
    "{v} | datetime('%Y') | number": "year",
    "{v} | datetime('%d') | number": "day dayofmonth",
    "{v} | datetime('%M') | number": "minute",
    "{v} | datetime('%S') | number": "second",
    "{v} | to_mapping('key', 'value')": "fromentries items2dict",
    "{v} | select({0})": "selectattr",
    "{v} | where({0}, {2})": "selectattr",
    "{v} | round({0})": "tofixed",
    "{v} | round({0}) | format_number": "numberformat",
    "{v} | round({0}) | format_number({1}, {2})": "numberformat",
    "{v} ~ {0}": "append concat",
    "{0} ~ {v}": "prepend",
    "{v} + {0}": "add",
    "{v} - {0}": "minus subtract",
    "{v} * {0}": "multiply times",
    "{v} / {0}": "divide dividedby",
    "{v} % {0}": "mod modulo",
    "{v} % {0} == 0": "divisibleby",
    "{v} % 2 == 0": "even",
    "{v} % 2 == 1": "odd",
    "{0} if {v} else {1}": "iif ternary",
}
_RENAMED: Final = {
    other: name for name, others in _HELPERS.items() for other in others.split()
}
_SAID: Final = {
    (other, max(map(int, re.findall(r"\{([0-9])\}", text)), default=-1) + 1): text
    for text, others in _WRITTEN.items()
    for other in others.split()
}


def renamed(name: str) -> str:
    """The helper that another language calls so, "" for none."""
    return _RENAMED.get(_plain(name), "")


def said(name: str, value: str, arguments: Sequence[str]) -> str:
    """What is written here for another language's helper, test or method; "" where it is a helper, or not known."""
    text = _SAID.get((_plain(name), len(arguments)), "")
    if text.startswith("{v}[") and not _PATH.fullmatch(value):
        value = f"({value})"
    return text.format(*arguments, v=value)


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
