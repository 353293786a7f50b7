"""Independent judges: the senders' own packages and verify() believe the same requests, whoever signed them.

Which packages there are: judges.py. One that is not installed is named at the end of the run; `make test-sdk` installs
all of them.
"""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import agreement
import keyrings
import pytest
from judges import INSTALLED, JUDGES
from judges_payments import challenge
from provider_cases import NOW, URL, greetings, refused
from tampering import proof_of, with_proof

from bridge import providers

ASKED = [
    pytest.param(judge, case, id=f"{judge}-{case}")
    for judge in INSTALLED
    for case in judge.cases()
]
(BRAINTREE,) = [judge for judge in JUDGES if judge.package == "braintree"]
SIGNING = [one for one in ASKED if one.values[0].signs]
AT_MOST = 40  # places in a body that are changed, evenly spread


@pytest.fixture(autouse=True)
def now(time_machine):
    """Packages read the clock themselves."""
    time_machine.move_to(NOW, tick=False)


@pytest.mark.parametrize("judge, case", ASKED)
def test_a_package_believes_what_we_sign(judge, case):
    """Each recording, signed by its recipe, is accepted by the sender's own code."""
    assert judge.accepts(case, case.signed())


@pytest.mark.parametrize("judge, case", SIGNING)
def test_we_believe_what_a_package_signs(judge, case):
    """Each recording, signed by the sender's own code, is accepted by its recipe."""
    assert case.verify(judge.signs(case)).secret == 0


@pytest.mark.parametrize("judge, case", ASKED)
def test_what_a_package_refuses_we_refuse(judge, case):
    """A changed digit of the body or character of the proof is never taken where the sender's own code refuses it."""
    changed = [one for one in _changed(case) if not judge.accepts(case, one)]
    assert changed
    for request in changed:
        refused(case, request)


@pytest.mark.parametrize("judge, case", ASKED)
def test_a_package_and_we_refuse_another_secret(judge, case):
    """What is signed with another secret is refused by both."""
    secret = keyrings.private(case.recipe, "the other")
    request = providers.sign(
        case.provider, case.request, secret, now=NOW, public_url=URL
    )
    assert not judge.accepts(case, request)
    refused(case, request)


def test_what_agreed_is_written_down():
    """docs/senders/agreement.yaml has each judge with its senders, and no other; `make test-sdk` writes it."""
    known = {
        package: (row["providers"], row["signs"])
        for package, row in agreement.written().items()
    }
    assert known == {
        judge.package: ([*judge.providers], bool(judge.signs)) for judge in JUDGES
    }


if BRAINTREE.installed:

    def test_a_check_of_the_url_is_answered_as_the_package_does():
        """Braintree's package and the bridge give one answer to one question."""
        (case,) = [one for one in greetings() if one.name in BRAINTREE.providers]
        (question,) = parse_qs(urlsplit(case.request.target).query)["bt_challenge"]
        found = providers.handshake(case.provider, case.request, [case.secret])
        assert found.body.decode() == challenge(case, question)


def _changed(case):
    signed = case.signed()
    proof = proof_of(case, signed)
    yield with_proof(case, signed, proof[:-5] + "AAAAA")
    digits = [i for i, byte in enumerate(signed.body) if chr(byte).isdecimal()]
    for i in digits[:: len(digits) // AT_MOST + 1]:
        other = b"1" if signed.body[i : i + 1] == b"2" else b"2"
        yield replace(signed, body=signed.body[:i] + other + signed.body[i + 1 :])
