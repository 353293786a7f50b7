"""docs/adding-a-provider.md does what it shows: its files, placed as it says, make a provider."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge import providers
from bridge.errors import NotVerified
from bridge.secret import Secret
from bridge.strict import http, yaml
from bridge.strict.paths import dig

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-provider.md"
BLOCK = re.compile(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
SECRET = Secret("pdl_ntfset_a_secret")


@pytest.fixture
def house(tmp_path):
    """The page's files at the paths that it gives them."""
    for path, text in BLOCK.findall(PAGE.read_text("utf-8")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def paddle(house):
    return providers.load(house / "bridge/providers/data")["paddle"]


@pytest.fixture
def recording(house):
    (path,) = (house / "tests/payloads/paddle").glob("*.http")
    return http.parse(path.read_bytes(), NOW)


def verify(paddle, request, now=NOW):
    return providers.verify(paddle, request, [SECRET], now=now, public_url=None)


def test_the_page_makes_a_provider_that_reads_as_it_says(house, paddle, recording):
    """The data file is found by listing its folder; the recording, signed anew, reads as expected.yaml says."""
    signed = providers.sign(paddle, recording, SECRET, now=NOW, public_url=None)
    (event,) = providers.read(paddle, "paddle", verify(paddle, signed))
    text = (house / "tests/payloads/paddle/expected.yaml").read_text("utf-8")
    ((expected,),) = yaml.plain(yaml.compose(text, "expected.yaml")[0]).values()
    assert (event.event_id, event.type) == (expected["id"], expected["type"])
    assert event.occurred_at.isoformat()[:23] + "Z" == expected["time"]
    for path, value in expected["payload"].items():
        assert dig(event.payload, path.split(".")) == value
    assert (
        providers.load(house / "bridge/providers/data")["paddle"].money.amounts
        == "minor"
    )


def test_the_recipe_of_the_page_refuses_what_paddle_did_not_send(paddle, recording):
    """The recorded signature, another moment and another body are refused."""
    signed = providers.sign(paddle, recording, SECRET, now=NOW, public_url=None)
    for request, now in (
        (recording, NOW),
        (signed, NOW + timedelta(seconds=301)),
        (http.parse(http.write(signed) + b" ", NOW), NOW),
    ):
        with pytest.raises(NotVerified):
            verify(paddle, request, now)


def test_the_recording_of_the_page_is_whole(recording):
    """Its Content-Length is that of its body, so nothing was cut or added by the page."""
    assert recording.values("content-length") == (str(len(recording.body)),)


def test_every_key_is_on_the_page():
    """A key of `verify:` or `event:` that the page does not explain does not exist for its reader."""
    tables = PAGE.read_text("utf-8").partition("## Keys")[2]
    explained = set(re.findall(r"`([a-z_]+)`", tables))
    for schema in (providers.recipe_schema.RecipeSchema, providers.schema.EventSchema):
        assert set(schema().fields) <= explained
