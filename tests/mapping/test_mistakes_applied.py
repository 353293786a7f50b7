"""What `bridge check` proposes, put into the file as a program would: the finding is gone, and no other one came.

Goes through every mistake of test_mistakes.py. One without a text to write is named below, so that nobody forgets it;
one that only `bridge test` tells of stands there with what a person makes of the help.
"""

import re
from collections import Counter

import pytest
from test_mistakes import AMOUNT, CAUSES, CURRENCY, MISTAKES, README, RULE, told

from bridge.mapping import check_recorded, load, missing_secrets, read_recordings

# What to write depends on more than the file says: the help is advice, without a text to write.
WITHOUT_TEXT = {
    "key twice", "a tag of another language", "an end that is a comment", "no id", "id twice",
    "no connection", "unknown table", "an alias without its anchor", "condition in skip_if_missing",
    "key that is always the same", "literal secret", "secret not set", "source without a secret",
    "country in words", "country that is none", "auth that is text", "auth that is a reference",
    "auth of a rule that is text", "field missing", "no identifier", "two identifiers",
    "option of other identifiers", "number for a text", "null", "empty", "one brace",
    "helper without its argument", "a value that # cuts off", "a key that is there already",
    "unknown currency", "unknown code of a format", "error that is none",
}  # fmt: skip

# Mistakes that only a payload shows: what stands in the place of the mistake, by the help of the test that failed.
BY_TESTS = {
    "currency not upper case": CURRENCY,
    "text where a number is due": '"{{ inv.amount_paid | number }}"',
    "when that is no condition": "inv.amount_paid is present",
    "number against text": '_paid | number > ("0" | number)',
    "recording misspelt": "paid__clp",
    "patch misspelt": "object.metadata: {}",
}
_STRICT = ("W607", "W608")  # which --strict alone tells of

