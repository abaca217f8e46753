"""Every command that README and docs print is run here, page by page and in order, as it is printed.

A command stands in a block marked `sh`. What can not be run here is listed below, each with its reason.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.stack import LOCAL
from tests.support.template import ROOT

PAGES = [ROOT / "README.md", ROOT / "client" / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
#: What is not run, and why. A command is compared from its beginning.
NOT_RUN = {
    r"make (-s )?(run|stop|reset)\b": "acts on the stack that the tests run on; test_persistence.py has its own",
    r"make (test|unit|stack|lint|bench|rights|setup|docs)\b": "these tests are a part of it, or run it",
    r"make (deploy|preflight|smoke|destroy|verify-aws) ENV=dev": "needs an account; test_release.py has a local one",
    r"make local-env|make local-api|sam build|sam local|sed -e": "needs a container engine; test_sam_local.py",
    r"curl .*127\.0\.0\.1:3000": "likewise: what sam local serves",
    r"(UPDATE_DOCS=1 )?\.venv/bin/python -m pytest": "tests are run by their ring",
    r"make openapi": "tests/unit/test_openapi.py holds its files to what it would write",
    r"make invoke FUNCTION=PlanningGetProgress|curl .*tracks/ID/": "an endpoint that the guide invents",
    r"python3 -m pip install": "installs into the machine's own Python",
    r"switchyard login": "asks a person; test_cli.py answers it",
    r"claude |gh |python -m switchyard_client\.worker --exec 'my-agent": "a program of others that is not here",
    r"(npx|uvx) ": "fetches a generator; tests/conformance/test_sdks.py has it pinned",
    r"aws |python -m switchyard\.admin --stack": "acts on an account",
    r"admin (dead-letters|restore)": "stands for a longer command; test_dead_letters.py and test_restoring.py run it",
    r"export SWITCHYARD_URL=https": "an address of the reader's own",
}
#: Goes on until it is stopped: runs beside the commands after it.
BESIDE = r"SWITCHYARD_TOKEN=\S+ \.venv/bin/python -m switchyard_client\.worker"
#: The beginning of a command, by which one is found that stands in no `sh` block.
PROGRAMS = (
    r"^\s*(\$ )?(make|curl|switchyard|eval|export|sam|aws|git|python3?|\.venv/bin/python|npx|uvx|gh|claude|admin) "
)
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)

PRELUDE = f"""
set -euo pipefail
make() {{ command make -C '{ROOT}' "$@"; }}
git() {{ command git -C '{ROOT}' "$@"; }}
# A request that is refused ends the page.
curl() {{ case "$1" in -*f*) command curl "$@" ;; *) command curl --fail-with-body "$@" ;; esac; }}
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
"""


def blocks(page: Path, language: str) -> list[str]:
    return [text for marked, text in BLOCK.findall(page.read_text(encoding="utf-8")) if marked == language]


def commands(page: Path) -> list[str]:
    """Return the commands of a page: lines of its blocks, those that go on joined; a text over lines stays one."""
    found: list[str] = []
    for block in blocks(page, "sh"):
        waits = ""
        for line in block.splitlines():
            waits += line + "\n"
            if complete(waits):
                found.append(waits.rstrip("\n"))
                waits = ""
        assert not waits, f"{page}: a command that does not end: {waits}"
    return [each for each in found if each.strip() and not each.lstrip().startswith("#")]


def complete(text: str) -> bool:
    """Return whether bash has a whole command in a text: quotes, here-documents and braces are closed."""
    if text.rstrip("\n").endswith(("\\", "|", "&&")):
        return False
    checked = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    return checked.returncode == 0 and "here-document" not in checked.stderr


def script(page: Path) -> str:
    """Return what is run of a page."""
    lines = []
    for command in commands(page):
        if any(re.match(pattern, command) for pattern in NOT_RUN):
            continue
        lines.append(f"{command} &" if re.match(BESIDE, command) else command)
    return "\n".join(lines)


RUN = [page for page in PAGES if script(page)]


@pytest.fixture(scope="module")
def environment(stack: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `make env` exports for the tests' stack, and nothing else of this machine's user."""
    (folder,) = {
        path.parent
        for path in [LOCAL / "stack.json", *LOCAL.glob("*/stack.json")]
        if path.is_file() and json.loads(path.read_text(encoding="utf-8"))["url"] == stack["url"]
    }
    name = "default" if folder == LOCAL else folder.name
    home = tmp_path_factory.mktemp("home")
    (home / ".curlrc").write_text("max-time = 90\n")
    base = {"PATH": os.environ["PATH"], "HOME": str(home), "CURL_HOME": str(home), "STACK": name}
    done = subprocess.run(
        ["bash", "-ec", 'eval "$(make -s env)"; export -n BASH_ENV; env -0'],
        cwd=ROOT,
        env=base,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(each.split("=", 1) for each in done.stdout.rstrip("\0").split("\0"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a checkout, and has the files that a reader of the pages has."""
    for name in (".venv", "client", "docs", "events", "examples", "functions", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".beads").mkdir()
    beads = [
        {"id": "bd-71", "title": "Draft it", "status": "open", "issue_type": "task", "priority": 2},
        {"id": "bd-72", "title": "Print it", "status": "open", "issue_type": "task", "priority": 2},
    ]
    (tmp_path / ".beads" / "issues.jsonl").write_text("".join(json.dumps(each) + "\n" for each in beads))
    issue = {"number": 71, "title": "Mend it", "body": "", "state": "OPEN", "labels": [], "milestone": None}
    (tmp_path / "issues.json").write_text(json.dumps([issue]))
    return tmp_path


@pytest.fixture
def names(stack: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Ids that pages leave to the reader: `$TASK` is a task with the run `$RUN`."""
    with httpx.Client(
        base_url=stack["url"],
        headers={"authorization": f"Bearer {stack['tokens']['admin']}"},
        timeout=60,
        trust_env=False,
    ) as http:
        tasks = "/api/projects/@current/tasks"
        task = http.post(tasks, json={"title": "Print the handbook"}).raise_for_status().json()["id"]
        # Not to be started, so that no worker of a page gets it.
        run = http.post(f"{tasks}/{task}/runs", json={}).raise_for_status().json()["id"]
        yield {"TASK": task, "RUN": run}


def test_make_env_exports_what_the_pages_use(environment: dict[str, str], stack: dict[str, Any]) -> None:
    assert (environment["URL"], environment["TOKEN"]) == (stack["url"], stack["tokens"]["admin"])
    assert shutil.which("switchyard", path=environment["PATH"])


@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "jq"))), reason="the pages' commands need bash, curl, jq"
)
@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_that_a_page_prints_work_as_printed(
    page: Path, environment: dict[str, str], names: dict[str, str], folder: Path
) -> None:
    done = subprocess.run(
        ["bash", "-c", PRELUDE + script(page)],
        cwd=folder,
        env=environment | names,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    for told in promised(page):
        assert told in done.stdout.splitlines(), f"{page.name} promises {told}\n{done.stdout[-3000:]}"


def promised(page: Path) -> list[str]:
    """Return the output that a page tells in comments of their own, `# …`: JSON, a word, and what a block ends with.

    What is cut short is left out.
    """
    told = []
    for block in blocks(page, "sh"):
        *before, last = block.splitlines()
        told += [line for line in before if re.fullmatch(r'# ([\[{"].*|\w+)', line)]
        told += [last] if last.startswith("# ") else []
    return [line.removeprefix("# ") for line in told if "…" not in line]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_stands_in_a_block_that_is_run(page: Path) -> None:
    stray = [
        line
        for language, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if language in ("", "console", "bash", "shell", "text")
        for line in text.splitlines()
        if re.match(PROGRAMS, line)
    ]
    assert not stray, f"mark the block as sh: {stray}"


def test_every_exception_is_needed() -> None:
    printed = [each for page in PAGES for each in commands(page)]
    assert not [pattern for pattern in NOT_RUN if not any(re.match(pattern, each) for each in printed)]
    assert any(re.match(BESIDE, each) for each in printed)
