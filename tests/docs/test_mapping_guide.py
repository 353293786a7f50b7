"""docs/mapping-files.md and docs/cookbook.md are true: samples load, their tests pass, commands print what is shown."""

import re
from itertools import product

import pytest
from mapping_pages import (
    COOKBOOK,
    GUIDE,
    LOOK_UPS,
    PAGES,
    REFERENCE,
    ROOT,
    played,
    sections,
)

from bridge import mapping, vendors
from bridge.mapping.expressions import (
    Budget,
    ExpressionError,
    Scope,
    compile_expression,
    same,
)
from bridge.mapping.form.allow_shape import AllowShape
from bridge.mapping.form.rule_shape import (
    ForEachShape,
    OrderingShape,
    ResponseShape,
    RetriesShape,
    RuleShape,
)
from bridge.mapping.form.schema import CaseShape, FileShape
from bridge.mapping.form.source_shape import FetchShape, SourceShape
from bridge.mapping.reading.cases import CALL_KEYS, WORDS
from bridge.strict import json

SECTIONS = [(page, part) for page in PAGES for part in sections(page)]
PROJECTS = [part for _, part in SECTIONS if part.files]
RECIPES = [part for page, part in SECTIONS if page in (COOKBOOK, LOOK_UPS)]
SESSIONS = [(part, one) for _, part in SECTIONS for one in part.sessions]


def name(value):
    return getattr(value, "title", "")


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_every_sample_is_a_whole_file(page):
    """A YAML block without a file name above it would be run by nobody."""
    files = [name for part in sections(page) for name in part.files]
    blocks = page.read_text("utf-8").count("\n```yaml\n")
    assert blocks == sum(name.endswith(".yaml") for name in files) > 0


@pytest.mark.parametrize("section", PROJECTS, ids=name)
def test_sample_has_no_findings(section, tmp_path):
    """Not even a warning, but for those that the section itself is about."""
    findings = mapping.load(section.write(tmp_path), {}).findings
    assert [found for found in findings if found.code not in section.text] == []


@pytest.mark.parametrize("section", PROJECTS, ids=name)
def test_sample_passes_its_own_tests(section, tmp_path):
    """Each test of each sample."""
    folder = section.write(tmp_path)
    for result in mapping.run_cases(mapping.load(folder, {}).usable(), folder):
        assert result.failures == (), result.case.name


@pytest.mark.parametrize("section", RECIPES, ids=name)
def test_recipe_is_tested_both_ways(section, tmp_path):
    """A recipe shows for each of its rules a test in which it sends, and one in which it does not."""
    ruleset = mapping.load(section.write(tmp_path), {}).usable()
    sends = {
        (rule, not isinstance(outcome.value, str) and "error" not in outcome.keys)
        for case in ruleset.cases
        for rule, outcome in case.expect.items()
    }
    silent = {
        (rule.id, False)
        for rule in ruleset.rules
        for case in ruleset.cases
        if rule.id not in case.expect and case.source == rule.source
    }
    ids = [rule.id for rule in ruleset.rules]
    assert sends | silent >= set(product(ids, (True, False)))


def test_there_is_a_recipe_for_every_task():
    """The cookbook is worth opening: a dozen tasks at least, each with a mapping, a payload and a test."""
    assert len(RECIPES) >= 12
    assert all("given:" in "".join(part.files.values()) for part in RECIPES)


@pytest.mark.parametrize(
    ("section", "session"),
    SESSIONS,
    ids=[f"{part.title}-{one.commands[0][0]}" for part, one in SESSIONS],
)
def test_commands_print_what_is_shown(section, session):
    """To the letter, but for seconds: python tests/docs/mapping_pages.py brings the pages up to date."""
    assert str(session) == str(played(section, session))


def expressions_shown():
    """The lines `expression  →  value` of the guide, with what `event` is in them."""
    [block] = re.findall(r"```text\nevent = (.*?)```", GUIDE.read_text("utf-8"), re.S)
    event, _, lines = block.partition("\n\n")
    return event, [line.split("  →  ") for line in lines.splitlines()]