# Mistakes of the same kinds in other words, other quotes and other places: old, new.
WHEN = "    when: inv.amount_paid > 0\n"
PAID = "inv.amount_paid > 0"
SIBLINGS = {
    "or in single quotes": (CURRENCY, "'{{ inv.currency or \"CLP\" }}'"),
    "or in doubled quotes": (CURRENCY, "'{{ inv.currency or ''CLP'' }}'"),
    "or with escaped quotes": (CURRENCY, '"{{ inv.currency or \\"CLP\\" }}"'),
    "or in a block text": (CURRENCY, "|-\n        {{ inv.currency or 'CLP' }}"),
    "and with another value": (PAID, "inv.status != 'paid' and 'open'"),
    "or behind a condition": (PAID, "inv.id == 'x' or inv.status == 'a' or 'b'"),
    "or inside brackets": (
        WHEN,
        f"    responses: [{{ when: response.status == 404 or 410, do: ok }}]\n{WHEN}",
    ),
    "is none inside brackets": (
        WHEN,
        f"    responses: [{{ when: response.body.a is none, do: ok }}]\n{WHEN}",
    ),
    "plus in brackets": (CURRENCY, "\"{{ ('a' + inv.id) + 'b' }}\""),
    "two values in a format": (CURRENCY, "\"{{ '%s/%s' % (inv.id, inv.number) }}\""),
    "a choice in a choice": (
        CURRENCY,
        "\"{{ inv.a ? 'CLP' : inv.b ? 'USD' : 'EUR' }}\"",
    ),
    "a choice within text": (
        CURRENCY,
        "\"x {{ inv.a == 1 ? 'a' : 'b' }} y {{ inv.id }}\"",
    ),
    "stand-ins in a row": (CURRENCY, "\"{{ inv.a ?? inv.b ?? 'CLP' }}\""),
    "is None": (PAID, "inv.currency is None"),
    "TRUE": (PAID, "inv.paid == TRUE"),
    "null in capitals": (PAID, "inv.currency == NULL"),
    "now without brackets": (PAID, "inv.created < now"),
    "and of C": (PAID, "inv.a == 1 && inv.b == 2 && inv.c == 3"),
    "or of C": (PAID, "inv.a == 1||inv.b == 2 || inv.c == 3"),
    "not of C": (PAID, '"!(inv.a == 1)"'),
    "NOT": (PAID, "NOT inv.a == 1"),
    "same in JavaScript": (PAID, "inv.a === 1 and inv.b === 2"),
    "not same in JavaScript": (PAID, "inv.a !== 1"),
    "one = twice": (PAID, "inv.a = 1 and inv.b = 2"),
    "<> twice": (PAID, "inv.a <> 1 and inv.b <> 2"),
    "contains": (PAID, "inv.currency contains 'C'"),
    "curly quotes": (CURRENCY, '"{{ inv.currency | default(‘CLP’) }}"'),
    "arguments after a colon": (CURRENCY, "\"{{ inv.currency | replace: 'a', 'b' }}\""),
    "methods in a row": (CURRENCY, '"{{ inv.currency.upper().strip() }}"'),
    "a function of a sum": (CURRENCY, '"{{ str(inv.amount_paid + 1) }}"'),
    "functions in each other": (PAID, "len(str(inv.id)) > 2"),
    "two helpers misspelt": (CURRENCY, '"{{ inv.currency | uper | trm }}"'),
    "single braces twice": (CURRENCY, '"No {inv.id} and {inv.number}"'),
    "dollar beside an expression": (CURRENCY, '"No ${inv.id} {{ inv.number }}"'),
    "a choice of types in lines": (
        "[invoice.paid]",
        "\n      - 'invoice.(paid|void)'\n      - a.b",
    ),
    "a choice of types as text": ("[invoice.paid]", "invoice.(paid|void)"),
    "types with commas": ("[invoice.paid]", "invoice.paid, invoice.void"),
    "types in curly brackets": ("[invoice.paid]", "[a.b, 'invoice.{paid,void}']"),
    "a type with a choice inside": ("[invoice.paid]", "['x.(a|b).c']"),
    "a list for hold_if": (WHEN, f"{WHEN}    hold_if: [fields.amount > 5]\n"),
    "a list for a name": (
        '{ inv: "{{ event.data.object }}" }',
        '{ inv: ["{{ event.data.object }}"] }',
    ),
    "an expression for for_each": (
        WHEN,
        f"{WHEN}    for_each: '{{{{ inv.lines.data }}}}'\n",
    ),
    "a path for a list": (WHEN, f"{WHEN}    for_each: {{ in: inv.lines.data }}\n"),
    "# in a template": (CURRENCY, "No {{ inv.id }} #5"),
    "# in a test": (
        "{ event.data.object.metadata: {} }",
        "\n      event.data.object.number: No #5",
    ),
    "# in a longer condition": (PAID, "inv.number != 'a #b' and inv.id == 'x'"),
    "a city for a zone": (
        CURRENCY,
        "\"{{ inv.created | datetime('%Y', 'Santiago') }}\"",
    ),
    "a format of Java": (
        CURRENCY,
        "\"{{ inv.created | datetime('dd/MM/yyyy HH:mm', 'UTC') }}\"",
    ),
    "country in small letters": ("country: CL", "country: cl"),
    "mode of another tool": (WHEN, f"    mode: enabled\n{WHEN}"),
    "yes": (WHEN, f"    ordering: {{ coalesce: yes }}\n{WHEN}"),
    "a whole number in quotes": (
        WHEN,
        f'{WHEN}    for_each: {{ in: "{{{{ inv.lines.data }}}}", max: "9" }}\n',
    ),
    "hours in words": (WHEN, f"    retries: {{ max_age: 2 hours }}\n{WHEN}"),
    "decimals in quotes": (AMOUNT, "'150000.50'"),
    "a number for text": (CURRENCY, '"{{ inv.amount_paid + 1 }}"'),
    "text for a number in an expression": (AMOUNT, '"{{ inv.currency | upper }}"'),
    "no quotes before a comment": (AMOUNT, "{{ inv.amount_paid }}  # what was paid"),
    "single quotes not closed": (AMOUNT, "'{{ inv.amount_paid }}"),
    "brace not closed inside": (
        '"{{ event.data.object }}" }',
        '"{{ event.data.object }}"',
    ),
    "a status first": (
        WHEN,
        f"    responses: [{{ when: \"'404' == response.status\", do: ok }}]\n{WHEN}",
    ),
}


