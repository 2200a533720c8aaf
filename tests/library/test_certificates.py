"""Certificates are those that the system trusts; one that it does not ends the download before anything is sent."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.library.hub.address import Hub, HubKind
from finr1_desk.library.hub.listing import list_repository
from finr1_desk.library.hub.session import Session


def write_certificate(folder: Path) -> Path:
    """A company's own certificate for 127.0.0.1, with its key, as one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "company.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    content = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(content + certificate.public_bytes(encoding))
    return path


class _Handler(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        body = b'{"Data": {"Files": []}}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Its address, its certificate, and what was asked of it."""
    certificate = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[str] = []
    handler = type("Handler", (_Handler,), {"asked": asked})
    http = HTTPServer(("127.0.0.1", 0), handler)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    http.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://127.0.0.1:{http.server_port}", certificate, asked
    http.shutdown()
    http.server_close()
    thread.join()


def ask(endpoint: str) -> None:
    with Session() as session:
        list_repository(session, Hub(HubKind.MODEL_SCOPE, endpoint), "a/b")


def test_a_certificate_that_nobody_vouches_for_is_refused(
    server: tuple[str, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    endpoint, _, asked = server
    with pytest.raises(UserError) as caught:
        ask(endpoint)
    assert caught.value.code is ErrorCode.DOWNLOAD_CERTIFICATE
    assert asked == []


def test_a_companys_certificate_that_the_system_trusts_is_taken(
    server: tuple[str, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    endpoint, certificate, asked = server
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    ask(endpoint)
    assert len(asked) == 1
