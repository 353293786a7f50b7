"""The contract of proofs, over every recorded payload: whoever changes, drops or doubles what is signed is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest
from provider_cases import NOW, URL, cases, refused, with_header
from tampering import covered, covers_body, place_of, proof_of, with_proof, with_value

from bridge import providers
from bridge.errors import ConfigurationError
from bridge.secret import Secret
from bridge.strict import http

HASHED = [case for case in cases() if case.recipe.scheme in ("hmac", "digest")]
UNREADABLE = ("missing_part", "bad_signature", "unreadable_body", "doubled_part")


def test_recorded_signature_is_stale_or_of_another_secret(case):
    """The signature in a recording opens nothing."""
    assert refused(case, case.request) in ("wrong_signature", "stale")


def test_one_flipped_bit_in_the_body_is_refused(case):
    """First, middle and last byte are covered, wherever the whole body is signed."""
    signed = case.signed()
    positions = (0, len(signed.body) // 2, len(signed.body) - 1)
    for position in positions if covers_body(case) and signed.body else ():
        body = bytearray(signed.body)
        body[position] ^= 1
        assert refused(case, replace(signed, body=bytes(body))) in (
            "wrong_signature",
            "unreadable_body",
        )


def test_every_signed_value_is_needed_as_it_is(case):
    """A signed header, parameter or member of the body that is changed, dropped or doubled is refused."""
    signed = case.signed()
    items = case.recipe.items
    for place, value in covered(case, signed):
        changed = with_value(signed, place, value[:-1] + "~", items=items)
        assert refused(case, changed) == "wrong_signature"
        dropped = with_value(signed, place, items=items)
        assert value == "" or refused(case, dropped) in (*UNREADABLE, "wrong_signature")
        if place.kind in ("header", "query"):
            doubled = with_value(signed, place, value, value)
            assert refused(case, doubled) in ("doubled_part", "wrong_signature")


def test_the_signature_is_needed_once(case):
    """No signature, an empty one, the same twice, or two joined by a comma as a proxy does: all are refused.

    Joined by a comma is a form of its own where the sender lists bare signatures so, of which each is tried.
    """
    signed = case.signed()
    value = proof_of(case, signed)
    assert refused(case, with_proof(case, signed)) in (*UNREADABLE, "wrong_signature")
    assert refused(case, with_proof(case, signed, "")) in (
        *UNREADABLE,
        "wrong_signature",
    )
    assert refused(case, with_proof(case, signed, value, value)) in (
        *UNREADABLE,
        "wrong_signature",
    )
    joined = with_proof(case, signed, f"{value}, {value}")
    if case.recipe.split == "," and "," not in value:
        assert case.verify(joined).secret == 0
        return
    assert refused(case, joined) in (*UNREADABLE, "wrong_signature")


def test_a_header_under_an_alias_is_another_header(case):
    """Underscores never stand for hyphens, and a name is never cut."""
    signed, place = case.signed(), place_of(case)
    if place.kind != "header":
        return
    (value,) = signed.values(place.name)
    for alias in (place.name.replace("-", "_"), place.name + " ", "x-" + place.name):
        moved = with_header(with_header(signed, place.name), alias, value)
        if alias != place.name:
            assert refused(case, moved) in ("missing_part", "wrong_signature")


def test_a_label_does_not_choose_the_algorithm(case):
    """A right proof under the label of another algorithm or version is refused."""
    signed = case.signed()
    for label in ("sha1=", "v0=", "v1a,", "V2=", "sha512=", ""):
        assert refused(case, with_proof(case, signed, relabelled(case, signed, label)))


def relabelled(case, signed, label) -> str:
    """The proof under another label; never as it was."""
    value, recipe = proof_of(case, signed), case.recipe
    if recipe.field == "*":  # any name will do, so the label goes before the proof
        return value.replace(recipe.assign, recipe.assign + (label or "="))
    ours = recipe.prefix or (recipe.field and recipe.field + recipe.assign)
    changed = value.replace(ours, label) if ours else label + value
    return "=" + value if changed == value else changed


@pytest.mark.parametrize("case", HASHED, ids=str)
def test_another_algorithm_is_refused(case):
    """A proof made with the right secret and another hash is refused."""
    taken = {one.algorithm for one in case.provider.recipes}
    for algorithm in {"sha1", "sha256", "sha512"} - taken:
        recipe = replace(case.recipe, algorithm=algorithm)
        provider = replace(case.provider, recipe=recipe)
        signed = providers.sign(
            provider, case.request, case.secret, now=NOW, public_url=URL
        )
        assert refused(case, signed) == "wrong_signature"


def test_too_many_signatures_are_refused_whole(case):
    """10,000 candidates are refused, even when each of them is right."""
    signed = case.signed()
    separator = case.recipe.split or ","
    many = separator.join([proof_of(case, signed)] * 10_000)
    assert refused(case, with_proof(case, signed, many))


@pytest.mark.parametrize("case", [one for one in cases() if one.recipe.field], ids=str)
def test_sixteen_signatures_are_tried(case):
    """While a sender rotates, any of up to 16 signatures may be the right one."""
    recipe, signed = case.recipe, case.signed()
    value = proof_of(case, signed)
    zeros = {"hex": "00", "base64": "AAAA"}[recipe.encoding]
    wrong = recipe.field + recipe.assign + zeros
    many = recipe.split.join([*[wrong] * 15, value])
    assert case.verify(with_proof(case, signed, many)).secret == 0
    more = recipe.split.join([*[wrong] * 16, value])
    assert refused(case, with_proof(case, signed, more)) == "too_many_signatures"


def test_junk_where_the_signature_should_be_is_refused(case):
    """Nothing that can stand in a header raises anything but NotVerified."""
    signed = case.signed()
    value = proof_of(case, signed)
    for junk in ("é", "\x00", "\ud800", "٣", "v1=", ",", " ", "=" * 9_000):
        assert refused(case, with_proof(case, signed, junk))
        longer = value + junk if junk.strip(" ,") else junk
        assert refused(case, with_proof(case, signed, longer))


def test_the_wrong_secret_is_refused_and_the_second_one_accepted(case):
    """While the operator rotates, the position tells which secret still matches."""
    signed = case.signed()
    assert refused(case, signed, case.other) == "wrong_signature"
    assert case.verify(signed, case.other, case.secret).secret == 1


def test_the_secret_stands_in_no_event_and_in_no_kept_request(case):
    """What proves the sender is masked before anything is stored or logged."""
    signed, secret = case.signed(), case.secret.reveal()
    kept = http.write(providers.masked(case.provider, signed)).decode("latin-1")
    assert secret not in kept and secret not in repr(case.events(signed))
    assert (
        case.recipe.encoding == "text"
        or place_of(case).kind != "header"
        or (proof_of(case, signed) not in kept)
    )


def test_time_is_tolerated_to_the_second(case):
    """Up to the tolerance is accepted in both directions, one second more is refused."""
    signed = case.signed()
    stamp = case.recipe.timestamp
    for direction in (1, -1):
        if stamp is None:
            assert case.verify(signed, now=NOW + timedelta(days=direction))
            continue
        edge = NOW + direction * timedelta(seconds=stamp.tolerance)
        assert case.verify(signed, now=edge)
        beyond = edge + direction * timedelta(seconds=1)
        assert refused(case, signed, now=beyond) == "stale"


def test_an_empty_secret_opens_nothing(case):
    """An empty secret is the operator's fault and never verifies."""
    signed = case.signed()
    for secret in ("", " ", "\n"):
        with pytest.raises(ConfigurationError):
            case.verify(signed, Secret(secret))
