"""Keys of our own for senders that sign by public key, and where requests go."""

import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from running import NOW

from bridge import providers
from bridge.errors import ConfigurationError, SettingsError
from bridge.model import Request
from bridge.secret import Secret
from bridge.services import posting

URL = "https://bridge.example.com"
ASYMMETRIC = [
    {"scheme": "asymmetric", "header": "X-Sig", "algorithm": name}
    for name in ("ecdsa-p256", "rsa-sha256", "ed25519")
]
TLS = Path(__file__).parents[1] / "outbound" / "tls"
TOKENS = [{"scheme": "jwt", "algorithm": name} for name in ("RS256", "ES256")]


@pytest.mark.parametrize(
    "verify", [*ASYMMETRIC, *TOKENS], ids=lambda it: it["algorithm"]
)
def test_a_made_key_signs_what_its_public_key_proves(verify):
    """Each algorithm that a source may have gets a pair that fits it; the public key is read off the private one."""
    private, public = providers.key_pair(verify["algorithm"])
    assert providers.public_of(private) == public and "PRIVATE" not in public
    source = providers.configure(providers.get("generic"), verify=verify, event={})
    request = Request(
        method="POST", target="/hooks/erp", headers=(), body=b"{}", received_at=NOW
    )
    signed = providers.sign(source, request, Secret(private), now=NOW, public_url=URL)
    verified = providers.verify(
        source, signed, [Secret(public)], now=NOW, public_url=URL
    )
    assert verified.secret == 0


@pytest.mark.parametrize("text", ["", "no key", "\udcff"])
def test_what_is_no_private_key_is_said(tmp_path, text):
    """A file that holds something else is not used, and not written over."""
    path = tmp_path / "own.pem"
    path.write_text(text, "utf-8", "surrogateescape")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="private key in PEM"):
        posting.key_pair("ed25519", path)
    assert path.read_bytes() == before


def test_nobody_else_may_read_a_key_that_is_made(tmp_path):
    """It is there for its owner alone from the first moment."""
    path = tmp_path / "own.pem"
    private, public = posting.key_pair("ed25519", path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert posting.key_pair("ed25519", path) == (private, public)


def test_a_header_that_cannot_be_sent_is_named_without_its_value():
    """A secret with a line break at its end is the operator's to mend; the sentence does not show it."""
    headers = (("X-Token", "hunter2\n"),)
    request = Request(
        method="POST", target="/hooks/erp", headers=headers, body=b"", received_at=NOW
    )
    with pytest.raises(ConfigurationError, match="X-Token") as caught:
        posting.post("http://127.0.0.1:1", request)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:x", "http://[::1"])
def test_an_address_that_is_none_is_said(url):
    """Whatever a URL is that nothing can be sent to, it is one error, and no traceback."""
    request = Request(
        method="POST", target="/hooks/erp", headers=(), body=b"{}", received_at=NOW
    )
    with pytest.raises(posting.Unreachable):
        posting.post(url, request)


class Taker(BaseHTTPRequestHandler):
    """Takes a request in and says how long its body was."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.end_headers()
        self.wfile.write(str(len(body)).encode())

    def log_message(self, *_):
        pass


@contextmanager
def behind_tls(certificate):
    """The port of somebody who shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / certificate)
    server = HTTPServer(("127.0.0.1", 0), Taker)
    server.handle_error = lambda *_: None  # a client that goes away is what is tested
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


REQUEST = Request(
    method="POST", target="/hooks/erp", headers=(), body=b"{}", received_at=NOW
)


def test_over_https_as_well():
    """A bridge behind TLS is posted to, where its certificate is one that BRIDGE_CA_BUNDLE trusts."""
    with behind_tls("vendor.pem") as port:
        answer = posting.post(f"https://127.0.0.1:{port}", REQUEST, TLS / "ca.pem")
    assert (answer.status, answer.body) == (202, "2")


@pytest.mark.parametrize(
    "certificate, host, bundle",
    [
        ("vendor.pem", "127.0.0.1", None),
        ("vendor.pem", "localhost", "ca.pem"),
        ("self-signed.pem", "127.0.0.1", "ca.pem"),
        ("expired.pem", "127.0.0.1", "ca.pem"),
    ],
)
def test_nothing_is_sent_to_a_certificate_that_does_not_fit(certificate, host, bundle):
    """A signed request is for the bridge alone; what to set is said where its certificate is not known."""
    with behind_tls(certificate) as port:
        with pytest.raises(posting.Unreachable, match="BRIDGE_CA_BUNDLE") as caught:
            posting.post(
                f"https://{host}:{port}", REQUEST, TLS / bundle if bundle else None
            )
    assert "certificate" in str(caught.value)


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_bundle_that_cannot_be_read_is_named(tmp_path, text):
    """The fault is the operator's own, and nobody was asked."""
    bundle = tmp_path / "bundle.pem"
    if text:
        bundle.write_text(text)
    with pytest.raises(SettingsError, match="BRIDGE_CA_BUNDLE"):
        posting.post("https://127.0.0.1:1", REQUEST, bundle)
