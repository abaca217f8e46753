"""The command `switchyard` against the deployed service: a day's work from a terminal, by processes of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchyard_client.cli.failures import Exit

Json = Any


class Terminal:
    """A machine of someone who works by commands; standard error is the last one's."""

    def __init__(self, url: str, token: str, folder: Path) -> None:
        self.folder, self.err = folder, ""
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SWITCHYARD_")},
            "SWITCHYARD_URL": url,
            "SWITCHYARD_TOKEN": token,
            "SWITCHYARD_CONFIG_DIR": str(folder / "config"),
            "SWITCHYARD_KEYRING": "off",
        }

    def run(self, *arguments: str, status: Exit = Exit.DONE, given: str | None = None) -> str:
        """Run a command to its end; returns its standard output."""
        done = self.done(*arguments, given=given)
        assert done.returncode == status, (arguments, done.returncode, done.stderr)
        return done.stdout

    def done(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever its status."""
        done = subprocess.run(
            [sys.executable, "-m", "switchyard_client", *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
            input=given,
            timeout=120,
        )
        self.err = done.stderr
        return done

    def json(self, *arguments: str, **more: Any) -> Json:
        return json.loads(self.run("--json", *arguments, **more))


Terminals = Callable[[str], Terminal]


@pytest.fixture
def terminal(stack: dict[str, Any], tmp_path: Path) -> Terminals:
    """A terminal by the name of one of the stack's tokens."""

    def made(name: str) -> Terminal:
        folder = tmp_path / name
        folder.mkdir()
        return Terminal(stack["url"], stack["tokens"][name], folder)

    return made


def test_a_task_from_its_plan_to_its_end(terminal: Terminals) -> None:
    ada = terminal("admin")
    ada.run("--project", "nowhere", "add", "Draft")
    assert 'no project has the id "nowhere"' in ada.err
    task = ada.run("add", "Write the handbook", "--priority", "urgent", "--due", "2026-12-24").strip()
    assert task in ada.run("list", "--status", "none")
    assert "Write the handbook" in ada.run("show", task)
    ada.run("edit", task, "--description", "-", given="All of it.\n")
    assert ada.json("show", task)["description"] == "All of it.\n"
    claimed = ada.json("claim", task)
    assert claimed["claim"]["fence"] == 1
    ada.run("heartbeat", task, "--lease", "60")
    ada.run("release", task)
    ada.run("done", task, "--note", "printed")
    shown = ada.json("show", task)
    assert (shown["task"]["status"], shown["completedNote"]) == ("done", "printed")


def test_a_plan_is_applied_as_a_whole(terminal: Terminals) -> None:
    ada = terminal("admin")
    drafts = [{"id": "a", "title": "A", "task": {}}, {"id": "b", "title": "B", "task": {"dependsOn": ["a"]}}]
    made = ada.json("plan", "-", given=json.dumps(drafts))["results"]
    assert [each["outcome"] for each in made] == ["created", "created"]
    drafts[1]["task"]["dependsOn"] = ["c"]  # type: ignore[index]
    ada.run("plan", "-", given=json.dumps(drafts), status=Exit.FAILED)
    assert "updateDrafts.1.task.dependsOn.0" in ada.err
    ada.run("plan", "-", given='{"updateDrafts": [', status=Exit.USAGE)


def test_refusals_have_their_statuses(terminal: Terminals) -> None:
    ada, reader, other = terminal("admin"), terminal("readonly"), terminal("other_tenant")
    first = ada.run("add", "First").strip()
    ada.run("show", "01a2171b-a491-7000-a907-28951fa8b296", status=Exit.NOT_FOUND)
    other.run("show", first, status=Exit.NOT_FOUND)
    reader.run("add", "Second", status=Exit.NOT_ALLOWED)
    assert "tasks:write" in reader.err
    agent = terminal("agent")
    waiting = ada.run("add", "Second", "--depends-on", first).strip()
    agent.run("done", waiting, status=Exit.CONFLICT)
    assert first in agent.err
    # Other tests may have left tasks in this tenant's pool; when they are claimed, there is none.
    while (status := other.done("claim").returncode) == Exit.DONE:
        pass
    assert status == Exit.NOTHING
    ada.environment["SWITCHYARD_URL"] = "http://127.0.0.1:1"
    ada.run("--patience", "1", "list", status=Exit.UNREACHABLE)


def test_signing_in_keeps_a_profile(terminal: Terminals) -> None:
    ada = terminal("admin")
    url, token = ada.environment.pop("SWITCHYARD_URL"), ada.environment.pop("SWITCHYARD_TOKEN")
    ada.run("list", status=Exit.USAGE)
    ada.run("--url", url, "login", "--stdin", given="sy_wrong\n", status=Exit.NOT_ALLOWED)
    ada.run("list", status=Exit.USAGE)
    ada.run("--url", url, "login", "--stdin", given=f"{token}\n")
    ada.run("list")
    assert token not in (ada.folder / "config/config.json").read_text()


#: A person at a browser: signed in to the console, they allow what asks, and are led back.
_BROWSER = """
import html, re, sys, urllib.parse
import httpx
token, page = sys.argv[1:]
base = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(page))
with httpx.Client(headers={"sec-fetch-site": "same-origin"}, trust_env=False) as http:
    session = http.post(f"{base}/v1/session", json={"token": token}, headers={"switchyard-console": "1"})
    cookie = {"cookie": session.headers["set-cookie"].partition(";")[0]}
    fields = re.findall(r'<input type="hidden" name="(\\w+)" value="([^"]*)">', http.get(page, headers=cookie).text)
    form = {name: html.unescape(value) for name, value in fields}
    decided = http.post(f"{base}/oauth/authorize", data={**form, "decision": "allow"}, headers=cookie)
    assert httpx.get(decided.headers["location"], trust_env=False).status_code == 200
"""


def test_signing_in_by_the_browser_lasts_beyond_the_first_token(terminal: Terminals) -> None:
    ada = terminal("admin")
    url, token = ada.environment.pop("SWITCHYARD_URL"), ada.environment.pop("SWITCHYARD_TOKEN")
    (ada.folder / "browser.py").write_text(_BROWSER)
    ada.environment["BROWSER"] = f"{sys.executable} {ada.folder / 'browser.py'} {token} %s"
    ada.run("login", "--url", url)
    assert "signed in" in ada.err
    kept = ada.folder / "config/tokens.json"
    assert kept.stat().st_mode & 0o077 == 0
    first = kept.read_text()
    assert token not in first
    ada.run("list")
    assert kept.read_text() == first, "a token that counts is not exchanged"
    ((name, secret),) = json.loads(first).items()
    kept.write_text(json.dumps({name: json.dumps({**json.loads(secret), "ends": 0})}))
    # Two at once: the refresh token counts once, and its second use would end the connection.
    with ThreadPoolExecutor(2) as threads:
        assert [each.returncode for each in threads.map(lambda _: ada.done("list"), range(2))] == [0, 0]
    ((_, second),) = json.loads(kept.read_text()).items()
    assert json.loads(second)["refresh"] != json.loads(secret)["refresh"]
    ada.run("list")


def test_an_agents_run_with_files_from_start_to_end(terminal: Terminals) -> None:
    ada, agent = terminal("admin"), terminal("agent")
    task = ada.run("add", "Count the words", "--assignee", "agent_demo").strip()
    (ada.folder / "words.txt").write_text("one two three\n")
    run = ada.json("run", task, "--file", "words.txt", "--message", "Count them.")
    assert run["status"] == "queued"
    agent.run(
        "worker", "--once", "--exec", "wc -w < artifacts/words.txt; wc -w < artifacts/words.txt > output/count.txt"
    )
    printed = ada.run("follow", task)
    assert "-- completed" in printed
    ada.run("files", "get", task, "count.txt", "--out", "got")
    assert (ada.folder / "got/count.txt").read_text().strip() == "3"
    ada.run("files", "get", task, "count.txt", "--out", "got", status=Exit.USAGE)
    ada.run("files", "get", task, "other.txt", status=Exit.NOT_FOUND)


def test_a_plan_of_beads_goes_in_is_worked_on_and_comes_back(terminal: Terminals) -> None:
    ada, agent = terminal("admin"), terminal("agent")
    waits = [{"depends_on_id": "bd-2", "type": "blocks"}]
    belongs = [{"depends_on_id": "bd-1", "type": "parent-child"}]
    issues: list[Json] = [
        {"id": "bd-3", "title": "Publish", "issue_type": "task", "dependencies": waits},
        {"id": "bd-1", "title": "Handbook", "issue_type": "epic"},
        {"id": "bd-2", "title": "Write", "issue_type": "task", "dependencies": belongs},
    ]
    more = {"status": "open", "priority": 0, "created_at": "2025-03-01T10:00:00Z"}
    text = "".join(json.dumps({**each, **more}) + "\n" for each in issues)
    (ada.folder / "issues.jsonl").write_text(text)
    assert ada.json("import", "auto", "issues.jsonl")["created"] == 3
    assert ada.json("import", "beads", "issues.jsonl")["unchanged"] == 3
    (ada.folder / "issues.jsonl").write_text(text + text[:40])
    assert ada.json("import", "beads", "issues.jsonl", status=Exit.PARTLY)["problems"][-1]["kind"] == "unreadable"
    assert ada.json("show", "beads:bd-2")["createdAt"] == "2025-03-01T10:00:00.000Z"
    agent.run("claim", "beads:bd-2")
    agent.run("done", "beads:bd-2", "--note", "written")
    back = {each["id"]: each for each in map(json.loads, ada.run("export", "beads").splitlines())}
    assert (back["bd-2"]["status"], back["bd-3"]["status"]) == ("closed", "open")
    assert back["bd-3"]["dependencies"] == waits
    assert "BEGIN:VCALENDAR" in ada.run("export", "ics")


def test_a_schedule_is_added_paused_resumed_and_removed(terminal: Terminals) -> None:
    ada = terminal("admin")
    made = ada.run("schedule", "add", "0 9 * * 1-5", "Daily report", "--zone", "Europe/Berlin", "--due-in", "1").strip()
    (listed,) = [each for each in ada.json("schedule", "list") if each["id"] == made]
    assert (listed["expression"], listed["createTask"]["dueInDays"]) == ("cron(0 9 ? * 2,3,4,5,6 *)", 1)
    ada.run("schedule", "pause", made)
    assert f"{made}  cron(0 9 ? * 2,3,4,5,6 *)  Europe/Berlin  paused" in ada.run("schedule", "list")
    ada.run("schedule", "resume", made)
    assert ada.json("schedule", "history", made) == []
    ada.run("schedule", "rm", made)
    assert made not in ada.run("schedule", "list")


def test_a_calendar_is_read_by_its_address_until_it_is_revoked(terminal: Terminals) -> None:
    ada = terminal("admin")
    task = ada.run("add", "Hand in the tax return", "--due", "2027-05-31").strip()
    address = ada.run("feeds", "create", "--name", "Taxes").strip()
    calendar = httpx.get(address, timeout=60)
    assert calendar.headers["content-type"] == "text/calendar"
    assert f"UID:{task}@switchyard" in calendar.text
    same = httpx.get(address, headers={"if-none-match": calendar.headers["etag"]}, timeout=60)
    assert (same.status_code, same.text) == (304, "")
    (feed,) = [each for each in ada.json("feeds", "list") if each["name"] == "Taxes"]
    ada.run("feeds", "revoke", feed["id"])
    assert httpx.get(address, timeout=60).status_code == 404
