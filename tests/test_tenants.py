"""Tenants and accounts: one address is one tenant however it is spelt, and nothing else makes another."""

import pytest

from bridge import tenants, vendors
from bridge.model import Connection, SecretRef

TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


def named(vendor="vambe", auth="K", environ=None, name="c", **options):
    secret = {vendors.get(vendor).auth[0].name: SecretRef(kind="env", name=auth)}
    one = Connection(name=name, vendor=vendor, options=options, auth=secret)
    return tenants.named(one, environ or {})


def lane(ticket, operation="vambe.update_amount", **options):
    found = vendors.operation(operation)
    one = named(found.vendor, **options)
    if tenants.by_path(found):
        return tenants.path_lane(*tenants.root(one, {}), ticket)
    return f"{one.tenant}/{tenants.key(ticket)}"


@pytest.mark.parametrize(
    "spelling",
    [
        "https://api.vambe.me",
        "https://api.vambe.me/",
        "https://API.Vambe.ME",
        "https://api.vambe.me:443",
        "https://api.vambe.me:0443//",
        "https://api.vambe.me./",
        "http://api.vambe.me",
        "http://api.vambe.me:80/",
    ],
)
def test_spellings_of_one_address_are_one_tenant(spelling):
    """Case, usual ports, closing slashes and dots, and the vendor's own address that nobody writes."""
    assert named(base_url=spelling).tenant == named().tenant


@pytest.mark.parametrize(
    "other",
    [
        "https://api.vambe.me:8443",
        "https://api.vambe.me/test",
        "https://test.vambe.me",
    ],
)
def test_another_address_is_another_tenant(other):
    """A port, a path or a host of its own."""
    assert named(base_url=other).tenant != named().tenant


def test_what_a_vendor_calls_its_address_is_the_same_written_out():
    """A subdomain, a host and a base URL may say one thing; so may a reference to any of them."""
    acme = named("kapture", subdomain="acme").tenant
    ref = SecretRef(kind="env", name="SUB")
    assert named("kapture", subdomain="ACME").tenant == acme
    assert named("kapture", base_url="https://acme.kapturecrm.com/").tenant == acme
    assert named("kapture", environ={"SUB": "acme"}, subdomain=ref).tenant == acme
    assert named("kapture", environ={"SUB": "other"}, subdomain=ref).tenant != acme
    assert named("getfly", host="a.getflycrm.com").tenant == (
        named("getfly", base_url="https://A.getflycrm.com").tenant
    )


def test_a_file_that_holds_the_address_is_read(tmp_path):
    """As when the call is sent."""
    (tmp_path / "url").write_text("https://api.vambe.me/\n")
    ref = SecretRef(kind="file", name=str(tmp_path / "url"))
    assert named(base_url=ref).tenant == named().tenant


def test_an_address_that_is_not_known_is_known_by_its_reference():
    """So two of one reference stay together, and no two others are mixed up."""
    one, same, other = (
        named("kapture", subdomain=SecretRef(kind="env", name=name))
        for name in ("A", "A", "B")
    )
    assert one.tenant == same.tenant != other.tenant
    assert not tenants.resolved(one, {}) and tenants.resolved(one, {"A": "acme"})


def test_rate_name_and_credential_make_no_other_tenant():
    """Only the credential makes another account."""
    one = named()
    for other in (named(rate=5, timeout=3), named(name="d"), named(country="CL")):
        assert other.identity == one.identity
    own = named(auth="OTHER")
    assert own.tenant == one.tenant and own.account != one.account
    header = named(headers={"x-token": SecretRef(kind="env", name="T")})
    assert header.tenant == one.tenant and header.account != one.account


def test_nothing_of_an_address_is_shown():
    """A base URL may be a secret, as of an incoming web hook."""
    url = "https://hooks.example.com/services/T0/canary"
    ref = SecretRef(kind="env", name="URL")
    found = named("http", environ={"URL": url}, base_url=ref)
    shown = (*found.identity, *tenants.root(found, {"URL": url})[:1])
    made = tenants.path_lane(*tenants.root(found, {"URL": url}), "/x")
    assert "canary" not in "".join((*shown, made))


def test_one_ticket_has_one_lane():
    """UUIDs in any case, blanks around an identifier."""
    assert lane(TICKET) == lane(TICKET.upper()) == lane(f" {TICKET} ")
    assert lane("4711") != lane("4712")
    assert lane("AbC") != lane("aBc")  # identifiers of other systems may differ by that


def test_a_path_is_one_lane_wherever_the_base_url_ends():
    """`/v1` may stand in the base URL or in the path of the rule."""
    made = {
        lane("/t/7", "http.request", base_url="https://h.example.com/v1"),
        lane("/v1/t/7", "http.request", base_url="https://h.example.com"),
        lane("/v1/t/7/", "http.request", base_url="https://H.example.com:443/"),
    }
    assert len(made) == 1
    assert lane("/t/7", "http.request", base_url="https://h.example.com") not in made
    escaped = {
        lane(path, "http.request", base_url="https://h.example.com")
        for path in ("/t/a%2fb", "/t/a%2Fb")
    }
    assert len(escaped) == 1