# What makes a file no YAML, in other words and places: old, new.
TEXT = "    description: {}\n" + WHEN
NO_YAML = {
    "two tabs": (WHEN, f"\t\t{WHEN.lstrip()}"),
    "a tab after spaces": (WHEN, f"  \t{WHEN.lstrip()}"),
    "a tab before an entry": (RULE, f"\t{RULE.lstrip()}"),
    "a tab before the last field": (
        f"      currency: {CURRENCY}",
        f"\t\tcurrency: {CURRENCY}",
    ),
    "a colon in a text": (WHEN, TEXT.format("Paid: yes")),
    "a colon in a text with quotes": (WHEN, TEXT.format('The "total": paid')),
    "a colon in a text and a comment": (WHEN, TEXT.format("Paid: yes  # always")),
    "a colon in a condition": (PAID, "inv.number == 'No: 1'"),
    "@ before a text": (WHEN, TEXT.format("@billing")),
    "` before a text": (WHEN, TEXT.format("`paid` invoices")),
    "% before a text": (WHEN, TEXT.format("%d paid")),
    "* before a text": (WHEN, TEXT.format("*.paid and others")),
    "% in a list": ("[invoice.paid]", "\n      - '*.paid'\n      - %paid"),
    "text first in a condition": (PAID, '"paid" == inv.status'),
    "text first, in single quotes": (PAID, "'paid' == inv.status"),
    "text first and both quotes": (PAID, '"it\'s" == inv.status'),
    "a comma behind a value": (CURRENCY, f"{CURRENCY},"),
    "text behind quotes": (WHEN, TEXT.format('"Paid" invoices')),
    "quotes not closed in brackets": (
        '"{{ event.data.object }}" }',
        '"{{ event.data.object }} }',
    ),
    "single quotes not closed in brackets": (
        '"{{ event.data.object }}" }',
        "'{{ event.data.object }} }",
    ),
    "a list beside its key": ("[invoice.paid]", "- invoice.paid"),
    "a text beside its |": (WHEN, TEXT.format("| Paid invoices")),
    "a text beside its >-": (WHEN, TEXT.format(">- Paid invoices")),
    "a block text as deep as its key": (WHEN, TEXT.format("|\n    Paid invoices")),
    "a block text that goes back": (
        WHEN,
        TEXT.format(">\n        Paid\n      invoices"),
    ),
    "no comma in brackets": (", country: CL", " country: CL"),
    "no comma behind a word": (", rate: 5", " rate: 5"),
    "no space in brackets": ("{ secret: {", "{ secret:{"),
    "a backslash in double quotes": (WHEN, TEXT.format('"C:\\data\\new\\paid"')),
    "an anchor twice": (
        WHEN,
        TEXT.format("&it Paid").replace("when: ", "when: &it "),
    ),
    "braces in brackets with quotes": (
        '"{{ event.data.object }}"',
        "{{ event['data'].object }}",
    ),
    "braces with both quotes": (CURRENCY, "{{ inv[\"currency\"] | default('CLP') }}"),
}

# Mistakes in a text over several lines, of every kind.
OVER_LINES = {
    "literal": "|-\n        {{{{ inv.currency\n        | {} }}}}",
    "folded": ">-\n        {{{{ inv.currency\n        | {} }}}}",
    "kept": ">\n        {{{{ inv.id }}}}:\n        {{{{ inv.currency | {} }}}}\n",
    "in double quotes": '"{{{{ inv.currency\n        | {} }}}}"',
    "in single quotes": "'{{{{ inv.currency\n        | {} }}}}'",
    "without quotes": "Currency\n        {{{{ inv.currency | {} }}}}",
}
WRONG = ("uper", "default: 'CLP'", 'default: "CLP"')


def findings(folder, text, strict):
    """What `check`, or `check --strict`, says."""
    (folder / "shop.yaml").write_text(text)
    loaded = load(folder, {})
    found = [*loaded.findings]
    if loaded.ruleset:
        environ = {"STRIPE_WEBHOOK_SECRET": "s", "VAMBE_API_KEY": "v"}
        found += missing_secrets(loaded.ruleset, environ, code="W402")
    if loaded.ruleset and strict:
        recordings = read_recordings(loaded.ruleset, folder)
        found += check_recorded(loaded.ruleset, recordings)
    return [one for one in found if one.code != "W609"]  # that a test is missing


