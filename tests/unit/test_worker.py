"""The reference worker against a service that a test plays: commands, logs, files, and every way it may end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from switchyard_client import retries
from switchyard_client.client import Client
from switchyard_client.worker import files, logs
from switchyard_client.worker.process import LINE_MAX, Command
from switchyard_client.worker.runner import Options
from switchyard_client.worker.work import Worker
from tests.support.fake_service import FakeService, serving
from tests.support.template import ROOT

LEASE = 3
PROGRAM = [sys.executable, "-m", "switchyard_client.worker"]


@pytest.fixture
def service() -> Iterator[FakeService]:
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_PAUSE", 0.02)
    monkeypatch.setattr(logs, "SECONDS", 0.05)


Once = Callable[..., str | None]


@pytest.fixture
def once(service: FakeService, tmp_path: Path) -> Iterator[Once]:
    """Carry one run out with a command: `once("true")`; returns what became of it."""
    client = Client(service.url, "sy_token")

    def run(command: str, stop: threading.Event | None = None, **options: Any) -> str | None:
        made = Options(command, LEASE, **{"work_dir": tmp_path, "grace": 0.5, **options})
        return Worker(client, made, 0, 1, stop or threading.Event()).once()

    yield run
    client.close()


def until(condition: Callable[[], Any], seconds: float = 15) -> None:
    """Wait for what another process or thread is to do."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


# ---------------------------------------------------------------- what a command gets and leaves


def test_a_command_gets_task_run_and_message_and_its_output_is_the_log(service: FakeService, once: Once) -> None:
    run = service.offer(message="Be brief.")
    assert once("cat; echo oops >&2") == "completed"
    (line,) = service.lines(run)
    given = json.loads(line)
    assert (given["run"]["id"], given["message"], given["task"]["title"]) == (run, "Be brief.", "Task of 001")
    assert service.lines(run, "stderr") == ["oops"]
    assert service.runs[run]["status"] == "completed"
    entry = service.logs[run][0]
    assert entry["type"] == "notification"
    assert entry["notification"]["method"] == "_switchyard/output"
    assert entry["timestamp"].endswith("Z")


def test_a_command_need_not_read_what_it_is_given(service: FakeService, once: Once) -> None:
    service.offer(message="m" * 1_000_000)
    assert once("exit 0") == "completed"


def test_a_command_knows_its_run_by_its_environment_but_not_the_token(
    service: FakeService, once: Once, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHYARD_TOKEN", "sy_token")
    run = service.offer()
    once(
        'echo "$SWITCHYARD_RUN_ID $SWITCHYARD_FENCE $SWITCHYARD_URL ${SWITCHYARD_TOKEN-none}"; echo $SWITCHYARD_RUN_URL'
    )
    task = "00000000-0000-7000-8000-00000000aaaa"
    assert service.lines(run) == [
        f"{run} 1 {service.url} none",
        f"{service.url}/api/projects/-/tasks/{task}/runs/{run}/",
    ]
    second = service.offer(2)
    once('echo "$SWITCHYARD_TOKEN"', pass_token=True)
    assert service.lines(second) == ["sy_token"]
    assert service.tokens == {"Bearer sy_token"}


def test_a_failed_command_is_reported_with_its_last_word(service: FakeService, once: Once) -> None:
    run = service.offer()
    assert once("echo first >&2; echo 'no such file' >&2; echo; exit 3") == "failed"
    assert service.runs[run]["status"] == "failed"
    assert service.runs[run]["error_message"] == "exit status 3: no such file"
    quiet = service.offer(2)
    once("kill -9 $$")
    assert service.runs[quiet]["error_message"] == "signal 9"


def test_each_run_has_a_fresh_folder_that_is_gone_afterwards(service: FakeService, once: Once, tmp_path: Path) -> None:
    first, second = service.offer(1), service.offer(2)
    for _ in range(2):
        once("ls; pwd; touch mine")
    assert service.lines(first)[:-1] == service.lines(second)[:-1] == ["artifacts", "output"]
    assert service.lines(first)[-1] != service.lines(second)[-1]
    assert list(tmp_path.iterdir()) == []
    service.offer(3)
    once("touch mine", keep=True)
    assert [each.name for each in tmp_path.glob("*/mine")] == ["mine"]


def test_artifacts_are_there_under_safe_names(service: FakeService, once: Once) -> None:
    given = {
        "../../etc/passwd": b"a",
        "plan.md": b"b" * 3_000_000,
        "b/plan.md": b"c",
        ".hidden": b"d",
        "a b\n.txt": b"e",
    }
    run = service.offer(artifacts=given)
    assert once("cd artifacts && wc -c *") == "completed"
    found = dict(reversed(line.split()) for line in service.lines(run)[:-1])
    assert found == {"passwd": "1", "plan.md": "3000000", "plan-2.md": "1", "hidden": "1", "a_b_.txt": "1"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("", "artifact"),
        ("..", "artifact"),
        ("a\\b.txt", "b.txt"),
        ("-rf", "-rf"),
        ("x" * 300, "x" * 150),
        ("日本.md", "_.md"),
    ],
)
def test_no_name_leads_out_of_the_folder(name: str, safe: str) -> None:
    assert files.safe_name(name, set()) == safe