@pytest.mark.parametrize(("source", "gives"), expressions_shown()[1], ids=str)
def test_expressions_give_what_is_shown(source, gives):
    """Or fail with the code that is shown."""
    scope = Scope(names={"event": json.loads(expressions_shown()[0].encode())})
    if gives.startswith("error "):
        with pytest.raises(ExpressionError) as caught:
            compile_expression(source).evaluate(scope)
        assert f"error {caught.value.code}" == gives
    else:
        expected = compile_expression(gives).evaluate(scope)
        assert same(compile_expression(source).evaluate(scope), expected, Budget())


SHAPES = {
    "Keys of a file": FileShape,
    "Keys of a source": SourceShape,
    "Keys of `allow`": AllowShape,
    "Keys of `fetch`": FetchShape,
    "Keys of a rule": RuleShape,
    "Keys of `for_each`": ForEachShape,
    "Keys of `ordering`": OrderingShape,
    "Keys of `retries`": RetriesShape,
    "Keys of `responses`": ResponseShape,
    "Keys of a test": CaseShape,
}


def keys_listed(title):
    """The names in the first column of the table under a heading."""
    part = (
        REFERENCE.read_text("utf-8").partition(f"### {title}\n")[2].partition("\n#")[0]
    )
    cells = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`([\w.*-]+)", cell)}


@pytest.mark.parametrize("title", SHAPES)
def test_reference_lists_the_keys(title):
    """All keys that a file may hold are in the reference's tables, and no other."""
    assert keys_listed(title) - {"x-*"} == set(SHAPES[title]().keys)


def test_reference_lists_outcomes():
    """Everything that a test can expect of a call."""
    assert keys_listed("Outcomes of a test") == {*WORDS, *CALL_KEYS, "error"}


def test_reference_lists_targets():
    """Every operation of every vendor."""
    names = {
        operation.name
        for vendor in map(vendors.get, vendors.names())
        for operation in vendor.operations
    }
    assert keys_listed("Targets") == names


def test_reference_lists_every_look_up():
    """That no rule can have; http.request stands with the targets."""
    asking = {operation.name for operation in vendors.look_ups()} - {"http.request"}
    assert keys_listed("Look-ups") == asking


def test_reference_lists_connection_options_and_schemes():
    """Of every vendor."""
    kinds = [vendors.get(name) for name in vendors.names()]
    options = {key for vendor in kinds for key in vendor.options().fields}
    schemes = {scheme.name for vendor in kinds for scheme in vendor.auth}
    assert keys_listed("Keys of a connection") == {*options, "vendor", "auth"}
    assert keys_listed("Schemes of `auth`") == schemes


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_codes_on_the_page_exist(page):
    """`bridge explain` knows every code that a page names."""
    named = set(re.findall(r"\b[MEATW]\d{3}\b", page.read_text("utf-8")))
    assert named <= set(mapping.CODES)


def anchors(page):
    """GitHub's anchors of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
    }


INDEX = [ROOT / "docs" / f"{name}.md" for name in ("index", "compared", "glossary")]
LINKED = [*PAGES, REFERENCE, *INDEX, ROOT / "docs" / "deploying.md"]


@pytest.mark.parametrize("page", LINKED, ids=lambda it: it.name)
def test_links_lead_somewhere(page):
    """To a file of the repository and to a heading that it has."""
    for target in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_the_readme_leads_here():
    """A reader finds the pages."""
    readme = (ROOT / "README.md").read_text("utf-8")
    for page in ("mapping-files", "helpers", "cookbook"):
        assert f"](docs/{page}.md)" in readme


@pytest.mark.parametrize("page", [GUIDE, REFERENCE], ids=lambda it: it.name)
def test_a_long_page_begins_with_what_is_on_it(page):
    """Each heading that a reader may look for has its line, in order."""
    text = page.read_text("utf-8")
    level = "##" if page == GUIDE else "###"
    titles = re.findall(rf"^{level} (.*)$", text, re.MULTILINE)
    listed = re.findall(r"^- \[(.*)\]\(#", text, re.MULTILINE)
    assert listed == [title for title in titles if title != "On this page"]


def test_every_page_is_in_the_index():
    """By what a person wants to do; the senders' own pages stand in an index of theirs."""
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert [name for name in sorted(pages) if f"]({name}" not in index] == []


def test_the_comparison_is_dated():
    """What is said of others was so on a day."""
    page = (ROOT / "docs" / "compared.md").read_text("utf-8")
    assert re.search(r"As of \d+ \w+ 20\d\d", page)
