"""Client certificates: shown by their own connection alone, and what is wrong with one is told without a word of it."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from outbound_server import TLS, read_request

from bridge.errors import ConfigurationError
from bridge.model import Connection, SecretRef
from bridge.outbound import Outbound, Target, dial, resolve_target, transports
from bridge.outbound.certificate import ClientCertificate
from bridge.outbound.target import ClientCredentials
from bridge.retry import judge_silence
from bridge.tenants import named
from bridge.worker.refused_credentials import RefusedCredentials

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8


class Issuer:
    """A certificate authority of a test."""

    def __init__(self, name="issuer"):
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.pem = self._certificate(self.name, self.key.public_key(), 9, ca=True)

    def client(self, name, days=9, password=""):
        """A certificate with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._certificate(subject, key.public_key(), days)
        sealing = (
            serialization.BestAvailableEncryption(password.encode())
            if password
            else serialization.NoEncryption()
        )
        return ClientCertificate(
            certificate=made,
            key=key.private_bytes(PEM, PKCS8, sealing).decode(),
            password=password,
        )

    def _certificate(self, subject, key, days, ca=False):
        end = datetime.now(UTC) + timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=99))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        signed = builder.sign(self.key, hashes.SHA256())
        return signed.public_bytes(PEM).decode()


class Vendor:
    """A vendor that wants a certificate of one issuer, and answers with the name in it."""

    def __init__(self, issuer, version):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(TLS / "vendor.pem")
        self.tls.load_verify_locations(cadata=issuer.pem)
        self.tls.verify_mode = ssl.CERT_REQUIRED
        self.tls.minimum_version = self.tls.maximum_version = version
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests, self.connections, self.threads = [], 0, []
        self.start(self._accept)

    def start(self, work, *args):
        self.threads.append(threading.Thread(target=work, args=args, daemon=True))
        self.threads[-1].start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                conn, _ = self.listener.accept()
                self.connections += 1
                self.start(self._serve, conn)

    def _serve(self, raw):
        raw.settimeout(60)
        kept = (
            raw.dup()
        )  # a refusal can be read as long as what came is not thrown away
        with suppress(OSError), kept:
            try:
                conn = self.tls.wrap_socket(raw, server_side=True)
            except ssl.SSLError:
                while kept.recv(4096):
                    pass
                return
            with conn:
                while request := read_request(conn):
                    self.requests.append(request)
                    [((_, name),)] = conn.getpeercert()["subject"]
                    conn.sendall(
                        b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(name), name.encode())
                    )


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """Every name of these tests is at 127.0.0.1."""
    here = [ip_address("127.0.0.1")]
    monkeypatch.setattr(dial, "lookup", lambda exchange, host: here)


@pytest.fixture(scope="module")
def issuer():
    return Issuer()


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def vendor(issuer, request):
    vendor = Vendor(issuer, request.param)
    yield vendor
    vendor.stop()


def target(vendor, own, **more):
    base_url = f"https://vendor.test:{vendor.port}"
    return Target(vendor="http", base_url=base_url, certificate=own, **more)


def test_a_certificate_is_shown(vendor, issuer, outbound, call):
    """The vendor sees the certificate of the connection, with its key beside it or in the same text."""
    own = issuer.client("bridge")
    both = ClientCertificate(certificate=own.certificate + own.key)
    for one in (own, both, issuer.client("bridge", password="pass")):
        assert outbound.send(call, target(vendor, one)).body == b"bridge"


def test_no_connection_carries_the_calls_of_another_certificate(
    vendor, issuer, outbound, call, unhurried
):
    """Connections are kept by certificate: who calls in turn is never taken for the other."""
    own = [issuer.client(name) for name in ("ada", "bob")]
    said = [outbound.send(call, target(vendor, one)).body for one in own * 2]
    assert (said, vendor.connections) == ([b"ada", b"bob"] * 2, 2)
    answer = outbound.send(call, target(vendor, None))
    assert answer.kind in ("credentials", "tls")  # as the version of TLS says it
    assert len(vendor.requests) == 4


def test_few_certificates_are_kept(vendor, issuer, outbound, call, monkeypatch):
    """Files that change often do not fill the memory: what was not used for long is made anew."""
    monkeypatch.setattr(transports, "MOST", 2)
    own = [issuer.client(f"c{number}") for number in range(4)]
    for number, one in enumerate(own):
        assert outbound.send(call, target(vendor, one)).body == f"c{number}".encode()
    assert len(outbound._transports._own) == 2
    assert outbound.send(call, target(vendor, own[0])).body == b"c0"


def test_what_the_vendor_has_against_a_certificate(vendor, issuer, outbound, call):
    """One of another issuer, or past its end, parks with the reason; the vendor has done nothing."""
    for own, words in (
        (Issuer("stranger").client("x"), "its issuer is unknown there"),
        (issuer.client("x", days=-1), "expired"),
    ):
        answer = outbound.send(call, target(vendor, own))
        assert (answer.kind, vendor.requests) == ("credentials", [])
        assert f"vendor.test refused the client certificate ({words}" in answer.message
        assert judge_silence(answer).verdict.value == "park"


