"""How the packages of the other senders are asked: `…_believes(case, request)`, `…_signs(case)`."""

from urllib.parse import parse_qs

from judging import STAMP, head, key, module, text
from provider_cases import NOW, URL, with_header


def standard(name):
    """What Standard Webhooks' package and Svix's ask and sign with, which have one interface."""

    def hook(case):
        return module(f"{name}.webhooks").Webhook(key(case))

    def believes(case, request):
        hook(case).verify(request.body, dict(_lower(request)))

    def signs(case):
        family = "svix" if case.request.values("svix-id") else "webhook"
        request = with_header(case.request, f"{family}-timestamp", STAMP)
        proof = hook(case).sign(head(request, f"{family}-id"), NOW, text(request))
        return with_header(request, f"{family}-signature", f"v1a,AAAA {proof}")

    return believes, signs


def _lower(request):
    """The package standardwebhooks reads webhook-…, which Svix writes svix-…; the rest is the same."""
    for name, value in request.headers:
        yield name.lower().replace("svix-", "webhook-"), value


def github_believes(case, request):
    module("gidgethub.sansio").validate_event(
        request.body, signature=head(request, "X-Hub-Signature-256"), secret=key(case)
    )


def hubspot_believes(case, request):
    version, header, stamp = _hubspot_version(case, request)
    return module("hubspot.utils.signature").Signature.is_valid(
        head(request, header),
        key(case),
        text(request),
        URL + request.target,
        request.method,
        version,
        stamp,
    )


def hubspot_signs(case):
    request = with_header(case.request, "X-HubSpot-Request-Timestamp", f"{STAMP}000")
    version, header, stamp = _hubspot_version(case, request)
    make = module("hubspot.utils.signature").Signature.get_signature
    url = URL + request.target
    made = make(key(case), text(request), version, url, request.method, stamp)
    return with_header(request, header, made)


def _hubspot_version(case, request):
    version = {"hubspot": "v3"}.get(case.name, case.name[-2:])
    header = "X-HubSpot-Signature" + ("-v3" if version == "v3" else "")
    return version, header, head(request, "X-HubSpot-Request-Timestamp")


def sendgrid_believes(case, request):
    armour = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    pem = key(case).replace(armour[0], "").replace(armour[1], "").strip()
    judge = module("sendgrid.helpers.eventwebhook").EventWebhook(pem)
    header = "X-Twilio-Email-Event-Webhook-"
    return judge.verify_signature(
        text(request),
        head(request, header + "Signature"),
        head(request, header + "Timestamp"),
    )


def slack_believes(case, request):
    judge = module("slack_sdk.signature").SignatureVerifier(key(case))
    return judge.is_valid_request(request.body, dict(request.headers))


def slack_signs(case):
    judge = module("slack_sdk.signature").SignatureVerifier(key(case))
    request = with_header(case.request, "X-Slack-Request-Timestamp", STAMP)
    made = judge.generate_signature(timestamp=STAMP, body=request.body)
    return with_header(request, "X-Slack-Signature", made)


class Form(dict):
    """A form as frameworks give it to the package twilio: several values under one name."""

    getlist = dict.__getitem__


def _twilio_parts(request):
    """The package takes a form's fields, or the text of a JSON body."""
    if "json" in head(request, "Content-Type"):
        return URL + request.target, text(request)
    return URL + request.target, Form(parse_qs(text(request), keep_blank_values=True))


def twilio_believes(case, request):
    judge = module("twilio.request_validator").RequestValidator(key(case))
    url, sent = _twilio_parts(request)
    return judge.validate(url, sent, head(request, "X-Twilio-Signature"))


def twilio_signs(case):
    judge = module("twilio.request_validator").RequestValidator(key(case))
    url, sent = _twilio_parts(case.request)
    made = judge.compute_signature(url, {} if isinstance(sent, str) else sent)
    return with_header(case.request, "X-Twilio-Signature", made)
