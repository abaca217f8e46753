"""The transport against a service that misbehaves, over real connections."""

import json
import math
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.aws.errors import ApiError, Unreachable
from switchyard.aws.transport import answers, client, connections
from switchyard.aws.transport.answers import Reader
from switchyard.aws.transport.client import Client
from tests.support.stub_service import (
    Line,
    StubService,
    closes_afterwards,
    drips,
    hangs_up,
    http,
    raw,
    refuses,
    resets,
    says,
)

ITEM = {"Item": {"pk": {"S": "Grüße \u2028 ✓"}, "n": {"N": "1"}}}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def client_of(service: StubService, name: str = "dynamodb", **more: str) -> Client:
    made = client.make(name, service.environment(**more))
    assert made
    return made


class Parts:
    """A socket that receives these bytes, part by part, and then the end."""

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts

    def settimeout(self, seconds: float) -> None:
        pass

    def recv(self, most: int) -> bytes:
        return self.parts.pop(0) if self.parts else b""


def asked(*script: Line) -> Any:
    """Return the answer to one call under the script."""
    with StubService(*script) as service:
        return client_of(service).get_item(TableName="table")


# ---------------------------------------------------------------- a call


@pytest.mark.parametrize(
    ("service", "call", "target", "content_type"),
    [
        ("dynamodb", "transact_write_items", "DynamoDB_20120810.TransactWriteItems", "1.0"),
        ("events", "put_events", "AWSEvents.PutEvents", "1.1"),
        ("sqs", "send_message_batch", "AmazonSQS.SendMessageBatch", "1.0"),
        ("stepfunctions", "send_task_success", "AWSStepFunctions.SendTaskSuccess", "1.0"),
    ],
)
def test_a_call_is_a_post_of_its_parameters(service: str, call: str, target: str, content_type: str) -> None:
    with StubService(says(ITEM)) as stub:
        assert getattr(client_of(stub, service), call)(Some={"thing": "Grüße"}) == ITEM
    ((headers, body),) = stub.requests
    assert headers[":request"] == "POST / HTTP/1.1"
    assert headers["x-amz-target"] == target
    assert headers["content-type"] == f"application/x-amz-json-{content_type}"
    assert headers["host"] == f"127.0.0.1:{stub.port}"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert body == {"Some": {"thing": "Grüße"}}


@pytest.mark.parametrize("trace", ["Root=1-6a;Parent=1;Sampled=0;Lineage=1:abc:0", None, "a\r\nX-Evil: 1"])
def test_the_trace_goes_along_so_that_circles_are_noticed(trace: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    if trace:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    with StubService(says({})) as service:
        client_of(service, "sqs").send_message_batch()
    ((headers, _),) = service.requests
    assert headers.get("x-amzn-trace-id") == (None if trace and "Evil" in trace else trace)
    assert "x-evil" not in headers


def test_calls_that_follow_each_other_share_a_connection() -> None:
    with StubService(*[says(ITEM)] * 3, refuses("ThrottlingException"), says(ITEM)) as service:
        calls = client_of(service)
        for _ in range(3):
            calls.get_item()
        with pytest.raises(ApiError):
            calls.get_item()
        calls.get_item()
        assert (len(service.requests), service.connections) == (5, 1)
        ((kept, _),) = calls._pool._idle
        assert kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_clients_of_one_address_share_its_connections() -> None:
    with StubService(says({}), says({})) as service:
        client_of(service, "sqs").send_message_batch()
        client_of(service, "dynamodb").get_item()
        assert service.connections == 1


def test_threads_have_a_connection_each_while_they_call() -> None:
    together = threading.Barrier(4)

    def line(connection: socket.socket) -> bool:
        together.wait(5)
        return says(ITEM)(connection)

    with StubService(*[line] * 4, *[says(ITEM)] * 4) as service, ThreadPoolExecutor(4) as threads:
        calls = client_of(service)
        assert list(threads.map(lambda _: calls.get_item(), range(4))) == [ITEM] * 4
        assert [calls.get_item() for _ in range(4)] == [ITEM] * 4
        assert service.connections == 4


def test_no_more_connections_are_kept_than_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEPT_MAX", 1)
    together = threading.Barrier(2)

    def line(connection: socket.socket) -> bool:
        together.wait(5)
        return says(ITEM)(connection)

    with StubService(line, line, line, line) as service, ThreadPoolExecutor(2) as threads:
        calls = client_of(service)
        for _ in range(2):
            list(threads.map(lambda _: calls.get_item(), range(2)))
        assert service.connections == 3


# ---------------------------------------------------------------- errors of the service


def test_a_refusal_has_what_the_service_says() -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"pk": {"S": "a"}}}]
    with pytest.raises(ApiError) as told:
        asked(refuses("TransactionCanceledException", CancellationReasons=reasons, x_amzn_requestid="REQUEST"))
    assert (told.value.code, told.value.status) == ("TransactionCanceledException", 400)
    assert told.value.response["Error"] == {"Code": "TransactionCanceledException", "Message": "why"}
    assert told.value.response["CancellationReasons"] == reasons
    assert "TransactionCanceledException: why" in str(told.value)


