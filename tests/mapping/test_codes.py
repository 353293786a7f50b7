"""The catalogue: what `bridge explain` calls wrong gives exactly that code, and what it calls right does not."""

import re
import shutil
from pathlib import Path

import pytest
from code_examples import ENVIRON, EVENTS, FILES, PAYLOADS

from bridge.mapping import (
    CODES,
    ExpressionError,
    check_recorded,
    load,
    missing_secrets,
    read_recordings,
    route,
    run_cases,
)
from bridge.mapping.expressions import (
    Lazy,
    Scope,
    check_names,
    compile_expression,
    compile_template,
)
from bridge.strict.yaml import compose, plain


def written(folder, code, fragment):
    """The mappings folder that an example becomes."""
    root = folder / "mappings"
    root.mkdir(parents=True)
    shutil.copytree(PAYLOADS, folder / "tests/payloads/stripe")
    files = FILES[code](fragment)
    for name, text in (files if isinstance(files, dict) else {"a.yaml": files}).items():
        (root / name).parent.mkdir(exist_ok=True)
        if isinstance(text, Path):
            (root / name).symlink_to(text)
        else:
            (root / name).write_text(text)
    return root


def found(folder, code, fragment):
    """The codes that are found: errors for an error's code, and warnings for a warning's."""
    root = written(folder, code, fragment)
    environ = {**ENVIRON, **dict(re.findall(r"([A-Z_]+)=(\S*)", fragment))}
    if "without VAMBE_API_KEY" in fragment:
        del environ["VAMBE_API_KEY"]
    loaded = load(root, environ)
    codes = {one.code for one in loaded.findings}
    ruleset = loaded.ruleset
    if ruleset and code[0] in "AW":
        kind = "W402" if code == "W402" else "A402"
        codes |= {one.code for one in missing_secrets(ruleset, environ, code=kind)}
    if ruleset and code[0] in "EW":
        recordings = read_recordings(ruleset, root)
        codes |= {one.code for one in check_recorded(ruleset, recordings)}
        events = [event for events in recordings.by_source.values() for event in events]
        decisions = [one for event in events for one in route(event, ruleset)]
        codes |= {one.diagnostic.code for one in decisions if one.diagnostic}
    if ruleset and code[0] == "T":
        results = run_cases(ruleset, root)
        codes |= {one.diagnostic.code for result in results for one in result.failures}
    family = {one for one in codes if (one[0] == "W") == (code[0] == "W")}
    return family - ({"W601"} - {code})


def raised(source, event):
    """The code of the error that evaluating an expression raises."""
    try:
        expression = compile_expression(source.split("   #")[0])
        for error in check_names(expression, {"event"}):
            raise error
        expression.evaluate(Scope(names={"event": event}))
    except ExpressionError as error:
        return {error.code}
    return set()


@pytest.mark.parametrize("code", FILES)
def test_an_example_gives_its_code_and_its_correction_does_not(tmp_path, code):
    """In a small folder around them: the wrong example gives that one code, the right one nothing of its kind."""
    assert found(tmp_path / "wrong", code, CODES[code].wrong) == {code}
    assert found(tmp_path / "right", code, CODES[code].right) == set()


@pytest.mark.parametrize("code", EVENTS)
def test_an_example_of_an_expression_gives_its_code(code):
    """The language's own codes are raised where an expression is compiled or evaluated."""
    assert raised(CODES[code].wrong, EVENTS[code]) == {code}
    right = raised(CODES[code].right, EVENTS[code])
    assert code not in right


def test_an_empty_template_has_its_code():
    """E207 is about templates: what stands between the braces."""
    with pytest.raises(ExpressionError) as caught:
        compile_template(plain(compose(CODES["E207"].wrong, "a")[0])["comment"])
    assert caught.value.code == "E207"


def test_names_made_of_each_other_have_their_code():
    """E310 cannot be written in a file, where a name sees only those above it; the language refuses it all the same."""

    def value(example):
        names = plain(compose(example, "a")[0])["let"]
        scope = Scope(names={"event": {"a": 1}})
        made = {
            name: Lazy(lambda it=it: compile_template(it).evaluate(scope))
            for name, it in names.items()
        }
        scope.names = {**scope.names, **made}
        return made["b"].get()

    assert value(CODES["E310"].right) == 1
    with pytest.raises(ExpressionError) as caught:
        value(CODES["E310"].wrong)
    assert caught.value.code == "E310"


def test_every_code_has_an_example_that_is_tried():
    """A new code brings its example."""
    assert {*FILES, *EVENTS, "E207", "E310"} == set(CODES)
