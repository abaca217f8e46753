"""The MCP project's own conformance suite: every scenario either passes or is listed here with the reason."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import environments
from tests.conformance.proxy import adding

NO_PROMPTS = "no prompts are offered"
NO_RESOURCES = "no resources are offered"
NO_EXTENSION = "the extension is not offered"
FIXTURE = "calls a tool that only the suite's own example server has"
INPUT = "input from the user is never asked for: no tool answers input_required"

#: Scenarios that need what this server does not offer, by the beginning of their name.
SKIPPED = {
    "logging-set-level": "logging is not offered (and deprecated)",
    "completion-complete": "completion is not offered: there are no prompts and resource templates to complete for",
    "tools-call-": FIXTURE,
    "json-schema-2020-12": FIXTURE,
    "elicitation-": FIXTURE,
    "server-sse-": "nothing is streamed: each answer is one JSON body",
    "resources-": NO_RESOURCES,
    "prompts-": NO_PROMPTS,
    "sep-2640-": NO_EXTENSION,
    "tasks-": NO_EXTENSION,
    "http-custom-header-server-validation": "no tool has an argument that is repeated in a header",
    "input-required-result-": INPUT,
}
#: What runs of the others: scenario, revision, and the checks in it that cannot be made here, each with a reason.
RUN: dict[tuple[str, str], dict[str, str]] = {
    ("server-initialize", "2025-11-25"): {},
    ("server-session-lifecycle", "2025-11-25"): {},
    ("ping", "2025-11-25"): {},
    ("tools-list", "2025-11-25"): {},
    ("tools-list", "2026-07-28"): {},
    ("dns-rebinding-protection", "2025-11-25"): {},
    ("dns-rebinding-protection", "2026-07-28"): {},
    ("http-header-validation", "2026-07-28"): {},
    ("sep-2164-resource-not-found", "2026-07-28"): {},
    ("input-required-result-unsupported-methods", "2026-07-28"): {},
    ("caching", "2026-07-28"): {
        "sep-2549-prompts-list-caching-hints": NO_PROMPTS,
        "sep-2549-resources-list-caching-hints": NO_RESOURCES,
        "sep-2549-resources-templates-list-caching-hints": NO_RESOURCES,
    },
    ("server-stateless", "2026-07-28"): {
        "sep-2575-server-rejects-undeclared-capability": FIXTURE,
        "sep-2575-missing-capability-http-400": FIXTURE,
        "sep-2575-http-server-no-independent-requests-on-stream": FIXTURE,
        "sep-2575-server-no-log-without-loglevel": FIXTURE,
    },
}


def suite(*arguments: Any) -> subprocess.CompletedProcess[str]:
    node, folder = environments.node()
    program = folder / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
    command = [node, program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=folder)


@pytest.fixture(scope="module")
def url(stack: dict[str, Any]) -> Iterator[str]:
    """The server as the suite can call it: it sends no token."""
    with adding(stack["tokens"]["agent"], stack["mcp_url"]) as found:
        yield found


@pytest.mark.parametrize(("scenario", "revision"), list(RUN), ids=[" ".join(each) for each in RUN])
def test_a_scenario_passes(url: str, tmp_path: Path, scenario: str, revision: str) -> None:
    done = suite("server", "--url", url, "--scenario", scenario, "--spec-version", revision, "-o", tmp_path)
    found = list(tmp_path.glob("*/checks.json"))
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    failed = {
        each["id"]: each.get("errorMessage") for each in json.loads(found[0].read_text()) if each["status"] == "FAILURE"
    }
    # Exactly the checks that cannot be made fail: one that began to pass must be taken off the list.
    assert failed.keys() == RUN[scenario, revision].keys(), failed


def test_every_scenario_runs_or_is_skipped_for_a_reason() -> None:
    listed = suite("list").stdout.partition("Client scenarios")[0]
    names = {line.strip(" -").partition(" ")[0] for line in listed.splitlines() if line.startswith("  - ")}
    assert len(names) > 50
    ran = {scenario for scenario, _ in RUN}
    assert ran <= names
    unexplained = {name for name in names - ran if not name.startswith(tuple(SKIPPED))}
    assert not unexplained
    assert all(any(name.startswith(prefix) for name in names - ran) for prefix in SKIPPED)
