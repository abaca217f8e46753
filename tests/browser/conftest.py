"""This ring drives the console in Chromium against an isolated local stack.

The browser is the system's Chromium, else Playwright's own; without one the ring is skipped, and says so.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, expect

from switchyard.admin import Admin
from switchyard.aws.clients import make_client
from tests.browser import module_types
from tests.conformance.environments import npm
from tests.support.stack import aws, outputs, stack
from tests.support.template import ROOT

__all__ = ["aws", "outputs", "stack"]

Json = dict[str, Any]
AGENT = "agent_bo"
#: Seconds that a screen may take on a machine with other work.
PATIENCE = 30
expect.set_options(timeout=PATIENCE * 1000)
#: Pictures that the documents show; SCREENSHOTS=1 takes them anew.
PICTURES = {"board", "goal", "goal-phone", "inbox-phone", "run", "schedules"}
#: What Chromium says of an answer that is no success; the console shows it where it belongs.
_ANSWER = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


@pytest.fixture(scope="session")
def browser_type_launch_args(playwright: Playwright) -> Json:
    """The browser, and no connection of its own to anywhere."""
    named = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, named) if path), None)
    if found is None and not Path(playwright.chromium.executable_path).exists():
        pytest.skip("SKIPPED: no Chromium here; install the package chromium, or run: playwright install chromium")
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    path = {"executable_path": found} if found else {}
    return {**path, "args": [*quiet, *root, "--disable-gpu"]}


@pytest.fixture(scope="session")
def npm_folder() -> Path:
    """The packages that only these tests need: axe-core, TypeScript, and what was vendored, as it is published."""
    return npm(module_types.HERE, module_types.PACKAGES)


class Yard:
    """A workspace of the stack, an agent in it, and people who sign in to the console."""

    def __init__(self, stack: Json, admin: Admin, new_context: Callable[..., BrowserContext], name: str) -> None:
        self.url, self.admin, self.new_context = stack["url"], admin, new_context
        self.tenant = admin.create_tenant(name)
        self.project = admin.create_project(self.tenant, "Handbook")["id"]
        scopes = ["tasks:read", "tasks:write"]
        self.agent = admin.issue_token(self.tenant, AGENT, kind="agent", scopes=scopes, name="Bo")["token"]
        ada = admin.issue_token(self.tenant, "user_ada", scopes=[*scopes, "settings:admin", "audit:read"], name="Ada")
        self.token = ada["token"]
        headers = {"authorization": f"Bearer {self.token}"}
        self.api = httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)
        self.people: list[Person] = []
        self.processes: list[subprocess.Popen[str]] = []

    def person(
        self, actor: str = "user_ada", role: str = "owner", path: str = "", name: str = "", **context: Any
    ) -> "Person":
        """Open a browser of its own and sign in by a link; at `path` of the console."""
        made = Person(self, self.new_context(viewport={"width": 1280, "height": 800}, **context))
        name = name or actor.removeprefix("user_").title()
        link = self.admin.sign_in_link(self.tenant, actor, role=role, name=name)
        made.page.goto(self.url + link["path"])
        expect(made.page.get_by_role("heading", name="Board", level=1)).to_be_visible(timeout=PATIENCE * 1000)
        if path:
            made.open(path)
        return made

    def post(self, path: str, body: Json | None = None) -> Any:
        answer = self.api.post(path, json=body if body is not None else {})
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        answer = self.api.get(path)
        assert answer.is_success, answer.text
        return answer.json()

    def task(self, title: str, **fields: Any) -> Json:
        """Make a task of the workspace: `description` and `priority` of the track, all else of the task."""
        common = {name: fields.pop(name) for name in ("description", "priority", "metadata") if name in fields}
        scope = {"type": "projects", "ids": [self.project]}
        own = {"status": "todo", **fields}
        return dict(self.post("/v1/tracks", {"type": "task", "title": title, "scope": scope, "task": own, **common}))

    def work(self, command: str) -> None:
        """Let the agent carry out each run by a shell command, with the reference worker."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "client"),
            "SWITCHYARD_URL": self.url,
            "SWITCHYARD_TOKEN": self.agent,
        }
        arguments = [
            sys.executable,
            "-m",
            "switchyard_client.worker",
            "--exec",
            command,
            "--lease",
            "20",
            "--wait",
            "5",
        ]
        self.processes.append(subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, text=True))

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
            process.wait(timeout=60)
        self.api.close()
        told = [line for person in self.people for line in person.told]
        assert told == [], "the console said so to the browser"


class Person:
    """Someone at the console, in a browser of their own. What the browser complains of fails the test."""

    def __init__(self, yard: Yard, context: BrowserContext) -> None:
        self.yard, self.context = yard, context
        context.set_default_timeout(PATIENCE * 1000)
        self.page: Page = context.new_page()
        self.told: list[str] = []
        #: Statuses of answers that the test brings about.
        self.expected: set[int] = set()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.told.append(f"error: {error}"))
        yard.people.append(self)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        answered = _ANSWER.match(message.text)
        if answered and (int(answered[1]) in self.expected or message.location["url"].endswith("/run?limit=200")):
            return  # A goal without a run is answered 404.
        if "net::ERR_INTERNET_DISCONNECTED" in message.text:
            return
        url = message.location["url"]
        if url.endswith("/favicon.ico") and not url.startswith(self.yard.url):
            return  # The page of a program that asked to sign in; the program may have ended since.
        self.told.append(f"{message.type}: {message.text} {message.location['url']}")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.yard.url}/console{path}")

    def see(self, text: str, exact: bool = False) -> None:
        """Wait until a text is on the screen."""
        expect(self.page.get_by_text(text, exact=exact).first).to_be_visible(timeout=PATIENCE * 1000)

    def press(self, name: str, exact: bool = True) -> None:
        """Press the button of that name."""
        self.page.get_by_role("button", name=name, exact=exact).first.click()

    def fill(self, label: str, text: str) -> None:
        """Write into a field and leave it."""
        field = self.page.get_by_label(label, exact=True)
        field.fill(text)
        field.blur()

    def shot(self, name: str) -> None:
        """Take a picture, for the documents if they show it and SCREENSHOTS is set."""
        shown = name in PICTURES and os.environ.get("SCREENSHOTS")
        folder = ROOT / ("docs/images" if shown else ".local/screenshots")
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"console-{name}.png", animations="disabled")


@pytest.fixture
def yard(
    request: pytest.FixtureRequest, stack: Json, outputs: dict[str, str], new_context: Callable[..., BrowserContext]
) -> Iterator[Yard]:
    name = getattr(request, "param", "Acme")
    before = os.environ.get("AWS_ENDPOINT_URL")
    os.environ["AWS_ENDPOINT_URL"] = stack["aws"]["endpoint_url"]
    made = Yard(stack, Admin(outputs["TableName"], make_client("dynamodb")), new_context, name)
    yield made
    os.environ.pop("AWS_ENDPOINT_URL")
    if before:
        os.environ["AWS_ENDPOINT_URL"] = before
    made.close()


def until[Found](read: Callable[[], Found], enough: Callable[[Found], Any]) -> Found:
    """Return what `read` gives, once it is enough."""
    deadline = time.monotonic() + 2 * PATIENCE
    while not enough(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found
