"""`bridge test`: dots, differences with types and places, and selection."""

import re
from xml.etree import ElementTree

import pytest


def test_passing_tests_are_dots(terminal, house):
    """One dot a test and a summary; nothing is said on stderr."""
    result = terminal("test")
    assert (result.exit_code, result.stderr) == (0, "")
    dots, summary = result.stdout.splitlines()
    assert dots == ".."
    assert re.fullmatch(r"2 passed in \d+\.\d\d s", summary)


def test_difference_shows_types_expression_and_places(terminal, house, rewrite):
    """Expected and got carry their types, and both sides have a place that can be clicked."""
    rewrite("amount: 5,", 'amount: "5",')
    result = terminal("test")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "F."
    assert lines[2] == "FAILED an amount is set  (mappings/shop.yaml:15:11)"
    assert lines[3:7] == [
        "  body.amount",
        "    expected '5' : text   at mappings/shop.yaml:19:66",
        "    got      5 : number",
        "    made by  {{ event.amount }}   at mappings/shop.yaml:12:15",
    ]
    assert lines[-1].startswith("1 failed, 1 passed in ")


def test_value_nobody_expected_is_shown(terminal, house, rewrite):
    """A key that the body has and the test has not differs from nothing."""
    rewrite(", currency: CLP }", " }")
    assert "    expected nothing   at mappings/" in terminal("test").stdout


def test_other_outcome_says_why(terminal, house, rewrite):
    """Where a rule did something else, its reason and the place that decided are shown."""
    rewrite("paid-sets-amount: skipped", "paid-sets-amount: no_match")
    result = terminal("test")
    assert result.exit_code == 1
    assert "mappings/shop.yaml:23:33: error[T503] " in result.stdout
    assert "= why: event.ticket is missing  (mappings/shop.yaml:7)" in result.stdout


def test_recording_that_is_not_there_fails_its_test(terminal, house):
    """A test without its payload fails with the path, and the others run."""
    (house / "mappings" / "paid.json").unlink()
    result = terminal("test")
    assert result.exit_code == 1
    assert "error[T501] 'paid.json' cannot be read" in result.stdout


def test_k_selects_by_name(terminal, house):
    """-k runs the tests whose names contain the word, in any case."""
    assert terminal("test", "-k", "SKIPPED").stdout.splitlines()[0] == "."


def test_k_that_matches_nothing_is_exit_code_5(terminal, house):
    """Nothing selected is no success."""
    result = terminal("test", "-k", "zebra")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == "no test has 'zebra' in its name in mappings\n"


def test_folder_without_tests_is_exit_code_5(terminal, house):
    """No tests at all is no success either."""
    (house / "mappings" / "shop.yaml").write_text("version: 1\n")
    result = terminal("test")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == "there are no tests in mappings\n"


def test_x_stops_at_the_first_failure(terminal, house, rewrite):
    """After -x has seen a failure no other test runs."""
    rewrite("amount: 5,", "amount: 6,")
    assert terminal("test", "-x").stdout.splitlines()[0] == "F"
    assert terminal("test").stdout.splitlines()[0] == "F."


@pytest.mark.parametrize(
    "arguments", [["test", "mappings"], ["try", "mappings/paid.json"]]
)
def test_errors_of_the_folder_come_first(terminal, house, rewrite, arguments):
    """A folder with errors runs nothing: its findings, with clickable places, and exit code 3."""
    rewrite("event.ticket | uuid", "event.ticket | uiud")
    result = terminal(*arguments)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "\nmappings/shop.yaml:11:37: error[E202] " in result.stderr


def test_names_a_sender_chose_do_not_reach_the_terminal(terminal, house, rewrite):
    """A payload's own keys and values are shown without characters that a terminal obeys."""
    (house / "mappings" / "paid.json").write_text(
        '{"id": "e", "type": "paid", "created": 1772366340, "amount": 1,'
        ' "ticket": "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "currency": "CLP",'
        ' "x": {"\\u001b[2J": "\\u009b1m"}}'
    )
    rewrite('target: vambe.update_amount\n    auth: { api_key: { env: SHOP_KEY } }',
            'target: http.request\n    connection: { base_url: "https://example.com" }')  # fmt: skip
    path = house / "mappings" / "shop.yaml"
    head, _, tests = path.read_text().partition("    fields:\n")
    fields = '    fields: { method: POST, path: /a, body: "{{ event.x }}" }\n'
    path.write_text(head + fields + "tests:" + tests.partition("tests:")[2])
    out = terminal("test").stdout
    assert "body.\\x1b[2J" in out
    assert out.replace("\n", "").isprintable()


def test_difference_shows_the_values_that_the_expression_used(terminal, house, rewrite):
    """Each path with what stood there, also what was missing; not where the value is the path's own."""
    rewrite("event.amount }}", "event.amount * 2 }}")
    rewrite("currency: CLP }", "currency: USD }")
    lines = terminal("test").stdout.splitlines()
    assert "    from     event.amount → 5 : number" in lines
    assert "    from     event.currency → missing" in lines
    assert not any("event.ticket →" in line for line in lines)


def test_long_texts_are_shown_whole(terminal, house, rewrite):
    """Two of them may differ at their ends alone."""
    text = "x" * 80
    rewrite("currency: CLP }", f"currency: {text}2 }}")
    out = terminal("test").stdout
    assert f"    expected '{text}2' : text   at " in out