def test_what_lies_in_output_is_handed_in(service: FakeService, once: Once) -> None:
    run = service.offer()
    files_made = "mkdir output/sub; echo one > output/a.txt; echo two > output/sub/b.md"
    assert once(f"{files_made}; touch output/empty; ln -s /etc/passwd output/link") == "completed"
    made = service.runs[run]["artifacts"]
    assert [(each["name"], each["type"], each["content_type"]) for each in made] == [
        ("a.txt", "output", "text/plain"),
        ("sub-b.md", "output", "text/markdown"),
    ]
    assert [service.objects[each["storage_path"]] for each in made] == [b"one\n", b"two\n"]


def test_what_an_earlier_attempt_handed_in_is_not_downloaded(service: FakeService, once: Once) -> None:
    run = service.offer(artifacts={"plan.md": b"p"})
    service.runs[run]["artifacts"].append({"name": "old", "type": "output", "storage_path": "x"})
    once("ls artifacts")
    assert service.lines(run) == ["plan.md"]


def test_a_file_over_the_limit_makes_a_failed_run(
    service: FakeService, once: Once, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FILE_MAX", 4)
    run = service.offer()
    assert once("echo large > output/large.bin") == "failed"
    assert service.runs[run]["error_message"] == "output/large.bin has 6 bytes: at most 4 are taken"


def test_output_json_is_the_runs_output_of_a_command_that_went_well(service: FakeService, once: Once) -> None:
    run = service.offer()
    once("""echo '{"pr": 7}' > output.json""")
    assert service.runs[run]["output"] == {"pr": 7}
    failed = service.offer(2)
    once("""echo '{"pr": 7}' > output.json; exit 1""")
    assert "output" not in service.runs[failed]


@pytest.mark.parametrize(
    ("written", "refusal", "told"),
    [
        ("{", None, "output.json is not JSON: Expecting property name"),
        ("NaN", None, "output.json is not JSON: NaN is not a JSON number"),
        ('{"pr": "x"}', "Output validation error: pr", "400: Output validation error: pr"),
    ],
)
def test_output_that_is_refused_makes_a_failed_run(
    service: FakeService, once: Once, written: str, refusal: str | None, told: str
) -> None:
    service.schema_refusal = refusal
    run = service.offer()
    assert once(f"echo '{written}' > output.json") == "failed"
    assert service.runs[run]["status"] == "failed"
    assert service.runs[run]["error_message"].startswith(told)


# ---------------------------------------------------------------- logs


def test_a_lot_of_output_comes_whole_in_order_and_in_batches(service: FakeService, once: Once) -> None:
    run = service.offer()
    assert once("seq 1 5000") == "completed"
    assert service.lines(run) == [str(n) for n in range(1, 5_001)]
    assert max(service.batches) == logs.LINES_MAX
    assert len(service.batches) < 100


def test_a_command_that_prints_faster_than_the_log_takes_waits(
    service: FakeService, once: Once, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(logs, "WAITING_MAX", 10)
    service.failures["append_log"] = [(503, {})] * 1_000
    run = service.offer()
    mark = tmp_path / "printed"
    done: list[Any] = []
    thread = threading.Thread(target=lambda: done.append(once(f"seq -f %0100.0f 1 3000; touch {mark}")))
    thread.start()
    until(lambda: len(service.failures["append_log"]) < 995)
    # The pipe holds some hundred lines, the queue ten: the command is far from its end.
    assert not mark.exists()
    service.failures.clear()
    thread.join()
    assert done == ["completed"]
    assert len(service.lines(run)) == 3_000


def test_long_lines_come_in_pieces_and_what_is_not_text_is_replaced(service: FakeService, once: Once) -> None:
    run = service.offer()
    once(f"head -c {LINE_MAX + 5} /dev/zero | tr '\\0' x; echo; printf 'a\\377b'")
    assert service.lines(run) == ["x" * LINE_MAX, "x" * 5, "a\ufffdb"]


def test_lines_are_sent_while_the_command_works(service: FakeService, once: Once, tmp_path: Path) -> None:
    run, go = service.offer(), tmp_path / "go"
    thread = threading.Thread(target=once, args=(f"echo here; while [ ! -e {go} ]; do sleep 0.05; done",))
    thread.start()
    until(lambda: service.lines(run) == ["here"])
    go.touch()
    thread.join()


def test_a_process_that_the_command_left_behind_ends_with_it(service: FakeService, once: Once, tmp_path: Path) -> None:
    service.offer()
    assert once(f"(sleep 60; touch {tmp_path}/late) & echo $! > {tmp_path}/pid") == "completed"
    until(lambda: not _is_alive(int((tmp_path / "pid").read_text())))


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


# ---------------------------------------------------------------- leases


def test_heartbeats_keep_the_run_for_longer_than_its_lease(service: FakeService, once: Once, tmp_path: Path) -> None:
    service.offer()
    outcomes: list[Any] = []
    go = tmp_path / "go"
    thread = threading.Thread(target=lambda: outcomes.append(once(f"while [ ! -e {go} ]; do sleep 0.05; done")))
    thread.start()
    until(lambda: service.heartbeats > 3)
    go.touch()
    thread.join()
    assert outcomes == ["completed"]


@pytest.mark.parametrize("end", ["cancel", "take_over"])
def test_a_run_that_is_cancelled_or_taken_over_stops_the_command_and_nothing_is_reported(
    service: FakeService, once: Once, tmp_path: Path, end: str
) -> None:
    run, mark = service.offer(), tmp_path / "pid"
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(once(f"echo $$ > {mark}; sleep 60")))
    thread.start()
    until(lambda: mark.exists() and mark.read_text().strip())
    getattr(service, end)(run)
    thread.join(15)
    assert outcomes == ["lost"]
    assert not _is_alive(int(mark.read_text()))
    assert service.runs[run]["status"] == ("cancelled" if end == "cancel" else "in_progress")
    assert service.released == []


def test_the_log_learns_of_a_cancellation_at_once(service: FakeService, once: Once, tmp_path: Path) -> None:
    run, go = service.offer(), tmp_path / "go"
    outcomes: list[Any] = []
    command = f"while [ ! -e {go} ]; do sleep 0.02; done; echo on; sleep 60"
    thread = threading.Thread(target=lambda: outcomes.append(once(command)))
    thread.start()
    until(lambda: service.runs[run]["status"] == "in_progress")
    service.cancel(run)
    beats = service.heartbeats
    go.touch()
    thread.join(15)
    assert (outcomes, service.heartbeats) == (["lost"], beats)


def test_a_command_that_ignores_the_request_to_end_is_killed(service: FakeService, once: Once, tmp_path: Path) -> None:
    run, mark, stop = service.offer(), tmp_path / "pid", threading.Event()
    thread = threading.Thread(target=once, args=(f"trap '' TERM; echo $$ > {mark}; while :; do sleep 1; done", stop))
    thread.start()
    until(lambda: mark.exists() and mark.read_text().strip())
    stop.set()
    thread.join(15)
    assert not _is_alive(int(mark.read_text()))
    assert service.released == [run]


def test_passing_failures_are_tried_again_and_a_report_whose_answer_was_lost_counts(
    service: FakeService, once: Once
) -> None:
    run = service.offer()
    service.failures = {
        "/claim": [(503, {"retry-after": "0"}), (429, {})],
        "append_log": [(502, {})],
        "set_output": [(503, {})],
    }
    service.dropped = {run: 1, "set_output": 1}
    assert once("echo 1; echo '[1]' > output.json") == "completed"
    assert (service.runs[run]["status"], service.runs[run]["output"]) == ("completed", [1])


def test_a_service_that_is_away_for_longer_than_the_lease_loses_the_worker_the_run(
    service: FakeService, once: Once
) -> None:
    run = service.offer()
    service.failures = {"heartbeat": [(503, {})] * 10_000, "append_log": [(503, {})] * 10_000}
    assert once("echo 1; sleep 60") == "lost"
    assert service.runs[run]["status"] == "in_progress"


def test_a_refused_token_ends_the_worker_with_a_status_of_its_own(service: FakeService) -> None:
    service.failures = {"/claim": [(401, {})]}
    ended = worker(service, "true").wait(20)
    assert ended == 2


# ---------------------------------------------------------------- the program


def worker(service: FakeService, command: str, *more: str) -> subprocess.Popen[str]:
    arguments = ["--exec", command, "--wait", "0", "--lease", "10", *more]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "client"),
        "SWITCHYARD_URL": service.url,
        "SWITCHYARD_TOKEN": "sy_token",
    }
    return subprocess.Popen([*PROGRAM, *arguments], env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_worker_ends_the_command_and_releases_the_run(
    service: FakeService, tmp_path: Path, number: int
) -> None:
    run = service.offer()
    program = worker(service, f"trap 'touch {tmp_path}/ended; exit' TERM; echo up; while :; do sleep 0.05; done")
    until(lambda: service.lines(run) == ["up"])
    program.send_signal(number)
    _, told = program.communicate(timeout=30)
    assert program.returncode == 0, told
    assert (tmp_path / "ended").exists()
    assert service.released == [run]
    assert told.count("claimed") == 1
    assert "released" in told


class Pauses(threading.Event):
    """A stop that notes how long it was waited for, and is set after so many times."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.taken = most, list[float | None]()

    def wait(self, timeout: float | None = None) -> bool:
        self.taken.append(timeout)
        if len(self.taken) >= self.most:
            self.set()
        return self.is_set()


def test_a_worker_that_finds_nothing_asks_less_and_less_often_until_there_is_something(
    service: FakeService, tmp_path: Path
) -> None:
    stop = Pauses(7)
    client = Client(service.url, "sy_token")
    Worker(client, Options("true", LEASE, work_dir=tmp_path), 0, 1, stop).work()
    client.close()
    assert stop.taken == [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0]


def test_an_idle_worker_stops_on_a_signal(service: FakeService) -> None:
    program = worker(service, "true")
    until(lambda: service.tokens)
    program.terminate()
    assert program.wait(20) == 0


@pytest.mark.parametrize(("command", "status"), [("true", 0), ("false", 1)])
def test_one_run_and_no_more(service: FakeService, command: str, status: int) -> None:
    service.offer(1)
    service.offer(2)
    assert worker(service, command, "--once").wait(20) == status
    assert len(service.waiting) == 1


def test_several_runs_are_executed_at_a_time_and_no_more_than_allowed(service: FakeService, tmp_path: Path) -> None:
    for number in range(6):
        service.offer(number)
    program = worker(
        service,
        f"touch {tmp_path}/$SWITCHYARD_RUN_ID; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done",
        "--max-parallel",
        "3",
    )
    until(lambda: len(list(tmp_path.iterdir())) == 3)
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) == 3
    (tmp_path / "go").touch()
    until(lambda: all(run["status"] == "completed" for run in service.runs.values()))
    program.terminate()
    assert program.wait(20) == 0


def refused(arguments: list[str], **environment: str) -> str:
    """Run the program, which must refuse what it is given; returns what it told people."""
    program = subprocess.run(
        [*PROGRAM, *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "client"),
            "SWITCHYARD_URL": "http://127.0.0.1:1",
            "SWITCHYARD_TOKEN": "sy_token",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (program.returncode, program.stdout) == (2, "")
    assert "Traceback" not in program.stderr
    return program.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "required: --exec"),
        (["--exec", "  "], "--exec: is empty"),
        (["--exec", "true", "--lease", "5"], "--lease: 5 is not between 10 and 86400"),
        (["--exec", "true", "--lease", "soon"], "--lease: invalid number value: 'soon'"),
        (["--exec", "true", "--wait", "21"], "--wait: 21 is not between 0 and 20"),
        (["--exec", "true", "--max-parallel", "0"], "--max-parallel: 0 is not between 1 and 64"),
        (["--exec", "true", "--url", "localhost:8000"], "--url: 'localhost:8000' is not a URL"),
        (["--exec", "true", "--url", "http://host:port"], "--url: 'http://host:port' is not a URL"),
        (["--exec", "true", "--work-dir", "/no/such/folder"], "--work-dir: '/no/such/folder' is not a folder"),
        (["follow"], "required: RUN_URL"),
        (["follow", "runs/1"], "RUN_URL: 'runs/1' is not a URL"),
    ],
)
def test_bad_options_are_refused_by_name(arguments: list[str], told: str) -> None:
    words = refused(arguments)
    assert "usage:" in words
    assert told in words


def test_bad_settings_of_the_environment_are_refused_by_name() -> None:
    assert "--url: 'nowhere' is not a URL" in refused(["--exec", "true"], SWITCHYARD_URL="nowhere")
    assert "required: --url" in refused(["--exec", "true"], SWITCHYARD_URL="")
    assert "no token: set SWITCHYARD_TOKEN" in refused(["--exec", "true"], SWITCHYARD_TOKEN="")
    assert "SWITCHYARD_TOKEN or --token has a space" in refused(["--exec", "true"], SWITCHYARD_TOKEN="sy_1\n")
    assert "SWITCHYARD_TOKEN or --token has a space" in refused(["follow", "http://h/r"], SWITCHYARD_TOKEN="sy_ü")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((301, {"location": "https://elsewhere/"}), "redirects to https://elsewhere/"),
        ((200, {"content-type": "text/html"}), "answers no JSON"),
    ],
)
def test_what_is_not_the_service_is_refused(service: FakeService, answer: Any, told: str) -> None:
    service.failures = {"/claim": [(*answer, b"<html>")]}
    program = worker(service, "true")
    _, words = program.communicate(timeout=20)
    assert program.returncode == 2
    assert told in words
    assert "Traceback" not in words


# ---------------------------------------------------------------- told to stop, in each phase


def stopped(program: subprocess.Popen[str]) -> str:
    """Interrupt the program, which must end well; returns what it told people."""
    program.send_signal(signal.SIGINT)
    _, told = program.communicate(timeout=30)
    assert program.returncode == 0, told
    assert "stopping:" in told
    assert "Traceback" not in told
    return told


def test_a_worker_that_is_stopped_while_the_service_is_away_ends(service: FakeService) -> None:
    service.failures = {"/claim": [(503, {})] * 1_000}
    program = worker(service, "true", "--once")
    until(lambda: len(service.failures["/claim"]) < 999)
    stopped(program)


def test_a_worker_that_is_stopped_while_a_claim_waits_gives_back_what_it_gets(
    service: FakeService, tmp_path: Path
) -> None:
    service.held.clear()
    run = service.offer()
    program = worker(service, f"touch {tmp_path}/begun")
    until(lambda: "/v1/runs/claim" in service.asked)
    program.send_signal(signal.SIGINT)
    assert program.stderr
    until(lambda: "stopping:" in (program.stderr.readline() if program.stderr else ""))
    service.held.set()
    assert program.wait(30) == 0
    assert service.released == [run]
    assert not (tmp_path / "begun").exists()


def test_a_worker_that_is_stopped_while_it_fetches_artifacts_gives_the_run_back(
    service: FakeService, tmp_path: Path
) -> None:
    run = service.offer(artifacts={"plan.md": b"p"})
    service.failures = {"artifacts/download": [(503, {})] * 1_000}
    program = worker(service, f"touch {tmp_path}/begun", "--lease", "3600", "--grace", "0")
    until(lambda: len(service.failures["artifacts/download"]) < 999)
    stopped(program)
    assert service.released == [run]
    assert not (tmp_path / "begun").exists()


def test_a_worker_that_is_stopped_while_it_reports_tries_for_some_seconds_more(service: FakeService) -> None:
    run = service.offer()
    service.failures = {run: [(503, {})] * 1_000}
    program = worker(service, "true", "--lease", "3600", "--grace", "0")
    until(lambda: len(service.failures[run]) < 999)
    assert "lost: status 503" in stopped(program)
    late = service.offer(2)
    service.failures = {late: [(503, {})] * 3}
    program = worker(service, "true", "--lease", "3600")
    until(lambda: len(service.failures[late]) < 3)
    stopped(program)
    assert service.runs[late]["status"] == "completed"


# ---------------------------------------------------------------- what people are told


def test_once_says_why_it_waits(service: FakeService) -> None:
    program = worker(service, "true", "--once")
    assert program.stderr
    assert "waiting for one run" in program.stderr.readline()
    assert "still waiting: no run is offered that is meant for this agent" in program.stderr.readline()
    service.offer()
    assert program.wait(20) == 0


def test_people_see_what_is_tried_and_when_a_claim_comes_through_again(service: FakeService) -> None:
    service.failures = {"/claim": [(503, {"retry-after": "2"})]}
    service.offer()
    program = worker(service, "true", "--once")
    _, told = program.communicate(timeout=20)
    claim = f"POST {service.url}/v1/runs/claim"
    assert f"{claim}: status 503; trying again in 2.0 s" in told
    assert f"{claim}: answered" in told


def test_no_request_has_a_closing_slash(service: FakeService, once: Once) -> None:
    service.offer(artifacts={"plan.md": b"p"})
    assert once("echo 1 > output/a; echo 1 > output.json; echo said") == "completed"
    assert {path.rpartition("/")[2] for path in service.paths} >= {"claim", "download", "append_log", "set_output"}
    assert not [path for path in service.paths if path.endswith("/")]


def test_a_command_that_leaves_its_group_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from switchyard_client.worker import process

    monkeypatch.setattr(process, "_DRAIN", 0.3)
    lines: list[str] = []
    leave = f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 30' &"
    script = f"{leave} until [ -s {tmp_path}/pid ]; do sleep 0.02; done; echo done"
    command = Command(script, tmp_path, dict(os.environ), "", lambda _, line: lines.append(line))
    until(lambda: command.status is not None)
    command.finish()
    assert lines == ["done"]
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