@pytest.mark.parametrize(
    "type_",
    [
        "com.amazonaws.dynamodb.v20120810#ThrottlingException",
        "ThrottlingException",
        "ThrottlingException:http://internal.amazon.com/coral/com.amazonaws.dynamodb.v20120810/",
        "aws.protocoltests.restjson#ThrottlingException:http://internal.amazon.com/coral/",
    ],
)
def test_the_code_is_separated_from_what_is_put_around_it(type_: str) -> None:
    with pytest.raises(ApiError) as told:
        asked(says({"__type": type_, "Message": "slow down"}, 400, x_amzn_requestid="R1"))
    assert told.value.response["Error"] == {"Code": "ThrottlingException", "Message": "slow down"}
    assert told.value.response["ResponseMetadata"] == {"HTTPStatusCode": 400, "RequestId": "R1"}


def test_a_refusal_without_a_code_has_its_status() -> None:
    with pytest.raises(ApiError) as told:
        asked(raw(http(b"<html>Forbidden</html>", 403)))
    assert (told.value.code, told.value.status) == ("403", 403)


# ---------------------------------------------------------------- answers that are none

_ITEM = json.dumps(ITEM).encode()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(hangs_up, id="no answer"),
        pytest.param(resets, id="connection reset"),
        pytest.param(raw(http(_ITEM)[:-1], stays=False), id="a byte is missing"),
        pytest.param(raw(http(_ITEM)[:20], stays=False), id="half of the headers"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\n\r\n" + _ITEM, stays=False), id="no length"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), id="negative length"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n0123456789"), id="length with an underscore"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} "), id="two lengths"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), id="too long"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\n{}"), id="a header without a colon"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}"), id="a blank before the colon"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000), id="headers without end"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"), id="huge headers"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), id="another protocol"),
        pytest.param(raw(b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}"), id="no status"),
        pytest.param(raw(CHUNKED + b"5\r\n{}\r\n0\r\n\r\n", stays=False), id="a chunk is cut off"),
        pytest.param(raw(CHUNKED + b"2\r\n{}00\r\n0\r\n\r\n"), id="a chunk that is longer than it says"),
        pytest.param(raw(CHUNKED + b"2\r\n{}\r\n", stays=False), id="no last chunk"),
        pytest.param(raw(CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n"), id="a size that is not a number"),
        pytest.param(raw(CHUNKED + b"fffffffff\r\n"), id="a chunk that is too long"),
        pytest.param(raw(CHUNKED + b"1;" + b"x" * 2_000 + b"\r\n"), id="a size with a long tail"),
        pytest.param(raw(CHUNKED[:-2] + b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), id="chunks and a length"),
        pytest.param(raw(http(b"x", Transfer_Encoding="gzip")), id="an encoding that was not asked for"),
        pytest.param(raw(http(b"x", Content_Encoding="gzip")), id="compressed"),
        pytest.param(raw(http(_ITEM, x_amz_crc32="1")), id="bad checksum"),
        pytest.param(raw(http(_ITEM[:-1])), id="half JSON"),
        pytest.param(raw(http(b"[]")), id="JSON that is not an object"),
        pytest.param(raw(http(b"<html>Bad gateway</html>", 502)), id="a page of a gateway"),
        pytest.param(raw(http(b"<html>Error</html>", 500)), id="500 with HTML"),
        pytest.param(raw(http(b"", 301, Location="http://127.0.0.1/")), id="a redirect"),
        pytest.param(raw(http(b"\xff\xfe{")), id="not UTF-8"),
    ],
)
def test_an_invalid_answer_is_sent_once_and_may_have_been_done(line: Line) -> None:
    with StubService(line, says(ITEM)) as service:
        calls = client_of(service)
        with pytest.raises(Unreachable) as told:
            calls.put_item(TableName="table")
        assert told.value.sent
        assert len(service.requests) == 1
        # What is left of it on the connection is not taken for the answer to another request.
        assert calls.get_item() == ITEM


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            raw(
                CHUNKED
                + b"5\r\n"
                + _ITEM[:5]
                + b"\r\n"
                + b"%X;a=b\r\n" % (len(_ITEM) - 5)
                + _ITEM[5:]
                + b"\r\n0\r\nTrailer: x\r\n\r\n"
            ),
            id="chunks",
        ),
        pytest.param(drips(http(_ITEM), 0.0005), id="byte by byte"),
        pytest.param(raw(b"HTTP/1.1 100 Continue\r\n\r\n" + http(_ITEM)), id="an interim answer first"),
        pytest.param(raw(http(_ITEM, X="x" * 60_000)), id="long headers"),
        pytest.param(raw(http(_ITEM, Set_Cookie="a=b", set_cookie="c=d")), id="a header that comes twice"),
        pytest.param(raw(http(_ITEM).replace(b"HTTP/1.1 200 Word", b"HTTP/1.1 200")), id="no word behind the status"),
    ],
)
def test_a_whole_answer_is_taken_however_it_comes(line: Line) -> None:
    with StubService(line, says({"second": 1})) as service:
        calls = client_of(service)
        assert calls.get_item() == ITEM
        assert calls.get_item() == {"second": 1}
        assert service.connections == 1


