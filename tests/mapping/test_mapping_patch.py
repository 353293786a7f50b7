"""`patch` of a test changes one value of a recorded request and leaves the others as they are."""

from datetime import UTC, datetime

import pytest

from bridge import providers
from bridge.mapping.patch import patched
from bridge.model import Request

GENERIC = providers.get("generic")


def request(body, kind):
    return Request(
        method="POST",
        target="/hooks/erp",
        headers=(("Content-Type", kind),),
        body=body,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_a_form_keeps_its_other_fields():
    """Also those that are empty, or there several times."""
    form = request(b"a=1&tag=x&tag=y&note=", "application/x-www-form-urlencoded")
    changed = patched(form, GENERIC, {"event.a": "2"})
    assert changed.body == b"a=2&tag=x&tag=y&note="


def test_a_path_that_leads_nowhere_is_refused():
    """It would test something that the sender never sends."""
    body = request(b'{"a": {"b": 1}}', "application/json")
    with pytest.raises(ValueError, match="nothing at 'c'"):
        patched(body, GENERIC, {"event.c.d": 1})