def applied(text, fix):
    """The text with a fix, as any program applies it."""
    lines = text.splitlines(keepends=True)
    line, start = lines[fix.place.line - 1], fix.place.column - 1
    end = start + fix.place.length
    assert 0 <= start <= end <= len(line.rstrip("\n"))
    lines[fix.place.line - 1] = line[:start] + fix.text + line[end:]
    return "".join(lines)


def place(finding):
    return finding.code, finding.place.line


def what(finding):
    return finding.code, finding.message


def survives(folder, text, finding, before, strict):
    """Whether each fix takes its finding away and brings no other one, of any code or at any line."""
    for fix in finding.fixes:
        after = findings(folder, applied(text, fix), strict)
        left, were = Counter(map(what, after)), Counter(map(what, before))
        assert left[what(finding)] < were[what(finding)], (fix, after)
        assert {*map(place, after)} <= {*map(place, before)}, (fix, after)


@pytest.mark.parametrize("name", sorted(MISTAKES.keys() - BY_TESTS.keys()))
def test_what_is_proposed_mends_the_mistake_and_makes_no_other(project, name):
    """Every fix of every finding about a listed mistake survives; a mistake without one is listed as such."""
    old, new, code, line, help = MISTAKES[name]
    text, strict = README.replace(old, new, 1), code in _STRICT
    before = findings(project, text, strict)
    mine = [one for one in before if place(one) == (code, line) and help in one.help]
    assert mine, before
    assert bool(mine[0].fixes) == (name not in WITHOUT_TEXT), mine
    for finding in before:
        survives(project, text, finding, before, strict)
    if mine[0].fixes:
        for fix in mine[0].fixes:
            after = findings(project, applied(text, fix), strict)
            assert (code, line) not in map(place, after), (fix, after)


_LIKE_A_TEXT = re.compile(r"did you mean|write ['\"\[{(0-9]|write \w+[.\[(]")
_PLACEHOLDER = re.compile(r"…|NAME|/path/to")


@pytest.mark.parametrize("name", sorted(WITHOUT_TEXT))
def test_advice_without_a_text_reads_like_none(project, name):
    """What cannot be put into the file as it is written does not look as if it could."""
    old, new, code, line, help = MISTAKES[name]
    found = findings(project, README.replace(old, new, 1), code in _STRICT)
    said = next(
        it.help for it in found if place(it) == (code, line) and help in it.help
    )
    assert _PLACEHOLDER.search(said) or not _LIKE_A_TEXT.search(said), said


@pytest.mark.parametrize("name", BY_TESTS)
def test_what_a_failed_test_proposes_mends_it(project, name):
    """A mistake that a payload shows is gone with what the help says, and nothing else is told."""
    old, new, code, line, _ = MISTAKES[name]
    assert code not in {
        it.code for it in findings(project, README.replace(old, new, 1), True)
    }
    right = README.replace(old, BY_TESTS[name], 1)
    assert [one for one in told(project, right) if one[0] != "W609"] == []


@pytest.mark.parametrize("name", SIBLINGS)
def test_other_words_for_the_same_mistakes_are_mended_too(project, name):
    """The mistakes of the list in other words, quotes and places have a fix, and each fix survives."""
    old, new = SIBLINGS[name]
    assert old in README
    text = README.replace(old, new, 1)
    before = findings(project, text, strict=False)
    assert any(one.fixes for one in before), before
    for finding in before:
        survives(project, text, finding, before, strict=False)


@pytest.mark.parametrize("name", NO_YAML)
def test_what_is_no_yaml_is_mended_too(project, name):
    """Each mistake that makes a file unreadable has one text to write, and then nothing else is told."""
    old, new = NO_YAML[name]
    assert old in README
    text = README.replace(old, new, 1)
    before = findings(project, text, strict=False)
    (found,) = [one for one in before if one.severity == "error"]
    assert found.code in ("M001", "M007") and len(found.fixes) == 1, found
    survives(project, text, found, before, strict=False)