@pytest.fixture
def broken(issuer):
    """Certificates that cannot be used, by what is wrong with them."""
    good, other = issuer.client("good"), issuer.client("other")
    sealed = issuer.client("sealed", password="pass")
    made = lambda certificate, key="", password="": ClientCertificate(  # noqa: E731
        certificate=certificate, key=key, password=password
    )
    return {
        "client_key does not belong to client_certificate": made(good.certificate, other.key),
        "client_certificate contains no PEM certificate": made("s3cret", good.key),
        "client_certificate contains no private key": made(good.certificate),
        "client_key contains no PEM private key": made(good.certificate, "s3cret"),
        "client_key is encrypted": made(sealed.certificate, sealed.key),
        "cannot be decrypted with client_key_password": made(
            sealed.certificate, sealed.key, "s3cret"
        ),
        "is damaged": made(good.certificate, good.key[:90] + "!" + good.key[91:]),
        "is damaged, or": made(good.certificate[:90] + "!" + good.certificate[91:], good.key),
    }  # fmt: skip


def test_what_is_wrong_with_a_certificate(broken, vendor, outbound, call, capfd):
    """Each fault has a sentence, parks, sends nothing, asks nobody at a terminal and shows nothing."""
    for words, own in broken.items():
        answer = outbound.send(call, target(vendor, own))
        assert (answer.kind, answer.sent) == ("credentials", False)
        assert words in answer.message
        for part in (own.certificate[30:60], own.key[30:60], "s3cret"):
            assert not part or part not in answer.message + repr(own)
    assert (vendor.connections, capfd.readouterr()) == (0, ("", ""))


def test_where_memory_is_no_file_system(vendor, issuer, outbound, call, monkeypatch):
    """Elsewhere a file of its owner alone is there for the moment of reading, and gone afterwards."""
    from bridge.outbound import certificate

    made = []
    real = certificate.tempfile.NamedTemporaryFile

    def watched(**options):
        made.append(real(**options))
        assert oct(certificate.os.stat(made[-1].name).st_mode)[-3:] == "600"
        return made[-1]

    monkeypatch.setattr(certificate, "_IN_MEMORY", False)
    monkeypatch.setattr(certificate.tempfile, "NamedTemporaryFile", watched)
    own = issuer.client("bridge")
    assert outbound.send(call, target(vendor, own)).body == b"bridge"
    assert not certificate.os.path.exists(made[0].name)


def test_the_token_endpoint_sees_it_too(vendor, issuer, outbound, call):
    """A client without a secret proves itself at the token endpoint by its certificate."""
    oauth2 = ClientCredentials(
        token_url=f"https://vendor.test:{vendor.port}/token",
        client_id="me",
        client_auth="none",
    )
    answer = outbound.send(call, target(vendor, issuer.client("bridge"), oauth2=oauth2))
    assert answer.kind == "refused"  # this vendor gives no tokens
    assert b"client_id=me" in vendor.requests[0]


def test_the_sandbox_sees_none(issuer, serve, call, broken):
    """With a sandbox nothing is read and nothing shown."""
    server = serve()
    outbound = Outbound(sandbox_url=f"http://127.0.0.1:{server.port}")
    own = broken["is damaged"]
    answer = outbound.send(
        call, Target(vendor="http", base_url="https://vendor.test", certificate=own)
    )
    outbound.close()
    assert answer.status == 200


def test_doctors_question(vendor, issuer, outbound, broken):
    """Whether a host could be called is asked with the certificate as well."""
    assert outbound.unreachable(target(vendor, issuer.client("bridge"))) == ""
    with pytest.raises(ConfigurationError, match="damaged"):
        outbound.unreachable(target(vendor, broken["is damaged"]))


def connection(folder, **options):
    refs = {name: SecretRef(kind="file", name=str(folder / name)) for name in options}
    for name, text in options.items():
        (folder / name).write_text(text)
    options = {"base_url": "https://vendor.test", **refs}
    return Connection(name="c", vendor="http", options=options, auth={})


def test_files_are_read_anew(tmp_path, issuer):
    """A certificate that was replaced serves from the next call on, and lets a parked connection go on."""
    first, second = issuer.client("first"), issuer.client("second")
    known = connection(
        tmp_path, client_certificate=first.certificate, client_key=first.key
    )
    refusals = RefusedCredentials()
    refusals.note("a", resolve_target(known))
    assert not refusals.changed("a", [known])
    (tmp_path / "client_certificate").write_text(second.certificate)
    (tmp_path / "client_key").write_text(second.key)
    assert resolve_target(known).certificate.certificate == second.certificate.strip()
    assert refusals.changed("a", [known])


def test_another_certificate_is_another_account(tmp_path):
    """What is parked is one credential: another certificate goes on, and the same ticket has one lane."""
    one = named(connection(tmp_path, client_certificate="-----BEGIN "))
    other = named(connection(tmp_path, client_key="-----BEGIN "))
    none = named(connection(tmp_path))
    assert len({one.account, other.account, none.account}) == 3
    assert one.tenant == other.tenant == none.tenant
