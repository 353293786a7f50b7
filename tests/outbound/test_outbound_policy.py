"""Where calls may go: public addresses by TLS, allowed networks, and nothing else, however it is written."""

from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import CallRefused
from bridge.outbound import Target
from bridge.outbound.networks import Policy, special_kind

REFUSED = {
    "0.0.0.0": "an unspecified",
    "10.0.0.1": "a private",
    "100.64.0.1": "a carrier-grade NAT",
    "127.0.0.1": "a loopback",
    "127.255.255.254": "a loopback",
    "169.254.169.254": "a link-local",
    "172.31.255.255": "a private",
    "192.0.0.8": "a reserved",
    "192.88.99.1": "a 6to4 relay",
    "192.168.0.1": "a private",
    "198.19.0.1": "a benchmarking",
    "203.0.113.9": "a documentation",
    "224.0.0.1": "a multicast",
    "255.255.255.255": "a reserved",
    "::": "an unspecified",
    "::1": "a loopback",
    "::7f00:1": "a reserved",
    "::ffff:127.0.0.1": "an IPv4-mapped",
    "::ffff:8.8.8.8": "an IPv4-mapped",
    "64:ff9b::7f00:1": "a NAT64",
    "64:ff9b:1::a00:1": "a NAT64",
    "100::1": "a reserved",
    "2001::1": "a Teredo",
    "2001:db8::1": "a documentation",
    "2002:7f00:1::": "a 6to4",
    "fc00::1": "a private",
    "fd12:3456::1": "a private",
    "fe80::1%eth0": "a link-local",
    "fec0::1": "a reserved",
    "ff02::1": "a multicast",
    "4000::1": "a reserved",
}
PUBLIC = ("8.8.8.8", "93.184.216.34", "100.63.255.255", "172.32.0.1", "2606:4700::1")


@pytest.mark.parametrize(("address", "kind"), REFUSED.items())
def test_special_addresses_are_refused(address, kind):
    """Each special range is refused by its name, with the way to allow it."""
    with pytest.raises(CallRefused, match=f"{kind} .*BRIDGE_ALLOWED_NETWORKS"):
        Policy().check("vendor.test", [ip_address(address)], encrypted=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached_by_tls_alone(address):
    """A public address is fine with TLS; without it credentials would travel in the clear."""
    Policy().check("vendor.test", [ip_address(address)], encrypted=True)
    with pytest.raises(CallRefused, match="use https in base_url"):
        Policy().check("vendor.test", [ip_address(address)], encrypted=False)


def test_allowed_networks_widen_the_policy():
    """What the operator allowed is reached with or without TLS, and nothing beside it."""
    policy = Policy(allowed=(ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    inside = [ip_address("10.1.2.3"), ip_address("fd00::9")]
    policy.check("erp.test", inside, encrypted=False)
    with pytest.raises(CallRefused):
        policy.check("erp.test", [ip_address("10.2.0.1")], encrypted=True)


def test_one_bad_address_spoils_the_name():
    """A name with a public and a private address is refused whole: which one is dialled must not matter."""
    mixed = [ip_address("8.8.8.8"), ip_address("10.0.0.1")]
    with pytest.raises(CallRefused):
        Policy().check("vendor.test", mixed, encrypted=True)


@given(st.ip_addresses())
def test_nothing_that_the_standard_library_calls_private_is_public(address):
    """Our ranges hold at least everything that ipaddress knows as not global."""
    if not address.is_global or address.is_multicast:
        assert special_kind(address)


@given(st.ip_addresses(v=4))
def test_no_address_hides_inside_another(address):
    """An IPv4 address in any IPv6 wrapping is refused."""
    number = int(address)
    for base, shift in (("::ffff:0:0", 0), ("64:ff9b::", 0), ("::", 0), ("2002::", 80)):
        wrapped = IPv6Address(int(IPv6Address(base)) | number << shift)
        assert special_kind(wrapped)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7f.0x0.0x0.0x1",
        "017700000001",
        "0177.0.0.01",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "169.254.169.254",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_odd_forms_of_inner_addresses_are_refused(serve, strict, call, host, scheme):
    """However an inner address is written, the call is refused before a connection is opened."""
    server = serve()
    target = Target(vendor="http", base_url=f"{scheme}://{host}:{server.port}")
    answer = strict.send(call, target)
    assert (answer.kind, answer.sent) == ("policy", False), answer.message
    assert server.connections == 0


def test_ipv6_is_spoken(strict, call, monkeypatch):
    """A bracketed IPv6 literal is dialled as the address it is."""
    dialled = []

    def refuse(address, timeout):
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", refuse)
    target = Target(vendor="http", base_url="https://[2606:4700::1111]:8443/v1")
    answer = strict.send(call, target)
    assert (answer.kind, answer.sent) == ("refused", False)
    assert dialled == [("2606:4700::1111", 8443)]
