"""Every text of a workspace is an attack, and every screen shows it as text: no script runs, no policy is broken."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Person, Yard, until
from tests.support import oauth

Json = dict[str, Any]
#: What follows the word by which a text is looked for. As markup it would have the attribute, or the policy would tell.
EVIL = "<img data-evil src=x onerror=alert(1)>\"'><script data-evil>alert(2)</script>"
LINK = "javascript:alert(3)"
#: Files whose scripts a browser would run, if it showed them in place.
FILES = {"svg": "image/svg+xml", "html": "text/html", "xhtml": "application/xhtml+xml", "xml": "text/xml"}
SCRIPT = '<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(4)</script><body onload="alert(5)"/></html>'
BACK = "http://127.0.0.1:1/back"
#: Lines of a log: with a colour, a link and what else terminals obey.
LINES = [f"line{EVIL}", f"\x1b[31mred{EVIL}\x1b[0m", f"\x1b]8;;{LINK}\x07click\x1b]8;;\x07", "\x1b[2J\x1b[9A\x9b5mend"]


def evil(word: str) -> str:
    return word + EVIL


class Hostile:
    """A workspace in which every text that anybody can set is an attack."""

    def __init__(self, yard: Yard) -> None:
        self.yard, self.scope = yard, {"type": "projects", "ids": [evil("label")]}
        about = {"description": evil("aim"), "metadata": {EVIL: EVIL}, "scope": self.scope}
        self.goal = yard.post("/v1/tracks", {"type": "goal", "title": evil("goal"), **about})["id"]
        before = self.make("before", goalId=self.goal)
        self.task = self.make("task", goalId=self.goal, assignee=LINK, dueDate="2026-01-02")
        self.done = self.make("done")
        self.patch(f"/v1/tasks/{self.done}", {"status": "completed", "completed_note": evil("note")})
        yard.post(f"/v1/tracks/{self.task}/comments", {"text": evil("remark")})
        yard.post("/v1/projects", {"name": evil("project")})
        hook = {"url": f"https://hooks.example.com/'{LINK}", "events": ["task.*"], "description": evil("hook")}
        self.hook = yard.post("/api/v1/webhooks", hook)["id"]
        yard.admin.issue_token(yard.tenant, "agent_eve", kind="agent", scopes=["tasks:read"], name=evil("token"))
        self.run = self._run()
        related = {"type": "link", "id": LINK}
        self.patch(f"/v1/tracks/{self.task}", {"relatedResource": related, "task": {"dependsOn": [before]}})
        self.schedules = self._schedules()
        self.asking, self.answered = self._asked("open", evil("choice")), self._asked("asked")

    def make(self, word: str, **task: Any) -> str:
        body = {"type": "task", "title": evil(word), "description": evil("what"), "metadata": {EVIL: EVIL}}
        own = {"status": "todo", **task}
        return str(self.yard.post("/v1/tracks", {**body, "scope": self.scope, "task": own})["id"])

    def patch(self, path: str, body: Json) -> None:
        answer = self.yard.api.patch(path, json=body)
        assert answer.is_success, answer.text

    def _run(self) -> str:
        """A run that failed, with its log and its files."""
        run = self.yard.post(f"/api/projects/-/tasks/{self.task}/runs", {"environment": "local"})["id"]
        base = f"/api/projects/-/tasks/{self.task}/runs/{run}"
        told = [{"method": "x", "params": {"text": each}} for each in LINES]
        entries = [{"type": "notification", "notification": each} for each in (*told, {EVIL: EVIL})]
        self.yard.post(f"{base}/append_log", {"entries": entries})
        name = EVIL.replace("/", "")
        files = [
            {"name": f"{each}{name}.{each}", "type": "output", "content_type": kind, "content": SCRIPT}
            for each, kind in FILES.items()
        ]
        self.yard.post(f"{base}/artifacts", {"artifacts": files})
        self.patch(base, {"status": "in_progress", "stage": evil("stage"), "branch": evil("branch")})
        self.patch(base, {"status": "failed", "error_message": evil("error"), "output": {EVIL: EVIL}})
        return f"/runs/{self.task}/{run}"

    def _schedules(self) -> list[str]:
        """Schedules of each kind; the one that runs a task has begun one."""
        soon = f"at({datetime.now(UTC) + timedelta(seconds=3):%Y-%m-%dT%H:%M:%S})"
        new = {"title": evil("chore"), "description": evil("how"), "assignee": LINK, "metadata": {EVIL: EVIL}}
        begins: list[Json] = [
            {"expression": "0 9 * * *", "createTask": {**new, "scope": self.scope, "goalId": self.goal}},
            {"expression": "rate(2 days)", "runGoal": {"id": self.goal}},
            {"expression": soon, "runTask": {"id": self.make("sweep"), "agent": "agent_bo"}},
        ]
        plans = [{"name": evil(f"plan {number}"), **each} for number, each in enumerate(begins)]
        return [self.yard.post("/v1/schedules", each)["id"] for each in plans]

    def _asked(self, word: str, *choices: str) -> str:
        """A run of an agent that asks; without choices it is answered."""
        agent = {"authorization": f"Bearer {self.yard.agent}"}
        task = self.make(word)
        self.yard.post(f"/api/projects/-/tasks/{task}/run")
        claim = {"task": task, "wait_seconds": 5}
        api = self.yard.api
        claimed = until(lambda: api.post("/v1/runs/claim", json=claim, headers=agent), lambda got: got.content)
        run = f"{task}/{claimed.json()['run']['id']}"
        body = {"text": evil(f"question {word}"), "choices": choices, "default": evil("choice")}
        asked = api.post(f"/v1/runs/{run}/questions", json=body, headers=agent)
        assert asked.is_success, asked.text
        if not choices:
            self.yard.post(f"/v1/runs/{run}/questions/{asked.json()['id']}/answer", {"answer": evil("answer")})
        return f"/runs/{run}"

    def screens(self) -> dict[str, list[str]]:
        """The paths of the screens, and the words behind which each shows an attack."""
        name, part = quote(EVIL, safe=""), quote(EVIL.replace("/", ""), safe="")
        return {
            "": ["before", "task", "done"],
            f"?q={name}&assignee={name}&project={name}&priority={name}": [],
            "/inbox": ["task", "error", "question open", "choice", "question asked", "answer"],
            "/goals": ["goal"],
            f"/goals/{self.goal}": ["goal", "before", "task"],
            f"/tasks/{self.task}": ["task", "before", "remark"],
            f"/tasks/{self.done}": ["done", "note"],
            "/runs": ["task", "error", "open", "asked"],
            f"/runs?status=failed&agent={name}": [],
            self.run: ["task", "error", "line", "red", *FILES],
            self.asking: ["open", "question open", "choice"],
            self.answered: ["asked", "question asked", "answer"],
            "/schedules": ["plan 0", "chore", "plan 1", "goal", "plan 2", "sweep"],
            f"/schedules/{self.schedules[0]}": ["plan 0", "chore", "how", "label"],
            f"/schedules/{self.schedules[1]}": ["plan 1", "goal"],
            f"/schedules/{self.schedules[2]}": ["plan 2", "sweep"],
            f"/webhooks/{self.hook}": ["hook"],
            "/settings": ["workspace", "me", "browser", "project", "token", "program"],
            f"/{part}": [],
            f"/tasks/{part}": [],
            f"/schedules/{part}": [],
            f"/runs/{part}/{part}": [],
            f"/sign-in?problem={name}&next={quote(LINK)}": [],
        }


def connected(person: Person) -> None:
    """Connect a program with a hostile name: the consent page shows it, and so does what it says of a wrong client."""
    yard, page = person.yard, person.page
    asked = {"client_name": evil("program"), "redirect_uris": [BACK]}
    client = httpx.post(f"{yard.url}/oauth/register", json=asked, trust_env=False, timeout=60).json()["client_id"]
    page.goto(f"{yard.url}/oauth/authorize?{oauth.query(EVIL, redirect_uri=LINK, scope=EVIL)}")
    unharmed(page)
    page.route(f"{BACK}**", lambda route: route.fulfill(body="Back."))
    page.goto(f"{yard.url}/oauth/authorize?{oauth.query(client, redirect_uri=BACK, state=EVIL)}")
    person.see("program<img data-evil")
    unharmed(page)
    person.press("Allow")
    page.wait_for_url(f"{BACK}?code=*")
    code = dict(httpx.QueryParams(page.url.partition("?")[2]))["code"]
    form = {"grant_type": "authorization_code", "client_id": client, "code": code, "redirect_uri": BACK}
    form["code_verifier"] = oauth.VERIFIER
    assert httpx.post(f"{yard.url}/oauth/token", data=form, trust_env=False, timeout=60).is_success


def unharmed(page: Any) -> None:
    """No text has become an element, and no address a script."""
    found = "document.querySelectorAll('[data-evil], [href^=\"javascript:\" i], main iframe, main img').length"
    assert page.evaluate(found) == 0, page.url


def refused(person: Person) -> None:
    """Type attacks where the service refuses them: its words stand on the screen, with what they quote."""
    page = person.page
    person.open("/settings")
    person.press("New token")
    for label in ("Whose", "Name", "Ends"):
        page.get_by_role("dialog").get_by_label(label, exact=True).fill(evil("no"))
    page.get_by_role("dialog").get_by_role("button", name="Make token").click()
    expect(page.get_by_role("dialog").locator(".error").first).to_be_visible()
    unharmed(page)
    page.keyboard.press("Escape")
    person.open("/webhooks")
    person.press("New webhook")
    page.get_by_label("Address").fill(evil("https://no"))
    person.press("Add webhook")
    expect(page.locator("#hook-url-error")).to_be_visible()
    unharmed(page)
    person.open("/schedules")
    person.press("New schedule")
    for name in ("name", "title", "assignee"):
        page.locator(f"#schedule-{name}").fill(evil("no"))
    page.locator("#schedule-timeZone").fill("<img data-evil src=x onerror=alert(1)>")
    page.locator("#schedule-how").select_option("cron")
    page.locator("#schedule-cron").fill(evil("no"))
    unharmed(page)
    person.press("Add schedule")
    expect(page.locator("#schedule-timeZone-error")).to_contain_text("<img data-evil")
    expect(page.locator("#schedule-cron-error")).to_contain_text("<img data-evil")
    unharmed(page)
    person.open("")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or jump to").fill("alert(1)")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_contain_text("<img data-evil")
    unharmed(page)


def edited(person: Person, schedules: list[str]) -> None:
    """Open the form of each schedule: what it holds, and what it suggests, stay text."""
    for number, (each, word) in enumerate(zip(schedules, ("chore", "goal", "sweep"), strict=True)):
        person.open(f"/schedules/{each}")
        person.press("Edit")
        form = person.page.get_by_role("dialog")
        expect(form.get_by_label("Name", exact=True)).to_have_value(evil(f"plan {number}"))
        if number:
            expect(form.get_by_text(f"{word}<img data-evil")).to_be_visible()
        else:
            expect(form.get_by_label("Title of the task")).to_have_value(evil(word))
        unharmed(person.page)


@pytest.mark.parametrize("yard", [evil("workspace")], indirect=True, ids=["hostile"])
def test_no_text_name_line_or_file_of_anybody_becomes_markup_or_runs(yard: Yard) -> None:
    made = Hostile(yard)
    person = yard.person(name=evil("me"), user_agent=evil("browser"))
    person.expected = {400, 403, 404}
    page = person.page
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    connected(person)
    for path, words in made.screens().items():
        person.open(path)
        expect(page.locator("main h1, main .empty").first).to_be_visible()
        # Every part of the screen is there, or said why it is not: what breaks while it is shown stays at this.
        expect(page.get_by_text("Loading…")).to_have_count(0)
        for word in words:
            shown = page.get_by_text(f"{word}<img data-evil").filter(visible=True)
            expect(shown.first, f"{word} at {path}").to_be_visible(timeout=PATIENCE * 1000)
        unharmed(page)
    refused(person)
    edited(person, made.schedules)

    person.open(made.run)
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text("end")
    assert "\x1b" not in log.inner_text()
    expect(log.locator(".ansi-red")).to_contain_text("red<img data-evil")
    # What could hold scripts comes as a download, from another origin than the console's, wherever it is opened.
    tab = person.context.new_page()
    tab.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    for name in FILES:
        with page.expect_download() as begun:
            page.get_by_role("button", name=f"Download {name}<img").click()
        assert not begun.value.url.startswith(yard.url)
        assert begun.value.suggested_filename.endswith(f".{name}")
        with tab.expect_download():
            tab.evaluate("(address) => { location.href = address }", begun.value.url)
        assert tab.url == "about:blank"
    # An id that was made to lead elsewhere in the API leads nowhere.
    with page.expect_request("**/v1/tracks/..%2f..%2fv1%2ftokens"):
        page.evaluate("history.pushState(null, '', '/console/tasks/..%2f..%2fv1%2ftokens')")
        page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    unharmed(page)
    assert asked == []
