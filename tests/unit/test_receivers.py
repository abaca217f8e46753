"""Where events may be sent: nothing inside, whatever name or spelling leads there."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest

from switchyard.pipeline import receivers

INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fec0::1",
    "feff::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_no_connection_goes_to_an_inside_address(address: str) -> None:
    assert not receivers.may_connect(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_public_addresses_are_fine(address: str) -> None:
    assert receivers.may_connect(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://",
        "https://localhost/",
        "https://localhost./",
        "https://tasks.localhost./",
        "https://metadata.internal./",
        "https://[fec0::1]/",
        "https://tasks.localhost/",
        "https://metadata.internal/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://user:word@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\n",
        "https://hooks.example.com/<a>",
        "https://hooks.example.com/%zz",
        "https://hooks*.example.com/",
        "https://hooks.example.com:99999/",
        "https://[::1/",
        "hooks.example.com",
    ],
)
def test_urls_that_lead_inside_or_nowhere_are_refused(url: str) -> None:
    with pytest.raises(receivers.BadUrl):
        receivers.check_url(url)


def test_a_public_https_url_is_taken() -> None:
    receivers.check_url("https://hooks.example.com:8443/switchyard?x=1")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::ffff:169.254.169.254"]])
def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]
    monkeypatch.setattr(receivers.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(receivers.Unreachable, match="not public"):
        receivers.post("https://hooks.example.com/", {}, "{}")


class Receiver(BaseHTTPRequestHandler):
    seen: list[tuple[str, str]] = []

    def do_POST(self) -> None:
        self.seen.append((self.path, self.headers["host"]))
        self.send_response(302 if self.path == "/away" else 204)
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setenv("WEBHOOKS_LOCAL", "true")
    Receiver.seen = []
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_the_connection_is_pinned_and_names_the_host_it_is_for(monkeypatch: pytest.MonkeyPatch, receiver: int) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver))]
    with monkeypatch.context() as patch:
        real = socket.getaddrinfo
        answers = {"hooks.example.test": found}
        patch.setattr(
            receivers.socket, "getaddrinfo", lambda host, *a, **k: answers.pop(host, None) or real(host, *a, **k)
        )
        assert receivers.post(f"http://hooks.example.test:{receiver}/in?x=1", {}, "{}") == 204
    assert Receiver.seen == [("/in?x=1", f"hooks.example.test:{receiver}")]


def test_redirects_are_not_followed(receiver: int) -> None:
    assert receivers.post(f"http://127.0.0.1:{receiver}/away", {}, "{}") == 302
    assert [path for path, _ in Receiver.seen] == ["/away"]


def test_a_refused_connection_is_reported() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEBHOOKS_LOCAL", "true")
        with pytest.raises(receivers.Unreachable):
            receivers.post("http://127.0.0.1:9/", {}, "{}")


class Slow:
    """A server on 127.0.0.1 that answers with pieces of bytes, one after the other, as slowly as it is told to."""

    def __init__(self, *pieces: bytes, pause: float = 0) -> None:
        self.pieces, self.pause = pieces, pause
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65_536)
            for piece in self.pieces:
                connection.sendall(piece)
                time.sleep(self.pause)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOKS_LOCAL", "true")


@pytest.mark.parametrize("early", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
@pytest.mark.usefixtures("local")
def test_answers_that_announce_the_answer_are_read_past(early: bytes) -> None:
    before = b"HTTP/1.1 " + early + b"\r\nlink: </x>\r\n\r\n"
    server = Slow(before, before + b"HTTP/1.1 204 No Content\r\n\r\n", pause=0.01)
    assert receivers.post(server.url, {}, "{}") == 204


@pytest.mark.parametrize("piece", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
@pytest.mark.usefixtures("local")
def test_an_endpoint_that_answers_bit_by_bit_has_no_more_time_than_any(
    monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    monkeypatch.setattr(receivers, "SECONDS", 0.3)
    # Each piece comes well within the time, all of them do not.
    server = Slow(b"HTTP/1.1 200 OK\r\nx: " if piece == b"H" else piece, *[piece] * 100, pause=0.05)
    # The server closes only after all of them, which would be told otherwise.
    with pytest.raises(receivers.Unreachable, match=r"0\.3 seconds|timed out"):
        receivers.post(server.url, {}, "{}")


@pytest.mark.usefixtures("local")
def test_a_name_server_that_takes_its_time_uses_up_the_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(receivers, "SECONDS", 0.1)
    monkeypatch.setattr(receivers.socket, "getaddrinfo", lambda *_, **__: over.wait(5))
    with pytest.raises(receivers.Unreachable, match="not found within"):
        receivers.post("https://hooks.example.com/", {}, "{}")
    over.set()


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"])
@pytest.mark.usefixtures("local")
def test_an_invalid_answer_is_reported(answer: bytes) -> None:
    with pytest.raises(receivers.Unreachable):
        receivers.post(Slow(answer).url, {}, "{}")


# ---------------------------------------------------------------- documents that are fetched


@pytest.mark.usefixtures("local")
def test_a_document_is_fetched_with_its_type_and_no_more_of_it_than_is_wanted() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    plain = head + b"content-length: 10\r\n\r\n"
    assert receivers.get(Slow(plain, b"01234", b"56789", pause=0.01).url, {}, 10) == (
        200,
        "application/json",
        b"0123456789",
    )
    with pytest.raises(receivers.Unreachable, match="more than 9 bytes"):
        receivers.get(Slow(plain + b"0123456789").url, {}, 9)
    endless = Slow(head + b"transfer-encoding: chunked\r\n\r\n", *[b"5\r\n01234\r\n"] * 1_000)
    with pytest.raises(receivers.Unreachable, match="more than 100 bytes"):
        receivers.get(endless.url, {}, 100)


@pytest.mark.usefixtures("local")
def test_a_document_that_is_elsewhere_is_not_followed() -> None:
    away = Slow(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n")
    assert receivers.get(away.url, {}, 10) == (302, "", b"")


def test_no_document_is_fetched_from_a_name_that_leads_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(receivers.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(receivers.Unreachable, match="not public"):
        receivers.get("https://client.example/c.json", {}, 10)
