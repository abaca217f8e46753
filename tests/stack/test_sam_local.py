"""`sam local` against the stack, as far as it goes without a container engine: what functions get, and the checks."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from local import api_checks, deploy, process, sam_local
from local.complete import load_template
from local.environments import ENVIRONMENTS, base_python
from local.stack import Stack, choose, folder_of
from local.steps import StepFailed
from tests.support.front import front
from tests.support.samples import sample
from tests.support.template import ROOT, resources

HOST = "127.0.0.2"
BOOTSTRAP = ROOT / "local/emulator/bootstrap.py"
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")


@pytest.fixture(scope="module")
def own(stack: dict[str, Any]) -> Stack:
    """The test run's stack, as if containers reached it at this machine's loopback."""
    ports = [httpx.URL(each).port for each in (stack["url"], stack["aws"]["endpoint_url"])]
    assert all(ports)
    return Stack("tested", int(ports[0] or 0), int(ports[1] or 0))


@pytest.fixture(scope="module")
def containers(own: Stack, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The environment of each function's container, as SAM makes it of env.json in a shell without credentials."""
    env = tmp_path_factory.mktemp("env") / "env.json"
    env.write_text(json.dumps(sam_local.variables(own)))
    command = [ENVIRONMENTS["sam"].python, "-P", ROOT / "tests/support/sam_local_view.py", ROOT / "template.yaml", env]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    bare |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    bare |= {"AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=bare)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["variables"]


def test_every_function_gets_its_own_variables_as_deployed(own: Stack, containers: Any, aws: Any) -> None:
    functions = resources("AWS::Serverless::Function")
    assert containers.keys() == sam_local.variables(own).keys() == functions.keys()
    ids = sam_local.physical_ids(own)
    for name in functions:
        deployed = aws("lambda").get_function_configuration(FunctionName=ids[name])["Environment"]["Variables"]
        assert containers[name] | deployed | {"AWS_ENDPOINT_URL": own.endpoint} == containers[name], name
        declared = functions[name].get("Environment", {}).get("Variables", {})
        assert all(containers[name][each] == deployed[each] for each in declared), name


def test_addresses_in_variables_are_those_that_a_container_reaches(own: Stack) -> None:
    shared = Stack("tested", own.api_port, own.aws_port, host="172.17.0.1")
    variables = sam_local.variables(shared)
    urls = [value for each in variables.values() for key, value in each.items() if key.endswith("QUEUE_URL")]
    assert urls
    assert {httpx.URL(url).host for url in urls} == {"172.17.0.1"}
    assert {each["AWS_ENDPOINT_URL"] for each in variables.values()} == {f"http://172.17.0.1:{own.aws_port}"}


def test_a_function_that_the_stack_lacks_is_named(own: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    template = load_template()
    template["Resources"]["ServiceGetTime"] = template["Resources"]["ServiceGetHealth"]
    monkeypatch.setattr(sam_local, "load_template", lambda: template)
    with pytest.raises(StepFailed, match=r"lacks ServiceGetTime$"):
        sam_local.variables(own)


@pytest.mark.parametrize("function", ["ServiceGetHealth", "PlanningListTracks"])
def test_a_function_works_with_what_its_container_gets_and_nothing_else(
    stack: dict[str, Any], containers: Any, function: str
) -> None:
    built = deploy.OUTPUT
    operation = {"ServiceGetHealth": "service.get_health", "PlanningListTracks": "planning.list_tracks"}[function]
    start = {"path": [str(built / function), str(built / "CoreLayer/python")], "module": "app", "handler": "handler"}
    call = {"request_id": "any", "invoked_function_arn": "any", "timeout_ms": 10_000}
    event = sample(operation, stack["tokens"]["admin"], stack["workspace_id"])
    lines = [json.dumps(start), json.dumps({"event": event, "ctx": call})]
    done = subprocess.run(
        [base_python(), "-I", "-S", BOOTSTRAP],
        input="\n".join(lines) + "\n",
        env=containers[function],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["result"]["statusCode"] == 200, (answer, done.stderr)


def test_the_checks_pass_on_the_stack_itself(stack: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    api_checks.check(stack["url"], stack)
    shown = capsys.readouterr().out
    names = ("health", "no token: 401", "create", "list", "a bad field: 400", "MCP", "a file through a run")
    assert [line.strip().partition(" ..")[0] for line in shown.splitlines()] == list(names)


@pytest.mark.parametrize("passed", range(12))
def test_a_wrong_answer_anywhere_fails_the_checks(stack: dict[str, Any], passed: int) -> None:
    wrong = (502, {"content-type": "text/plain"}, "an error of the front")
    should = pytest.raises(StepFailed, match="is not as it should be")
    with front(stack["url"], [wrong], passed=passed) as served, should as failed:
        api_checks.check(served.url, stack)
    assert "502" in failed.value.output
    assert "an error of the front" in failed.value.output


def test_nothing_that_listens_fails_the_checks(stack: dict[str, Any]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(StepFailed, match="GET /health was not answered"):
        api_checks.check(f"http://127.0.0.1:{port}", stack)


@pytest.fixture
def fake_sam(own: Stack, stack: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `sam` before the real one that needs no engine, and a folder for the stack; the log of what it was asked."""
    log, tools = tmp_path / "asked", tmp_path / "tools"
    tools.mkdir()
    command = tools / "sam"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/tests/support/fake_sam.py" "$@"\n')
    command.chmod(0o755)
    real = sam_local.sam_environment()
    environment = real | {"PATH": f"{tools}{os.pathsep}{real['PATH']}", "FAKE_SAM_LOG": str(log)}
    monkeypatch.setattr(sam_local, "sam_environment", lambda: environment | {"FAKE_SAM_TARGET": str(own.api_port)})
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    monkeypatch.setattr(sam_local, "has_engine", lambda: True)
    monkeypatch.setattr(sam_local, "running", lambda _name: own)
    monkeypatch.setattr(sam_local, "ENV", tmp_path / "env.json")
    monkeypatch.setattr(sam_local, "HOST", tmp_path / "host.yaml")
    monkeypatch.setattr(Stack, "folder", property(lambda _self: tmp_path))
    own.record.write_text(json.dumps(stack))
    return log


def test_the_api_is_built_served_checked_and_ended(
    own: Stack, fake_sam: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sam_local.try_api("tested")
    assert fake_sam.read_text().splitlines() == ["build", "local start-api --port", "interrupted"]
    assert json.loads((tmp_path / "env.json").read_text()) == sam_local.variables(own)
    assert (tmp_path / "host.yaml").read_text() == f"Architecture: {deploy.ARCHITECTURE}\n"
    assert "a file through a run" in capsys.readouterr().out


def test_what_was_started_is_ended_when_a_check_fails(
    own: Stack, fake_sam: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_url: str, _record: Any) -> None:
        raise StepFailed("a check")

    monkeypatch.setattr(api_checks, "check", fail)
    with pytest.raises(StepFailed, match="a check"):
        sam_local.try_api("tested")
    assert fake_sam.read_text().splitlines()[-1] == "interrupted"


def test_a_server_that_does_not_start_is_reported_with_its_words(own: Stack, tmp_path: Path, monkeypatch: Any) -> None:
    # The real command, and an engine that does not answer.
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    monkeypatch.setattr(Stack, "folder", property(lambda _self: tmp_path))
    own.logs.mkdir(parents=True)
    with pytest.raises(StepFailed, match="sam local start-api did not start") as failed, sam_local.start_api(own):
        pass
    assert "Error" in failed.value.output


# -------------------------------------------------------------------- a stack with a second address
@pytest.fixture(scope="module")
def shared() -> Iterator[Stack]:
    """An emulator, with nothing deployed, that serves on a second address of this machine too."""
    stack = choose(f"test-{os.getpid()}-shared", host=HOST, keep_data=False)
    try:
        process.start(stack)
        yield stack
    finally:
        process.stop(stack.name)
        shutil.rmtree(folder_of(stack.name), ignore_errors=True)


#: Those of `make env`, and those that SAM gives containers in a shell without any.
CREDENTIALS = [("test", "test"), ("defaultkey", "defaultsecret")]


def client(stack: Stack, service: str, key: str = "test", secret: str = "test") -> Any:
    own = {"endpoint_url": stack.shared_endpoint, "aws_access_key_id": key, "aws_secret_access_key": secret}
    return boto3.client(service, **stack.client_options() | own)


@linux
def test_both_addresses_serve_and_no_other(shared: Stack) -> None:
    for host in ("127.0.0.1", HOST):
        for port in (shared.api_port, shared.aws_port):
            socket.create_connection((host, port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.3", shared.aws_port), timeout=5)


@linux
@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_a_signed_form_and_a_signed_address_of_the_shared_address_work(
    shared: Stack, credentials: tuple[str, str]
) -> None:
    s3 = client(shared, "s3", *credentials)
    s3.create_bucket(Bucket="files")
    form = s3.generate_presigned_post("files", "a.txt")
    assert httpx.URL(form["url"]).host == HOST
    assert httpx.post(form["url"], data=form["fields"], files={"file": b"hello"}, trust_env=False).is_success
    address = s3.generate_presigned_url("get_object", Params={"Bucket": "files", "Key": "a.txt"})
    assert httpx.get(address, trust_env=False).content == b"hello"


@linux
def test_functions_of_the_stack_sign_for_the_shared_address(shared: Stack) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "app.py", "import os\ndef handler(event, context):\n    return os.environ['AWS_ENDPOINT_URL']\n"
        )
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = client(shared, "iam").create_role(RoleName="any", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    functions = client(shared, "lambda")
    functions.create_function(
        FunctionName="any", Runtime="python3.13", Role=role, Handler="app.handler", Code={"ZipFile": code.getvalue()}
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="any")
    answer = functions.invoke(FunctionName="any")
    assert json.loads(answer["Payload"].read()) == shared.shared_endpoint == f"http://{HOST}:{shared.aws_port}"


@linux
@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_two_pairs_of_credentials_are_the_administrator_s(shared: Stack, credentials: tuple[str, str]) -> None:
    assert client(shared, "sts", *credentials).get_caller_identity()["Arn"].endswith(":root")


@linux
def test_credentials_of_an_account_are_refused(shared: Stack) -> None:
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        client(shared, "dynamodb", "AKIAIOSFODNN7EXAMPLE", "any").list_tables()
