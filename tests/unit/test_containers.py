"""Which address the local stack shares with containers, and what plain `sam` commands read from samconfig.toml."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local import bridge, run, sam_local
from local.environments import ENVIRONMENTS
from local.stack import Stack, free_port
from local.steps import StepFailed
from tests.support.template import ROOT, template


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("0.0.0.0", "is refused: any machine of the network"),
        ("127.0.0.1", "no container reaches this machine's loopback"),
        # Of a block that is for documentation alone: https://www.rfc-editor.org/rfc/rfc5737
        ("198.51.100.7", "this machine has no such address"),
        ("::", "use 1 or an IPv4 address"),
        ("yes", "use 1 or an IPv4 address"),
        ("host.docker.internal", "use 1 or an IPv4 address"),
    ],
)
def test_an_address_that_everybody_or_no_container_reaches_is_refused(wanted: str, why: str) -> None:
    with pytest.raises(StepFailed) as refused:
        bridge.address(wanted)
    assert f"CONTAINERS={wanted}" in str(refused.value)
    assert why in str(refused.value)
    assert "CONTAINERS" in refused.value.hint


def test_the_bridge_is_found_by_the_names_of_the_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"podman0": "10.88.0.1", "docker0": None}
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "docker0"), (3, "podman0")])
    monkeypatch.setattr(bridge, "address_of", addresses.get)
    # Docker's is down.
    assert bridge.address("1") == "10.88.0.1"
    addresses["docker0"] = "172.17.0.1"
    assert bridge.address("1") == "172.17.0.1"
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
    with pytest.raises(StepFailed, match="none of the container bridges docker0, podman0"):
        bridge.address("1")


def test_the_address_of_an_interface_is_read_from_the_system() -> None:
    loopback = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
    if sys.platform != "linux":
        pytest.skip("the request is Linux's")
    assert bridge.address_of(loopback) == "127.0.0.1"
    assert bridge.address_of("none0") is None


def test_a_stack_serves_on_the_loopback_alone_by_default() -> None:
    alone = Stack("any", 1, 2)
    assert (alone.hosts, alone.shared_endpoint) == (("127.0.0.1",), "http://127.0.0.1:2")
    shared = Stack("any", 1, 2, host="172.17.0.1")
    assert (shared.hosts, shared.shared_endpoint) == (("127.0.0.1", "172.17.0.1"), "http://172.17.0.1:2")
    # What runs on this machine does not depend on the bridge.
    assert shared.endpoint == "http://127.0.0.1:2"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
def test_a_port_that_is_taken_on_the_shared_address_is_not_chosen() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) == port
        assert free_port(port, host="127.0.0.2") != port


def test_a_running_stack_is_not_moved_to_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "folder_of", lambda _name: tmp_path)
    monkeypatch.setattr(run.process, "running", lambda _name: Stack("any", 1, 2))
    with pytest.raises(StepFailed, match=r"runs already, and not on 172\.17\.0\.1") as refused:
        run.run("any", detach=True, live=False, host="172.17.0.1")
    assert "make stop" in refused.value.hint


@pytest.fixture(scope="module")
def settings() -> Any:
    command = [ENVIRONMENTS["sam"].python, "-P", ROOT / "tests/support/sam_local_view.py", ROOT / "template.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["settings"]


def test_plain_commands_find_the_settings_for_this_machine(settings: Any) -> None:
    for command in ("local_invoke", "local_start-api", "local_start-lambda"):
        given = settings[command]
        assert ROOT / given["env_vars"] == sam_local.ENV
        assert given["add_host"] == ["host.docker.internal:host-gateway"]
        # Where the local stack's resources are.
        assert given["region"] == "us-east-1"
    assert {settings[each]["warm_containers"] for each in ("local_start-api", "local_start-lambda")} == {"LAZY"}
    # One processor for what is built, run and deployed.
    assert len({str(given["parameter_overrides"]) for given in settings.values()}) == 1
    assert settings["build"]["parameter_overrides"].keys() == {"Architecture"}


def test_a_clone_builds_for_the_template_s_architecture() -> None:
    done = subprocess.run(
        ["git", "show", "HEAD:local/host.yaml"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    committed = done.stdout if done.returncode == 0 else sam_local.HOST.read_text()
    assert committed == f"Architecture: {template()['Parameters']['Architecture']['Default']}\n"


def test_no_engine_is_said_and_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sam_local, "has_engine", lambda: False)
    sam_local.try_api("none-of-that-name")
    assert capsys.readouterr().out.startswith("SKIPPED: sam finds no container engine")


@pytest.mark.skipif(bool(shutil.which("finch")), reason="sam finds Finch without being told")
def test_an_engine_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    assert sam_local.has_engine() is False


@pytest.mark.parametrize(("stack", "why"), [(None, "is not running"), (Stack("any", 1, 2), "no container reaches")])
def test_a_stack_that_no_container_reaches_is_refused(
    monkeypatch: pytest.MonkeyPatch, stack: Stack | None, why: str
) -> None:
    monkeypatch.setattr(sam_local.process, "running", lambda _name: stack)
    with pytest.raises(StepFailed, match=why) as refused:
        sam_local.running("any")
    assert "make run CONTAINERS=1" in refused.value.hint
