"""The reference worker and the deployed service: runs started over HTTP, carried by the workflow, done by processes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchyard.admin import Admin
from tests.support.template import ROOT
from tests.support.uploads import finalize, prepare, staged, upload

WORKERS, RUNS = 4, 50
#: Seconds after which what is waited for will not come.
SECONDS_MAX = 120
AGENT = "agent_bo"
FINAL = {"completed", "failed", "cancelled"}

Json = dict[str, Any]


def until[Found](read: Callable[[], Found], enough: Callable[[Found], Any]) -> Found:
    """Return what `read` gives, once it is enough."""
    deadline = time.monotonic() + SECONDS_MAX
    while not enough(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


class Yard:
    """A tenant of the deployed service with a project, a person who starts runs, and workers of one agent."""

    def __init__(self, stack: Json, admin: Admin) -> None:
        tenant = admin.create_tenant("Yard")
        admin.create_project(tenant, "Yard project")
        scopes = ["tasks:read", "tasks:write"]
        made = [
            admin.issue_token(tenant, actor, kind=kind, scopes=scopes, name=actor)
            for actor, kind in (("user_ada", "user"), (AGENT, "agent"))
        ]
        self.url = stack["url"]
        self.secret = made[1]["token"]
        self.ada, self.bo = (
            httpx.Client(
                base_url=self.url, headers={"authorization": f"Bearer {each['token']}"}, timeout=60, trust_env=False
            )
            for each in made
        )
        self.processes: list[subprocess.Popen[str]] = []

    def close(self) -> None:
        for each in self.processes:
            if each.poll() is None:
                each.terminate()
            each.communicate(timeout=60)
        self.ada.close()
        self.bo.close()

    def start(self, body: Json | None = None, **task: Any) -> str:
        """Make a task and start a run of it; returns the run's url."""
        made = self.ada.post("/api/projects/@current/tasks/", json={"title": "Work", **task})
        assert made.status_code == 201, made.text
        return self.run_of(made.json()["id"], body)

    def run_of(self, task: str, body: Json | None = None) -> str:
        answer = self.ada.post(f"/api/projects/@current/tasks/{task}/run/", json=body or {})
        assert answer.status_code == 200, answer.text
        return f"/api/projects/-/tasks/{task}/runs/{answer.json()['latest_run']['id']}/"

    def get(self, url: str) -> Any:
        answer = self.ada.get(url)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def over(self, run: str) -> Json:
        """The run, once it is finished."""
        found: Json = until(lambda: self.get(run), lambda shown: shown["status"] in FINAL)
        return found

    def lines(self, run: str) -> list[str]:
        answer = self.ada.get(f"{run}logs/")
        assert answer.status_code == 200, answer.text
        return [json.loads(line)["notification"]["params"]["text"] for line in answer.text.splitlines()]

    def work(self, command: str, *more: str) -> subprocess.Popen[str]:
        """Start a worker."""
        return self._program("--exec", command, "--lease", "10", "--wait", "5", *more)

    def follow(self, run: str) -> subprocess.Popen[str]:
        return self._program("follow", f"{self.url}{run}")

    def _program(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "client"),
            "SWITCHYARD_URL": self.url,
            "SWITCHYARD_TOKEN": self.secret,
        }
        made = subprocess.Popen(
            [sys.executable, "-m", "switchyard_client.worker", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(made)
        return made


@pytest.fixture
def yard(stack: Json, outputs: dict[str, str], database: Any) -> Iterator[Yard]:
    made = Yard(stack, Admin(outputs["TableName"], database))
    yield made
    made.close()


def stopped(program: subprocess.Popen[str]) -> str:
    """Tell a worker to stop; returns what it told people."""
    program.terminate()
    _, told = program.communicate(timeout=60)
    assert program.returncode == 0, told
    return told


def pid_in(path: Path) -> int:
    return int(until(lambda: path.read_text() if path.exists() else "", str.strip))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_four_workers_carry_out_fifty_runs_each_exactly_once(yard: Yard, tmp_path: Path) -> None:
    done = tmp_path / "done"
    for _ in range(WORKERS):
        yard.work(f'echo "$SWITCHYARD_RUN_ID $SWITCHYARD_FENCE" >> {done}; echo done', "--lease", "60")
    with ThreadPoolExecutor(4) as threads:
        runs = list(threads.map(lambda _: yard.start(), range(RUNS)))
    ended = [yard.over(run) for run in runs]
    assert Counter(each["status"] for each in ended) == {"completed": RUNS}
    assert Counter(done.read_text().splitlines()) == Counter(f"{each['id']} 1" for each in ended)
    assert all(yard.lines(run) == ["done"] for run in runs)
    assert Counter(yard.get(f"/v1/tracks/{each['task']}")["task"]["status"] for each in ended) == {"done": RUNS}


def test_a_run_whose_worker_was_killed_goes_to_the_next_and_late_reports_are_refused(
    yard: Yard, tmp_path: Path
) -> None:
    pid, run = tmp_path / "pid", yard.start()
    first = yard.work(f"echo $$ > {pid}; echo first; sleep 300")
    until(lambda: yard.lines(run), bool)
    first.kill()
    first.wait()
    assert yard.get(run)["status"] == "in_progress"
    yard.work('echo "second $SWITCHYARD_FENCE"')
    ended = yard.over(run)
    assert (ended["status"], ended["fence"]) == ("completed", 2)
    assert yard.lines(run) == ["first", "second 2"]
    # What the first one left behind still runs, and reports late.
    os.killpg(pid_in(pid), signal.SIGKILL)
    late = {"claim-fence": "1"}
    entry = {"entries": [{"type": "notification"}]}
    answers = [
        yard.bo.patch(run, json={"status": "failed"}, headers=late),
        yard.bo.patch(f"{run}set_output/", json={"output": {"late": True}}, headers=late),
        yard.bo.post(f"{run}append_log/", json=entry, headers=late),
    ]
    assert [each.status_code for each in answers] == [409] * 3
    assert (yard.get(run)["status"], yard.get(run)["output"]) == ("completed", None)
    assert yard.lines(run) == ["first", "second 2"]


def test_late_reports_are_refused_while_the_next_worker_is_at_it(yard: Yard) -> None:
    run = yard.start()
    claimed = until(lambda: yard.bo.post("/v1/runs/claim", json={"lease_seconds": 10}), lambda a: a.status_code == 200)
    assert claimed.json()["fence"] == 1
    wait = {"lease_seconds": 60, "wait_seconds": 20}
    again = yard.bo.post("/v1/runs/claim", json=wait).json()
    assert (again["run"]["id"], again["fence"]) == (claimed.json()["run"]["id"], 2)
    late = {"claim-fence": "1"}
    assert yard.bo.patch(run, json={"status": "completed"}, headers=late).status_code == 409
    assert yard.bo.post(f"{run}append_log/", json={"entries": [{"a": 1}]}, headers=late).status_code == 409
    assert yard.bo.patch(run, json={"status": "completed"}, headers={"claim-fence": "2"}).status_code == 200
    assert yard.over(run)["fence"] == 2


def test_a_stopped_worker_releases_its_run(yard: Yard, tmp_path: Path) -> None:
    pid, run = tmp_path / "pid", yard.start()
    program = yard.work(f"echo $$ > {pid}; echo first; sleep 300")
    until(lambda: yard.lines(run), bool)
    assert "released" in stopped(program)
    assert not is_alive(pid_in(pid))
    shown = yard.get(run)
    assert (shown["status"], shown["holder"]) == ("queued", None)
    assert yard.get(f"/v1/tracks/{shown['task']}")["task"]["status"] == "todo"
    yard.work("echo second")
    assert yard.over(run)["fence"] == 2
    assert yard.lines(run) == ["first", "second"]


def test_a_cancelled_run_stops_its_command(yard: Yard, tmp_path: Path) -> None:
    pid, run = tmp_path / "pid", yard.start()
    program = yard.work(f"echo $$ > {pid}; sleep 300", "--once")
    number = pid_in(pid)
    assert yard.ada.patch(run, json={"status": "cancelled"}).status_code == 200
    _, told = program.communicate(timeout=60)
    assert (program.returncode, "lost" in told) == (1, True), told
    assert not is_alive(number)
    shown = yard.get(run)
    assert shown["status"] == "cancelled"
    assert yard.get(f"/v1/tracks/{shown['task']}")["task"]["status"] == "todo"


def test_output_is_held_to_the_tasks_schema(yard: Yard) -> None:
    schema = {"type": "object", "properties": {"pr": {"type": "integer"}}, "required": ["pr"]}
    yard.work('python3 -c \'import json, sys; open("output.json", "w").write(json.load(sys.stdin)["message"])\'')
    wrong = yard.start({"pending_user_message": '{"pr": "seven"}'}, json_schema=schema)
    right = yard.start({"pending_user_message": '{"pr": 7}'}, json_schema=schema)
    ended = yard.over(right)
    assert (ended["status"], ended["output"]) == ("completed", {"pr": 7})
    ended = yard.over(wrong)
    assert (ended["status"], ended["output"]) == ("failed", None)
    assert "Output validation error" in ended["error_message"]


def test_a_failed_command_leaves_its_last_word_and_an_open_task(yard: Yard) -> None:
    run = yard.start()
    program = yard.work("echo 'no such branch' >&2; exit 4", "--once")
    ended = yard.over(run)
    assert (ended["status"], ended["error_message"]) == ("failed", "exit status 4: no such branch")
    assert program.wait(60) == 1
    assert yard.get(f"/v1/tracks/{ended['task']}")["task"]["status"] == "todo"


def test_artifacts_go_in_and_come_out(yard: Yard) -> None:
    task = yard.ada.post("/api/projects/@current/tasks/", json={"title": "Copy"}).json()["id"]
    content = os.urandom(100_000)
    (made,) = prepare(yard.ada, staged(task), {"name": "data file.bin", "size": len(content)})
    assert upload(made, content).is_success
    assert finalize(yard.ada, staged(task), made).status_code == 200
    run = yard.run_of(task, {"pending_user_artifact_ids": [made["id"]]})
    yard.work("cp artifacts/data_file.bin output/copy.bin; mkdir output/notes; echo note > output/notes/a.md")
    ended = yard.over(run)
    assert ended["status"] == "completed"
    found = {each["name"]: each for each in ended["artifacts"]}
    assert {name: each["type"] for name, each in found.items()} == {
        "data file.bin": "user_attachment",
        "copy.bin": "output",
        "notes-a.md": "output",
    }
    assert found["copy.bin"]["size"] == len(content)
    path = {"storage_path": found["copy.bin"]["storage_path"]}
    link = yard.ada.post(f"{run}artifacts/presign/", json=path).json()["url"]
    assert httpx.get(link, trust_env=False).content == content


def test_a_run_is_followed_from_its_beginning_to_its_end(yard: Yard, tmp_path: Path) -> None:
    go, run = tmp_path / "go", yard.start()
    follower = yard.follow(run)
    seen: list[str] = []
    assert follower.stdout
    reader = threading.Thread(target=lambda: seen.extend(line.rstrip() for line in follower.stdout or ()))
    reader.start()
    yard.work(f"echo one; while [ ! -e {go} ]; do sleep 0.1; done; echo two; exit 3")
    until(lambda: "one" in seen, bool)
    go.touch()
    assert follower.wait(60) == 0
    reader.join()
    assert [line for line in seen if not line.startswith("--")] == ["one", "two"]
    assert seen[-1] == "-- failed: exit status 3"