# Nobody knows what was meant: two texts would do, or what is written may be a secret.
NO_TEXT = {
    "an anchor twice that is used": (
        WHEN,
        "    description: &it Paid\n    x-a: &it Other\n    x-b: *it\n" + WHEN,
    ),
    "a secret that begins with a sign": (
        "{ secret: { env: STRIPE_WEBHOOK_SECRET } }",
        "\n    secret: @hush",
    ),
    "text behind an expression in quotes": (CURRENCY, f"{CURRENCY} | trim"),
    "a tab that may stand for two depths": (
        WHEN,
        "    x-a:\n      x-b:\n        c: 1\n\td: 2\n" + WHEN,
    ),
}


@pytest.mark.parametrize("name", NO_TEXT)
def test_what_may_be_meant_in_two_ways_is_not_mended(project, name):
    """The help says what is wrong; a program is given no text to put in."""
    old, new = NO_TEXT[name]
    assert old in README
    found = findings(project, README.replace(old, new, 1), strict=False)
    assert [one.code for one in found if one.severity == "error"] == ["M001"], found
    assert not found[0].fixes and found[0].help, found


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", OVER_LINES)
def test_a_text_over_several_lines_is_mended_in_its_line(project, name, wrong):
    """What is proposed for an expression in it is put where the mistake is, and survives."""
    if name == "in single quotes":
        wrong = wrong.replace("'", "''")
    if name == "in double quotes":
        wrong = wrong.replace('"', '\\"')
    text = README.replace(CURRENCY, OVER_LINES[name].format(wrong), 1)
    before = findings(project, text, strict=False)
    assert any(one.fixes for one in before) or "''" in wrong or "\\" in wrong, before
    for finding in before:
        survives(project, text, finding, before, strict=False)


@pytest.mark.parametrize("sign", ['"', "'"])
def test_a_text_that_its_quotes_would_end_is_not_proposed(project, sign):
    """`'5'` cannot be written into single quotes as it is; into double quotes it can."""
    other = "'" if sign == '"' else '"'
    value = f"{other}a{other} if (inv.id | upper)\n        == 5 else {other}b{other}"
    text = README.replace(CURRENCY, f"{sign}{{{{ {value} }}}}{sign}", 1)
    before = findings(project, text, strict=False)
    (found,) = [one for one in before if one.code == "E205"]
    assert "write '5'" in found.help and bool(found.fixes) == (sign == '"')
    survives(project, text, found, before, strict=False)


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_of_many_findings_is_mended_by_what_it_proposes(project, name):
    """What is proposed for it takes it away; what it hid may be told then."""
    old, new, _ = CAUSES[name]
    text = README.replace(old, new, 1)
    for finding in findings(project, text, strict=False):
        for fix in finding.fixes:
            after = findings(project, applied(text, fix), strict=False)
            assert what(finding) not in map(what, after), (fix, after)


def test_the_same_source_twice_is_told_with_how_to_name_the_first(project):
    """A second file names the source of the first: what the help says can be written there."""
    (project / "other.yaml").write_text(
        README.replace(RULE, RULE.replace("paid-invoice", "other"))
        .split("tests:")[0]
        .replace("  vambe-cl:", "  vambe-2:")
        .replace("connection: vambe-cl", "connection: vambe-2")
    )
    (project / "shop.yaml").write_text(README)
    [found] = [one for one in load(project, {}).findings if one.code == "M104"]
    assert found.help.startswith("write source: stripe ")
    text = (project / found.place.file).read_text()
    block = text[text.index("source:") : text.index("connections:")]
    (project / found.place.file).write_text(text.replace(block, "source: stripe\n"))
    left = [one.code for one in load(project, {}).findings]
    (project / "other.yaml").unlink()
    assert not [code for code in left if not code.startswith("W")]


def test_no_fix_writes_anew_what_is_never_shown(project):
    """A secret that stands where its reference should is in no fix, whatever else is wrong with it."""
    for secret in ("!!str hush", "[hush]", '"hush"', "{ ENV: hush }", "hush #hush"):
        text = README.replace("{ env: VAMBE_API_KEY }", secret, 1)
        found = findings(project, text, strict=False)
        assert found
        assert not any("hush" in f"{one.help} {one.fixes}" for one in found), secret
