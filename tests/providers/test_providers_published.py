"""Independent judges: requests, keys and signatures that senders publish, or test their own libraries with."""

from dataclasses import replace

import pytest
from publishing import published

from bridge import providers
from bridge.errors import NotVerified
from bridge.strict import json

SIGNED = [one for one in published() if one.answer is None]
ANSWERED = [one for one in published() if one.answer is not None]


@pytest.mark.parametrize("one", SIGNED, ids=str)
def test_what_a_sender_publishes_is_accepted(one):
    """The sender's own example is believed as it is, and refused with another value."""
    assert one.verify(one.request).secret == 0
    assert one.changed != one.request
    with pytest.raises(NotVerified):
        one.verify(one.changed)


@pytest.mark.parametrize("one", ANSWERED, ids=str)
def test_a_check_of_the_url_is_answered_as_published(one):
    """The sender's own question is answered as it expects."""
    found = providers.handshake(providers.get(one.provider), one.request, [one.secret])
    assert json.loads(found.body) == json.loads(one.answer.encode())


@pytest.mark.parametrize(
    "method, taken", [("GET", True), ("POST", False), ("HEAD", False)]
)
def test_the_method_is_signed_in_version_2_of_hubspot(method, taken):
    """A signature of a GET is no signature of another method."""
    (one,) = [one for one in SIGNED if one.provider == "hubspot-v2"]
    request = replace(one.request, method=method)
    if taken:
        assert one.verify(request).secret == 0
    else:
        with pytest.raises(NotVerified):
            one.verify(request)