def test_lf_runs_what_failed_before(terminal, house, rewrite):
    """From run to run, until it passes; what did not run stays remembered."""
    rewrite("amount: 5,", "amount: 6,")
    rewrite("paid-sets-amount: skipped", "paid-sets-amount: no_match")
    assert terminal("test", "-x").stdout.splitlines()[0] == "F"
    assert terminal("test", "-k", "skipped").stdout.splitlines()[0] == "F"
    assert terminal("test", "--lf").stdout.splitlines()[0] == "FF"
    rewrite("amount: 6,", "amount: 5,")
    assert terminal("test", "--lf").stdout.splitlines()[0] == ".F"
    again = terminal("test", "--lf")
    assert (again.stdout.splitlines()[0], again.stderr) == ("F", "")


def test_lf_runs_all_when_nothing_is_remembered(terminal, house):
    """And says so; nothing is written for tests that pass."""
    result = terminal("test", "--lf")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "..")
    assert result.stderr == "no previous failures: running all tests\n"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"failed": 1}', b"\xff", b"{"])
def test_a_cache_that_cannot_be_read_is_none(terminal, house, rewrite, content):
    """It is a convenience, and never an error."""
    rewrite("amount: 5,", "amount: 6,")
    env = {"XDG_CACHE_HOME": str(house / "cache")}
    terminal("test", env=env)
    [file] = (house / "cache" / "bridge").iterdir()
    assert b"an amount is set" in file.read_bytes()
    file.write_bytes(content)
    assert terminal("test", "--lf", env=env).stdout.splitlines()[0] == "F."


def test_a_cache_that_cannot_be_written_is_none(terminal, house, rewrite):
    """A file stands where the folder would be."""
    rewrite("amount: 5,", "amount: 6,")
    (house / "cache").write_text("")
    result = terminal("test", env={"XDG_CACHE_HOME": str(house / "cache")})
    assert (result.exit_code, result.stderr) == (1, "")


def test_rule_that_no_test_matches_is_named(terminal, house, rewrite):
    """In one line after a whole run that passed, and marked in the table of --coverage."""
    rewrite("event.amount > 0", "event.amount > 9")
    assert terminal("test").stderr == ""
    shop = house / "mappings" / "shop.yaml"
    head, _, tail = shop.read_text().partition("      paid-sets-amount:\n")
    shop.write_text(
        head + "      paid-sets-amount: no_match\n" + tail[tail.index("  - name") :]
    )
    result = terminal("test")
    said = "never matched by any test: paid-sets-amount; --coverage shows every rule\n"
    assert (result.exit_code, result.stderr) == (0, said)
    assert terminal("test", "-k", "skipped").stderr == ""
    table = terminal("test", "--coverage").stdout.splitlines()[-2:]
    assert table == [
        "rule              calls  matched  no_match  skipped  error",
        "paid-sets-amount      0        0         1        1      0  never matched",
    ]


def test_junit_is_what_ci_systems_read(terminal, house, rewrite):
    """A testcase per test, with its file and line, and the whole text of what failed; nothing XML cannot carry."""
    rewrite("amount: 5,", 'amount: "\\e\\uFFFE<&",')
    rewrite("nothing is skipped", '"\\a bell"')
    assert terminal("test", "--junit", "out/test.xml").exit_code == 1
    suites = ElementTree.parse(house / "out" / "test.xml").getroot()
    [suite] = suites
    for element in (suites, suite):
        assert (element.get("tests"), element.get("failures")) == ("2", "1")
    failed, passed = suite
    assert [one.tag for one in (suites, suite, failed)] == [
        "testsuites",
        "testsuite",
        "testcase",
    ]
    place = {key: failed.get(key) for key in ("classname", "name", "file", "line")}
    assert place == {
        "classname": "shop.yaml",
        "name": "an amount is set",
        "file": "mappings/shop.yaml",
        "line": "15",
    }
    assert (passed.get("name"), [*passed]) == ("\\x07 bell", [])
    assert float(passed.get("time")) < 10
    [failure] = failed
    assert failure.get("type") == "T505"
    assert failure.get("message") == "rule 'paid-sets-amount': body.amount differs"
    assert "expected '\\x1b\\ufffe<&' : text" in failure.text


def test_sample_mappings_pass(terminal, samples):
    """The mappings of the repository pass their own tests."""
    result = terminal("test")
    assert result.exit_code == 0, result.stdout


def test_texts_that_look_alike_are_told_apart(terminal, house, rewrite):
    """Where the first letters that differ may look the same, their numbers and names are shown; elsewhere not."""
    rewrite("currency: CLP", 'currency: "CL\\u0420"')
    assert (
        "    at 3        expected U+0420 CYRILLIC CAPITAL LETTER ER, got U+0050 LATIN CAPITAL LETTER P"
        in terminal("test").stdout.splitlines()
    )
    rewrite('"CL\\u0420"', '"CL\\u00a0"')
    assert "expected U+00A0 NO-BREAK SPACE, got" in terminal("test").stdout
    rewrite('"CL\\u00a0"', "CLF")
    assert "U+" not in terminal("test").stdout