def test_a_large_answer_comes_whole() -> None:
    large = {"Items": [{"n": {"S": "x" * 1_000}}] * 5_000}
    assert asked(says(large)) == large


def test_an_empty_answer_is_an_empty_object() -> None:
    assert asked(raw(http(b""))) == {}


@settings(max_examples=60, deadline=None)
@given(
    body=st.binary(max_size=300),
    cuts=st.lists(st.integers(0, 300), max_size=6),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=8),
    is_chunked=st.booleans(),
)
def test_how_bytes_are_cut_does_not_matter_and_each_prefix_is_not_an_answer(
    body: bytes, cuts: list[int], sizes: list[int], is_chunked: bool
) -> None:
    if is_chunked:
        ends = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
        chunks = [body[start:end] for start, end in pairwise(ends)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks)
        data = CHUNKED + framed + b"0\r\n\r\n"
    else:
        data = http(body)

    def reader(data: bytes) -> Reader:
        parts, turn, at = [], 0, 0
        while at < len(data):
            size, turn = sizes[turn % len(sizes)], turn + 1
            parts.append(data[at : at + size])
            at += size
        return Reader(Parts(parts), math.inf)

    answer = reader(data).answer()
    assert (answer.status, answer.body, answer.reusable) == (200, body, True)
    for end in {0, 1, len(data) // 2, len(data) - 1}:
        with pytest.raises(Unreachable):
            reader(data[:end]).answer()


def test_no_more_is_taken_in_than_the_bounds_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "BODY_MAX", 100)
    endless = Parts([CHUNKED, *[b"32\r\n" + b"x" * 50 + b"\r\n"] * 1_000])
    with pytest.raises(Unreachable, match="too large"):
        Reader(endless, math.inf).answer()
    assert len(endless.parts) > 990


# ---------------------------------------------------------------- connections


@pytest.mark.parametrize("last", [says(ITEM, Connection="close"), closes_afterwards(says(ITEM))])
def test_a_connection_that_its_peer_has_closed_is_not_written_to(last: Line) -> None:
    with StubService(last, says({"second": 1})) as service:
        calls = client_of(service)
        calls.put_item()
        time.sleep(0.05)
        assert calls.put_item() == {"second": 1}
        # Each request came once: the second went to a connection of its own.
        assert (len(service.requests), service.connections) == (2, 2)


def test_an_answer_in_http_1_0_ends_its_connection() -> None:
    old = raw(http(_ITEM).replace(b"HTTP/1.1", b"HTTP/1.0"))
    with StubService(old, says(ITEM)) as service:
        calls = client_of(service)
        assert [calls.get_item(), calls.get_item()] == [ITEM, ITEM]
        assert service.connections == 2


def test_bytes_behind_an_answer_are_not_the_next_answer() -> None:
    with StubService(raw(http(_ITEM) + http(b'{"smuggled":1}')), says({"second": 1})) as service:
        calls = client_of(service)
        assert calls.get_item() == ITEM
        assert calls.get_item() == {"second": 1}
        assert service.connections == 2


