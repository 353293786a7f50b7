"""Debian's nginx with the site of ops/nginx, on ports, files and a certificate of the test."""

import datetime
import ipaddress
import os
import re
import subprocess
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from running import ROOT, eventually, free_port

SITE = ROOT / "ops" / "nginx" / "bridge.conf"
# What Debian's nginx.conf has around a site, in the test's own folder.
MAIN = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/main.log;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def certificate(folder: Path) -> Path:
    """A certificate of hooks.example.com that is its own authority, and its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks")])
    names = [
        x509.DNSName("hooks.example.com"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    day = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(day - datetime.timedelta(days=1))
        .not_valid_after(day + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(built.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(private)
    return folder / "fullchain.pem"


class Site:
    """The address of a running site, its certificate and its log."""

    def __init__(self, folder: Path, receivers: list[int], here: Mapping[str, str]):
        self.folder = folder
        self.port, self.plain = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.certificate = certificate(folder)
        text = SITE.read_text("utf-8")
        for shipped, placed in {
            "/etc/letsencrypt/live/hooks.example.com": str(folder),
            "/var/log/nginx/bridge.log": f"{folder}/bridge.log",
            "127.0.0.1:8080": f"127.0.0.1:{receivers[0]}",
            "127.0.0.1:8082": f"127.0.0.1:{receivers[1]}",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            **here,
        }.items():
            assert shipped in text
            text = text.replace(shipped, placed)
        text = re.sub(r"listen \[::\].*", "", text)  # not every machine has IPv6
        (folder / "site.conf").write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))

    def logs(self) -> str:
        """Everything that nginx wrote."""
        return "".join(path.read_text() for path in self.folder.glob("*.log"))

    def answers(self) -> bool:
        try:
            url = f"{self.url}/nothing"
            return requests.get(url, verify=self.certificate, timeout=10).ok is False
        except requests.RequestException:
            return False


@contextmanager
def nginx(program: str, folder: Path, receivers: list[int], here=MappingProxyType({})):
    """nginx in the foreground, until the block ends; `here` has more of the site's text in another place."""
    site = Site(folder, receivers, here)
    process = subprocess.Popen(
        [program, "-p", folder, "-e", folder / "start.log", "-c", folder / "nginx.conf"]
    )
    try:
        assert eventually(site.answers), site.logs()
        yield site
    finally:
        process.terminate()
        process.wait(timeout=60)
