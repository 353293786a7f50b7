"""What helpers cost: no payload of 1 MiB makes one slow, and what takes long is paid for out of the event's budget.

To set the `steps` and `times` of a helper: a step is about half a microsecond, and here never more than five of those.
"""

import time
from functools import cache

import pytest
from hostile_values import (
    MIB,
    MOTIFS,
    SHORT,
    documents,
    lists,
    mappings,
    numbers,
    texts,
)
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.expressions import (
    Budget,
    ExpressionError,
    Scope,
    Table,
    compile_expression,
    compile_template,
)
from bridge.mapping.functions import FILTERS, TESTS
from bridge.mapping.values.limits import MAX_STEPS

LONGEST = 0.25  # seconds of a processor that takes NOMINAL for 200,000 empty turns
NOMINAL = 0.004
DEEP = ".".join("x" * 20)
PATTERNS = ["(?:.*,)*x$", "[^a]*(?:a[^a]*a)*(b|c)$", "(?:x|é|&|<)+;([0-9]+)", ".*"]
CALLS = {
    "coalesce": ["coalesce('x')"],
    "date": [
        "date",
        "date('%d/%m/%Y', 'America/Santiago')",
        "date(a)",
        "date('%Y', a)",
    ],
    "datetime": ["datetime", "datetime('%H:%M', 'Asia/Kolkata')"],
    "default": ["default('x')"],
    "diff": ["diff(1714730400)", "diff(a, 'hours')", "diff(v, 'days')"],
    "e164": ["e164('CL')", "e164('US')"],
    "epoch": ["epoch", "epoch('milliseconds')"],
    "format_number": ["format_number", "format_number(',', '.', 'indian')"],
    "from_major": ["from_major('usd', ',', '.')", "from_major('usd', a, '.')"],
    "from_minor": ["from_minor('usd')", "from_minor(a)"],
    "hour": ["hour", "hour('Asia/Kolkata')", "hour(a)"],
    "join": ["join", "join(', ')", "join(a)"],
    "lookup": ["lookup('t')"],
    "map": ["map('x')", f"map('{DEEP}')", "map('0')"],
    "match": [f"match('{one}')" for one in PATTERNS],
    "or_else": ["or_else('x')"],
    "parse_date": [
        "parse_date",
        "parse_date('%d/%m/%Y %H:%M', 'UTC')",
        "parse_date(a)",
    ],
    "plus": ["plus(days=1)"],
    "replace": ["replace('a', '')", "replace('a', 'b')", "replace(a, 'b')"],
    "round": ["round", "round(90)"],
    "search": [f"search('{one}')" for one in PATTERNS],
    "select": ["select", "select('x')", f"select('{DEEP}')"],
    "sort": ["sort", "sort('x')", "sort('x', 'desc')"],
    "endswith": ["endswith('a')", "endswith(a)"],
    "split": ["split(',')", "split('a')", "split(a)"],
    "startswith": ["startswith('é')", "startswith(a)"],
    "sum": ["sum", "sum('x')"],
    "to_minor": ["to_minor('clp')"],
    "to_mapping": ["to_mapping('x')", "to_mapping('x', 'x')", f"to_mapping('{DEEP}')"],
    "truncate": ["truncate(10)", "truncate(60000)"],
    "where": ["where('x', 1)", "where('x', a)", f"where('{DEEP}', 1)"],
}
EXPRESSIONS = [
    *(f"v | {call}" for name in FILTERS for call in CALLS.get(name, [name])),
    *(f"v is {call}" for name in TESTS for call in CALLS.get(name, [name])),
    "v == w",
    "v in [w, 1, 'a']",
    "1 in v",
    "a in v",
    "v < a",
    "v < 1",
    "v ~ v",
    "(v | string) ~ a",
    "v + v",
    "v[1:]",
    "v[-60000:-1]",
    "v[:9999] == w",
    "v * v / 7 // 3 % 2",
    "[v, v, v]",
    "(v | first) == (w | last)",
]


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Tables and metadata are loaded once per process, not per event."""
    for source in (
        "'+56961234567' | e164",
        "'2015550123' | e164('US')",
        "'usd' | currency",
        "1 | date",
    ):
        compile_expression(source).evaluate(Scope(names={}))


def slowness():
    """How many times longer this machine takes right now."""
    started = time.process_time()
    for _ in range(200_000):
        pass
    return max(1, (time.process_time() - started) / NOMINAL)


def quick(measure):
    """Whether it takes under 250 ms of an ordinary machine, at the fourth try at the latest."""
    return any(measure() < LONGEST * slowness() for _ in range(4))


@cache
def compiled(source):
    return compile_expression(source)


@cache
def payloads(size):
    return [*texts(size), *documents(size), *lists(size), *mappings(size)]


def scope_of(value, argument, steps):
    names = {"v": value, "w": twin(value), "a": argument}
    tables = {"t": Table(name="t", rows={"1": "x"}, fallback="y")}
    return Scope(names=names, tables=tables, budget=Budget(steps), country="CL")


def twin(value):
    """The same value, but for its last item, in another place of the memory."""
    return [*value[:-1], "z"] if isinstance(value, list) else value


def spent(source, value, argument="a", *, steps=MAX_STEPS, turns=1):
    """Seconds of processor time and steps of so many turns, fewer where the budget ends before."""
    scope = scope_of(value, argument, steps)
    expression = compiled(source)
    started = time.process_time()
    try:
        for _ in range(turns):
            scope.budget.spend(3)  # as a loop does for its parts
            expression.evaluate(scope, allow_missing=True)
    except ExpressionError:
        pass
    return time.process_time() - started, steps - scope.budget.left


def whole_budget(source, value, steps):
    """Seconds that a whole budget would take. One refusal is no rate: that ends the rule, the budget does not count."""
    longest = 0.0
    for argument in ("a", "ab" * 200) if "a)" in source else ("a",):
        seconds, used = spent(source, value, argument, steps=steps, turns=steps)
        rate = seconds * MAX_STEPS / used if used >= steps else seconds
        longest = max(longest, rate)
    return longest


@pytest.mark.parametrize("source", EXPRESSIONS)
def test_no_payload_of_a_mebibyte_makes_a_helper_slow(source):
    """The slowest payload of 1 MiB takes under 250 ms, whether it is refused or not."""
    slowest = max(payloads(MIB), key=lambda value: spent(source, value)[0])
    assert quick(lambda: spent(source, slowest)[0])


@pytest.mark.parametrize("source", EXPRESSIONS)
def test_what_takes_long_is_paid_for(source):
    """A whole budget spent on one helper, over and over, takes no more than 250 ms."""
    values = [*payloads(300), *payloads(20_000), *SHORT, *numbers()]
    values += documents(65_000) if "json" in source else []
    slowest = sorted(values, key=lambda value: whole_budget(source, value, 150))[-2:]
    for value in slowest:
        assert quick(lambda: whole_budget(source, value, 4_000))


@given(
    source=st.sampled_from(EXPRESSIONS),
    parts=st.lists(st.tuples(st.sampled_from(MOTIFS), st.integers(1, 300)), min_size=1),
    size=st.sampled_from([400, 5_000, 60_000, MIB]),
)
def test_no_mixture_makes_a_helper_slow(source, parts, size):
    """Texts made of any hostile parts, each so many times, cost what they are charged and never 250 ms."""
    [value] = texts(size, ["".join(motif * times for motif, times in parts)])
    assert quick(lambda: spent(source, value)[0])
    assert quick(lambda: whole_budget(source, value, 2_000))


def steps_of(source, value=1):
    budget = Budget()
    compiled(source).evaluate(Scope(names={"v": value}, budget=budget))
    return MAX_STEPS - budget.left


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "//", "%"])
def test_each_operation_on_numbers_is_charged(sign):
    """Arithmetic costs steps by operation, however short its numbers are: they are made anew each time."""
    more = f" {sign} ".join(["v"] * 11)
    assert steps_of(more) - steps_of(f"v {sign} v") >= 9 * 2


@pytest.mark.parametrize("part", ["[]", "{}", '{"a":1}', "[1]"])
def test_each_list_and_object_that_is_read_is_charged(part):
    """JSON inside a text costs by what is made of it, not by its letters alone."""
    few, many = (f"[{','.join([part] * count)}]" for count in (10, 1_010))
    more = steps_of("v | parse_json", many) - steps_of("v | parse_json", few)
    letters = 64 * (len(many) - len(few)) // 256
    assert more - letters >= 1_000 * 2


def test_each_number_that_is_written_is_charged():
    """Its digits are made anew each time, which a text that is joined to another does not need."""
    few, many = ("v" + " ~ v" * count for count in (1, 101))
    number = steps_of(many, 7) - steps_of(few, 7)
    text = steps_of(many, "7") - steps_of(few, "7")
    assert number - text >= 100 * 4


@pytest.mark.parametrize("into", ["html", "path"])
def test_escaping_is_charged_by_the_text(into):
    """What goes into HTML or into a path is walked over once more than what goes into a text."""

    def steps(into):
        budget = Budget()
        scope = Scope(names={"v": "x" * 10_240}, budget=budget)
        compile_template("p{{ v }}", blocks=into == "html", into=into).evaluate(scope)
        return MAX_STEPS - budget.left

    assert steps(into) - steps("text") >= 10_240 // 256