def test_a_connection_that_rested_too_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with StubService(says(ITEM), says(ITEM), says(ITEM)) as service:
        calls = client_of(service)
        calls.get_item()
        now = time.time()
        monkeypatch.setattr(connections.time, "time", lambda: now + connections.IDLE_SECONDS - 5)
        calls.get_item()
        assert service.connections == 1
        monkeypatch.setattr(connections.time, "time", lambda: now + 3 * connections.IDLE_SECONDS)
        calls.get_item()
        assert service.connections == 2


def test_a_write_on_a_connection_that_ends_under_it_is_not_sent_again() -> None:
    """The peer closes while the request is on its way: nobody knows whether it was done."""
    with StubService(says(ITEM), hangs_up, says(ITEM)) as service:
        calls = client_of(service)
        calls.get_item()
        with pytest.raises(Unreachable) as told:
            calls.put_item(TableName="table")
        assert told.value.sent
        assert len(service.requests) == 2


def test_where_nobody_listens_nothing_was_sent() -> None:
    with StubService() as service:
        calls = client_of(service)
    with pytest.raises(Unreachable) as told:
        calls.put_item()
    assert told.value.sent is False


def test_a_name_that_is_not_known_is_unreachable() -> None:
    with StubService() as service:
        calls = client_of(service, AWS_ENDPOINT_URL="http://nowhere.invalid")
    with pytest.raises(Unreachable, match=r"nowhere\.invalid") as told:
        calls.put_item()
    assert told.value.sent is False


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(drips(http(_ITEM * 100), 0.01), id="slow drip"),
        pytest.param(drips(CHUNKED + b"1\r\n \r\n" * 1_000, 0.01), id="slow drip in chunks"),
        pytest.param(raw(http(_ITEM), after=2), id="silence"),
    ],
)
def test_no_answer_takes_longer_than_the_time_that_is_left(line: Line) -> None:
    with StubService(line) as service:
        calls = client_of(service)
        started = time.monotonic()
        reset = client.time_limit.set(started + 0.2)
        try:
            with pytest.raises(Unreachable, match="time"):
                calls.get_item()
        finally:
            client.time_limit.reset(reset)
        # The bound is the deadline and not the pause between two bytes: far from the seconds that the script takes.
        assert time.monotonic() - started < 1


def test_a_call_has_a_bound_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CALL_SECONDS", 0.1)
    with pytest.raises(Unreachable, match="time"):
        asked(raw(http(_ITEM), after=1))


def test_nothing_is_sent_when_the_time_is_over() -> None:
    with StubService(says(ITEM)) as service:
        calls = client_of(service)
        reset = client.time_limit.set(time.monotonic() - 1)
        try:
            with pytest.raises(Unreachable) as told:
                calls.put_item()
        finally:
            client.time_limit.reset(reset)
        assert told.value.sent is False
        assert service.requests == []


def test_a_peer_that_takes_nothing_in_does_not_hold_the_caller() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stub = StubService()
        stub.port = listener.getsockname()[1]
        calls = client_of(stub)
        reset = client.time_limit.set(time.monotonic() + 0.2)
        try:
            with pytest.raises(Unreachable):
                calls.put_item(Item="x" * 30_000_000)
        finally:
            client.time_limit.reset(reset)


# ---------------------------------------------------------------- TLS


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that signs itself, and what a server needs of it."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "both.pem"
    unlocked = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unlocked)
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


@pytest.mark.parametrize(
    ("host", "is_trusted", "is_answered"),
    [("localhost", True, True), ("localhost", False, False), ("127.0.0.1", True, False)],
)
def test_who_answers_must_be_who_was_called(
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    is_trusted: bool,
    is_answered: bool,
) -> None:
    path, server = certificate
    monkeypatch.setattr(connections, "environ", {"AWS_CA_BUNDLE": str(path)} if is_trusted else {})
    connections.tls_context.cache_clear()
    try:
        with StubService(*[says(ITEM)] * 3, tls=server) as service:
            calls = client_of(service, AWS_ENDPOINT_URL=f"https://{host}:{service.port}")
            if is_answered:
                assert [calls.get_item() for _ in range(3)] == [ITEM] * 3
                assert service.connections == 1
            else:
                with pytest.raises(Unreachable, match="certificate") as told:
                    calls.get_item()
                assert told.value.sent is False
                assert service.requests == []
    finally:
        connections.tls_context.cache_clear()


def test_a_peer_that_does_not_shake_hands_does_not_hold_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stub = StubService()
        stub.port = listener.getsockname()[1]
        with pytest.raises(Unreachable) as told:
            client_of(stub, AWS_ENDPOINT_URL=f"https://localhost:{stub.port}").get_item()
    assert told.value.sent is False
