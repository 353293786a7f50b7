"""Payments and shops: what is one event and what is two where a sender gives no id, and who is answered how."""

from dataclasses import replace

import pytest
from provider_cases import NOW, recordings, with_header

from bridge import providers
from bridge.model import Request
from bridge.secret import Secret


def recorded(name):
    (case,) = [case for case in recordings() if str(case) == name]
    return case


def changed(case, old, new):
    assert old in case.request.body
    return replace(case.request, body=case.request.body.replace(old, new))


@pytest.mark.parametrize(
    "name, old, new",
    [
        ("paystack/charge.success__card", b"09:41:07", b"09:52:00"),
        ("paystack/subscription.create__without_id", b'"active"', b'"attention"'),
        ("lemonsqueezy/subscription_updated__test_mode", b"08:00:41", b"09:00:00"),
        ("kushki/SALE.APPROVAL__card", b'"APPROVAL"', b'"INITIALIZED"'),
        ("woocommerce/order.updated__usual", b'"id":10442', b'"id":10443'),
        ("woocommerce/order.updated__usual", b'"processing"', b'"on-hold"'),
        ("woocommerce/product.deleted__id_only", b"93", b"94"),
    ],
)
def test_two_updates_are_two_events(name, old, new):
    """Where the sender gives no id of its own, or one that two objects share, what changed still tells them apart."""
    case = recorded(name)
    (first,), (second,) = case.events(), case.events(changed(case, old, new))
    assert first.event_id != second.event_id


def test_one_action_at_shopify_is_one_event_for_each_topic():
    """orders/create and orders/paid of one action carry the same event id."""
    case = recorded("shopify/orders_paid__usual")
    created = with_header(case.request, "X-Shopify-Topic", "orders/create")
    (first,), (second,) = case.events(), case.events(created)
    assert first.event_id != second.event_id


@pytest.mark.parametrize(
    "name, old, new",
    [
        ("lemonsqueezy/order_created__custom_data", b"=0000example", b"=9999example"),
        ("lemonsqueezy/order_created__custom_data", b"000000010442", b"000000010443"),
        ("paddle/transaction.completed__usual", b"notice0002", b"notice0009"),
    ],
)
def test_a_retry_of_another_body_is_the_same_event(name, old, new):
    """New links and new numbers of the notification make no new event, and no conflict."""
    case = recorded(name)
    (first,), (again,) = case.events(), case.events(changed(case, old, new))
    assert (first.event_id, first.digest) == (again.event_id, again.digest)


@pytest.mark.parametrize(
    "name, header, value",
    [
        ("kushki/SALE.APPROVAL__card", "X-Kushki-Id", "1773309999000"),
        ("square/refund.created__retried", "square-retry-number", "2"),
        ("shopify/orders_paid__usual", "X-Shopify-Hmac-Sha256", "b3RoZXI="),
    ],
)
def test_a_retry_under_other_headers_is_the_same_event(name, header, value):
    """Time and number of the try stand in headers that are no part of the id."""
    case = recorded(name)
    again = case.events(with_header(case.request, header, value))
    assert again == case.events()


@pytest.mark.parametrize(
    "name, body, content",
    [
        ("kushki", b'{"a": 1}', "application/json"),
        ("woocommerce", b'{"id": 1}', "application/json"),
        ("woocommerce", b"{}", "application/json; charset=utf-8"),
    ],
)
def test_only_the_check_of_the_url_is_answered_unproven(name, body, content):
    """Whatever could be an event has to be signed."""
    headers = (("Content-Type", content), ("Content-Length", str(len(body))))
    unsigned = Request(
        method="POST", target="/hooks/x", headers=headers, body=body, received_at=NOW
    )
    provider = providers.get(name)
    assert providers.handshake(provider, unsigned, [Secret("s")]) is None


@pytest.mark.parametrize("name", ["asaas", "flutterwave", "lemonsqueezy", "kushki"])
def test_senders_that_take_200_alone_are_answered_200(name):
    """202, the bridge's own word for a new event, is a failure there."""
    for kind in ("accepted", "duplicate"):
        assert providers.answer(providers.get(name), kind).status == 200
