"""Following a run: the stream as it may arrive, what people see of it, and a service that does not answer."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from httpx_sse import ServerSentEvent

from switchyard_client import follow, retries
from switchyard_client.client import Client
from switchyard_client.console import say
from switchyard_client.errors import Refused, Unreachable
from switchyard_client.retries import Attempts, Deadline
from switchyard_client.worker import logs
from tests.support.fake_service import FakeService, serving
from tests.support.template import ROOT

RUN = "/api/projects/-/tasks/t/runs/r/"


@pytest.fixture
def service() -> Iterator[FakeService]:
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_AGAIN", 0.01)
    monkeypatch.setattr(retries, "_FIRST_PAUSE", 0.02)


def sent(data: Any, name: str = "", number: str = "", newline: str = "\n") -> bytes:
    """Return an event as it is sent, with characters as they are."""
    fields = [("id", number), ("event", name), ("data", json.dumps(data, ensure_ascii=False))]
    told = newline.join(f"{field}: {value}" for field, value in fields if value)
    return (told + newline * 2).encode()


def said(text: str) -> Any:
    return logs.entry("stdout", text)


END = sent({"type": "end", "status": "completed"}, "end", "9")


def seen(service: FakeService) -> list[str]:
    client = Client(service.url, "sy_token")
    try:
        return list(follow.lines(follow.events(client, f"{service.url}{RUN}", Deadline())))
    finally:
        client.close()


# ---------------------------------------------------------------- the stream


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"])
def test_only_carriage_return_and_line_feed_end_a_line(service: FakeService, odd: str) -> None:
    service.streams = [sent(said(f"one{odd}line"), number="1") + END]
    assert seen(service) == [f"one{odd}line", "-- completed"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_three_ways(service: FakeService, newline: str) -> None:
    service.streams = [sent(said("one"), newline=newline) + sent(said("two"), newline=newline) + END]
    assert seen(service) == ["one", "two", "-- completed"]


def test_data_of_several_lines_notes_and_pauses_are_read(service: FakeService) -> None:
    whole = json.dumps(said("one"), indent=1).replace("\n", "\ndata: ")
    service.streams = [f"retry: 1000\n\n: note\n\nid: 1.0\ndata: {whole}\n\n".encode() + END]
    assert seen(service) == ["one", "-- completed"]


def test_a_stream_that_breaks_off_is_taken_up_after_the_last_whole_event(service: FakeService) -> None:
    first = sent(said("one"), number="1.0") + sent(said("two"), number="1.1")
    service.streams = [first + sent(said("three"), number="1.2")[:-8], sent(said("three"), number="1.2") + END]
    assert seen(service) == ["one", "two", "three", "-- completed"]
    assert service.resumed_after == [None, "1.1"]
    assert set(service.paths) == {f"{RUN}stream"}


def test_a_stream_with_nothing_more_to_come_ends(service: FakeService) -> None:
    service.streams = [sent(said("one"), number="1")]
    assert seen(service) == ["one"]


def test_passing_failures_are_retried_and_a_refusal_is_not(service: FakeService) -> None:
    service.failures = {"/stream": [(503, {"retry-after": "0"}), (429, {}), (200, {"content-type": "text/html"})]}
    service.streams = [END]
    assert seen(service) == ["-- completed"]
    service.failures = {"/stream": [(404, {})]}
    with pytest.raises(Refused, match="404: as planned"):
        seen(service)


def test_people_see_lines_and_changes_of_status_and_the_end_last() -> None:
    def state(status: str, error: str | None = None) -> ServerSentEvent:
        return event({"type": "task_run_state", "status": status, "error_message": error})

    def event(given: Any, name: str = "message") -> ServerSentEvent:
        return ServerSentEvent(event=name, data=json.dumps(given), id="1")

    events = [
        state("queued"),
        state("in_progress"),
        event({"type": "keepalive"}, "keepalive"),
        event(logs.entry("stdout", "hello")),
        event(logs.entry("stdout", "")),
        state("in_progress"),
        event({"type": "other"}),
        state("failed", "why"),
        event(logs.entry("stderr", "bye")),
        event({"type": "end", "status": "failed"}, "end"),
    ]
    shown = list(follow.lines(events))
    assert shown == ["-- queued", "-- in_progress", "hello", "", '{"type": "other"}', "bye", "-- failed: why"]
    assert list(follow.lines(events[-1:])) == ["-- failed"]


# ---------------------------------------------------------------- a service that does not answer


class Clock(Deadline):
    """A deadline by a clock that only its own pauses move."""

    now = 0.0

    def pause(self, seconds: float) -> bool:
        self.now += seconds
        return self.now < self.until


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(retries, "_FIRST_PAUSE", 0.3)
    monkeypatch.setattr(retries, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_people_are_notified_once_a_service_has_not_answered_for_two_seconds(clock: Clock) -> None:
    told: list[str] = []
    attempts = Attempts("GET x", clock, told.append)
    while not told:
        before = clock.now
        attempts.failed("ConnectError: refused")
    assert before < 2 <= clock.now
    assert told == [f"GET x: ConnectError: refused; trying again in {clock.now - before:.1f} s"]
    attempts.went_through()
    assert told[1:] == ["GET x: answered"]
    attempts.failed("ConnectError: refused")
    attempts.went_through()
    assert len(told) == 2


def test_a_follower_gives_up_when_no_attempt_goes_through_for_long(clock: Clock) -> None:
    attempts = Attempts("GET x", clock, lambda _: None, give_up=300)

    def fail_until_it_gives_up() -> None:
        while True:
            attempts.failed("status 503")

    with pytest.raises(Unreachable, match="status 503"):
        fail_until_it_gives_up()
    assert 280 < clock.now <= 300


def test_a_gateway_that_hands_streams_on_as_a_whole_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "SILENCE", 0.02)
    monkeypatch.setattr(retries, "SILENCE", 0.02)
    parts, told = [b": keep\n\n", b": keep\n\n", END], list[str]()

    @contextmanager
    def events(_url: str, _last: str) -> Iterator[httpx.Response]:
        time.sleep(0.06)
        yield httpx.Response(200, headers={"content-type": "text/event-stream"}, content=parts.pop(0))

    client: Any = SimpleNamespace(events=events, notify=told.append)
    assert [each.event for each in follow.events(client, "http://x/", Deadline())] == ["end"]
    assert [each.rpartition(": ")[2] for each in told] == ["no answer yet, still waiting", "answered"]


def test_a_line_for_people_is_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("sys.stderr", SimpleNamespace(write=written.append, flush=lambda: None))
    say("stopping")
    (line,) = written
    assert re.fullmatch(r"\d\d:\d\d:\d\d stopping\n", line)


@contextmanager
def following(url: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "client"), "SWITCHYARD_TOKEN": "sy_token"}
    program = subprocess.Popen(
        [sys.executable, "-m", "switchyard_client.worker", "follow", url],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # What does not come would be waited for without end.
    watch = threading.Timer(20, program.kill)
    watch.start()
    try:
        yield program
    finally:
        watch.cancel()
        program.kill()
        program.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_follower_reports_a_service_that_is_not_there_and_ends_on_a_signal(number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = url_of(free)
    with following(url) as program:
        assert program.stderr
        first = program.stderr.readline()
        assert f"GET {url}/stream: ConnectError:" in first
        assert "; trying again in " in first
        program.send_signal(number)
        assert program.wait() == 128 + number
        assert "Traceback" not in program.stderr.read()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that takes connections and says what the test makes it say."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/run"


def test_a_follower_reports_a_service_that_accepts_the_request_and_is_silent(listener: socket.socket) -> None:
    with following(url_of(listener)) as program:
        assert program.stderr
        assert "/run/stream: no answer yet, still waiting" in program.stderr.readline()


def test_a_follower_ends_at_once_while_the_stream_is_open(listener: socket.socket) -> None:
    with following(url_of(listener)) as program:
        connection, _ = listener.accept()
        with connection:
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
            connection.sendall(head + sent(said("one")))
            assert program.stdout
            assert program.stdout.readline() == "one\n"
            program.send_signal(signal.SIGINT)
            assert program.wait() == 130


def test_a_follower_whose_reader_has_gone_ends_quietly(service: FakeService) -> None:
    service.streams = [sent(said("x" * 100)) * 10_000 + END]
    with following(f"{service.url}{RUN}") as program:
        assert program.stdout
        program.stdout.readline()
        program.stdout.close()
        assert program.stderr
        assert (program.stderr.read(), program.wait()) == ("", 141)


def test_what_cannot_be_printed_is_printed_as_an_escape(service: FakeService) -> None:
    service.streams = [b'data: {"notification": {"params": {"text": "a\\ud800"}}}\n\n' + END]
    with following(f"{service.url}{RUN}") as program:
        out, _ = program.communicate()
        assert (out, program.returncode) == ("a\\ud800\n-- completed\n", 0)


# ---------------------------------------------------------------- the distribution


def test_the_clients_import_nothing_but_what_they_declare() -> None:
    script = "import sys; before = set(sys.modules)\nimport switchyard_client.worker.__main__\n"
    script += "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "client")}
    told = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    # Click, Pygments and Rich are for httpx's own command line, where they happen to be installed.
    of_httpx = {"anyio", "certifi", "h11", "httpcore", "idna", "sniffio", "typing_extensions"}
    of_httpx |= {"click", "pygments", "rich"}
    foreign = set(told.stdout.split()) - set(sys.stdlib_module_names) - of_httpx
    assert foreign == {"switchyard_client", "httpx", "httpx_sse"}
    declared = tomllib.loads((ROOT / "client/pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.split("[<>=]", each)[0] for each in declared} == {"click", "httpx", "httpx-sse"}
