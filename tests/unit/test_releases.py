"""What a release asks and refuses before it touches an account: one clear line each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from local.steps import StepFailed
from release import __main__ as command
from release import deploy, destroy, layer, preflight, settings, stacks
from release.settings import Settings
from release.smoke import Smoke
from tests.support.template import table_definition, template

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0a"


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(settings, "ANSWERS", tmp_path)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return tmp_path


def dev(**given: str) -> Settings:
    found = settings.load("dev")
    settings.ask(found, {"Region": "eu-central-1", "AlarmEmail": "", "DomainName": "", "CertificateArn": "", **given})
    return found


# ---------------------------------------------------------------- environments and answers


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ("staging", "ENV=staging is no environment"),
        ("a-stage-name-that-is-too-long", "a stage has 1 to 16 characters"),
        ("Dev", "a stage has 1 to 16 characters"),
    ],
)
def test_an_unknown_environment_is_refused_by_name(environment: str, word: str) -> None:
    with pytest.raises(StepFailed, match=word) as refused:
        settings.load(environment)
    assert refused.value.hint == "one of dev, local, prod of samconfig.toml"


def test_the_local_stacks_settings_go_to_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StepFailed, match="ENV=local is the local stack") as refused:
        settings.load("local")
    assert refused.value.hint == 'make run DETACH=1; eval "$(make -s env)"'
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert settings.load("local").is_emulated


def test_an_account_is_not_deployed_to_from_a_shell_that_works_on_the_local_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The local stack would take it, under the name of the account's."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    with pytest.raises(StepFailed, match="ENV=dev is for an account, and AWS_ENDPOINT_URL=http"):
        settings.load("dev")


def test_what_stands_is_not_asked_again_on_another_machine(account: "Account") -> None:
    """An empty answer there would take the alarms' address away."""
    given = [
        {"ParameterKey": "AlarmEmail", "ParameterValue": "ops@example.com"},
        {"ParameterKey": "DomainName", "ParameterValue": ""},
        {"ParameterKey": "CertificateArn", "ParameterValue": ""},
    ]
    account.answers["describe_stacks"] = {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", "Parameters": given}]}
    found = settings.load("dev")
    standing = lambda: stacks.parameters(found)  # noqa: E731
    settings.ask(found, {"Region": "eu-central-1"}, lambda question: pytest.fail(question), standing)
    assert (found.parameters["AlarmEmail"], found.parameters["DomainName"]) == ("ops@example.com", "")
    settings.ask(found, {"DomainName": "api.example.com"}, lambda _: CERTIFICATE, standing)
    assert found.parameters["CertificateArn"] == CERTIFICATE


def test_a_first_deployment_asks_though_aws_cannot_be_reached(
    account: "Account", capsys: pytest.CaptureFixture[str]
) -> None:
    account.answers |= {"describe_stacks": error("ExpiredToken"), "get_caller_identity": error("ExpiredToken")}
    assert command.main(["preflight", "dev", "--set", "Region=eu-central-1"]) == 1
    told = capsys.readouterr()
    assert "AlarmEmail is not known" in told.out + told.err


def test_what_was_asked_once_is_remembered(answers: Path) -> None:
    asked: list[str] = []
    replies = iter(["eu-central-1", "ops@example.com", ""])

    def read(question: str) -> str:
        asked.append(question)
        return next(replies)

    first = settings.load("dev")
    settings.ask(first, {}, read)
    first.remember()
    again = settings.load("dev")
    settings.ask(again, {}, read)
    assert len(asked) == 3
    assert (again.region, again.parameters["AlarmEmail"], again.parameters["Stage"]) == (
        "eu-central-1",
        "ops@example.com",
        "dev",
    )
    assert "Region" not in again.parameters
    ignored = (settings.ROOT / ".gitignore").read_text().splitlines()
    assert ".deploy/" in ignored


def test_a_name_that_comes_later_is_asked_its_certificate() -> None:
    found = dev()
    settings.ask(found, {"DomainName": "api.example.com"}, lambda _: CERTIFICATE)
    assert (found.parameters["DomainName"], found.parameters["CertificateArn"]) == ("api.example.com", CERTIFICATE)


def test_what_the_section_sets_is_not_asked() -> None:
    overrides = ["DomainName=api.example.com", f"CertificateArn={CERTIFICATE}", "AlarmEmail=ops@example.com"]
    found = Settings("dev", {"stack_name": "s", "region": "eu-central-1", "parameter_overrides": overrides})
    settings.ask(found, {}, lambda question: pytest.fail(question))
    assert found.parameters["DomainName"] == "api.example.com"


def test_a_script_gives_all_answers_at_once(account: "Account", answers: Path) -> None:
    given = "Region=eu-central-1 AlarmEmail=ops@example.com DomainName="
    assert command.main(["preflight", "dev", "--set", given]) == 0
    assert json.loads((answers / "dev.json").read_text())["AlarmEmail"] == "ops@example.com"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"AlarmEmail": "nobody"}, "AlarmEmail=nobody: expected an e-mail address"),
        ({"Region": "europe"}, "Region=europe: expected a region"),
        ({"DomainName": "api.example.com"}, "DomainName needs CertificateArn"),
        ({"Colour": "red"}, "no setting Colour"),
        ({"TableStream": "drill"}, "TableStream=drill: expected the ARN of a table's stream"),
    ],
)
def test_a_bad_answer_is_refused(given: dict[str, str], word: str) -> None:
    with pytest.raises(StepFailed, match=word):
        dev(**given)


# ---------------------------------------------------------------- preflight


class Account:
    """Answers the calls of the preflight; a call may be set to raise."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "get_caller_identity": {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ada"},
            "describe_stacks": error("ValidationError"),
            "get_function": error("ResourceNotFoundException"),
            "get_account_settings": {"AccountLimit": {"ConcurrentExecutions": 1_000}},
            "describe_certificate": {"Certificate": {"Status": "ISSUED", "SubjectAlternativeNames": ["*.example.com"]}},
            "list_tables": [{"TableNames": []}],
            "get_account_summary": {"SummaryMap": {"Roles": 40, "RolesQuota": 1_000}},
            "describe_log_groups": {"logGroups": []},
            "describe_stack_resource": {"StackResourceDetail": {"PhysicalResourceId": "switchyard-dev-Table-X"}},
            "describe_table": {"Table": table_definition()},
            "list_stack_resources": [{"StackResourceSummaries": []}],
        }

        #: How answers change after a call.
        self.after: dict[str, dict[str, Any]] = {}
        #: What was asked last, by the name of the call.
        self.asked: dict[str, dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        def call(**params: Any) -> Any:
            self.asked[name] = params
            found = self.answers[name]
            self.answers |= self.after.get(name, {})
            if isinstance(found, Exception):
                raise found
            return found

        return call

    def get_paginator(self, name: str) -> Any:
        return type("Pages", (), {"paginate": lambda *_, **__: iter(self.answers[name])})()


def error(code: str, operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(Settings, "client", lambda _self, _service: made)
    return made


def lines(found: Iterator[preflight.Finding]) -> list[str]:
    return [("STOP " if each.stops else "ok ") + each.text for each in found]


def test_an_account_that_has_all_is_told_in_one_line(account: Account) -> None:
    assert lines(preflight.findings(dev())) == ["ok account 123456789012, eu-central-1, as user/ada"]


@pytest.mark.parametrize(
    ("given", "change", "word"),
    [
        ({"Region": "eu-nowhere-1"}, {}, "STOP region eu-nowhere-1: AWS has no Lambda there"),
        (
            {"Region": "cn-south-1"},
            {},
            "STOP region cn-south-1: AWS has no Lambda there; one of cn-north-1, cn-northwest-1",
        ),
        ({"Region": "zz-north-1"}, {}, "STOP region zz-north-1: AWS has no Lambda there; one of af-south-1, "),
        (
            {},
            {"get_caller_identity": NoCredentialsError()},
            "STOP AWS cannot be reached or asked: Unable",
        ),
        ({}, {"get_caller_identity": error("ExpiredToken")}, "STOP credentials: AWS does not take them (ExpiredToken)"),
        (
            {},
            {"describe_stacks": error("AccessDenied", "DescribeStacks")},
            "STOP rights: DescribeStacks is not",
        ),
        (
            {},
            {"describe_stacks": {"Stacks": [{"StackStatus": "ROLLBACK_COMPLETE"}]}},
            "its first deployment failed; `make destroy ENV=dev` first",
        ),
        (
            {},
            {"describe_stacks": {"Stacks": [{"StackStatus": "ROLLBACK_FAILED"}]}},
            "its first deployment failed; `make destroy ENV=dev` first",
        ),
        (
            {},
            {"describe_stacks": {"Stacks": [{"StackStatus": "DELETE_FAILED"}]}},
            "STOP stack switchyard-dev: DELETE_FAILED; see its events, then `make destroy` again",
        ),
        (
            {},
            {"get_account_summary": {"SummaryMap": {"Roles": 900, "RolesQuota": 1_000}}},
            "STOP quota: the account has 900 of 1,000 roles, and this needs ",
        ),
        (
            {},
            {"describe_log_groups": {"logGroups": [{"logGroupName": "/switchyard/dev"}]}},
            "STOP log group /switchyard/dev: left by a former installation; `aws logs delete-log-group",
        ),
        (
            {},
            {"describe_stacks": {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS"}]}},
            "another deployment is under way",
        ),
        (
            {},
            {"get_function": {"Tags": {"aws:cloudformation:stack-name": "other"}}},
            "STOP stage dev: taken by the stack other",
        ),
        (
            {},
            {"describe_stacks": {"Stacks": [{"StackStatus": "UPDATE_ROLLBACK_FAILED"}]}},
            "STOP stack switchyard-dev: UPDATE_ROLLBACK_FAILED; see its events, then `aws cloudformation continue-",
        ),
        (
            {"DomainName": "api.example.com", "CertificateArn": CERTIFICATE},
            {"describe_certificate": {"Certificate": {"Status": "PENDING_VALIDATION"}}},
            "STOP certificate: PENDING_VALIDATION; it must be issued first",
        ),
        ({}, {"get_account_settings": {"AccountLimit": {"ConcurrentExecutions": 10}}}, "ok quota: 10 functions"),
        ({}, {"list_tables": [{"TableNames": ["switchyard-dev-Table-X"]}]}, "ok table switchyard-dev-Table-X: left by"),
        (
            {"DomainName": "api.example.org", "CertificateArn": CERTIFICATE},
            {},
            "STOP certificate: is for *.example.com, not for api.example.org",
        ),
        (
            {"DomainName": "api.example.com", "CertificateArn": CERTIFICATE.replace("eu-central-1", "us-east-1")},
            {},
            "STOP certificate: is in us-east-1; the API needs one in eu-central-1",
        ),
    ],
)
def test_what_an_account_lacks_is_one_line(
    account: Account, given: dict[str, str], change: dict[str, Any], word: str
) -> None:
    account.answers |= change
    found = lines(preflight.findings(dev(**given)))
    assert [each for each in found if word in each], found
    assert all("\n" not in each for each in found)


def test_what_stands_needs_no_new_roles_and_has_its_own_logs(account: Account) -> None:
    account.answers |= {
        "describe_stacks": {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]},
        "get_account_summary": {"SummaryMap": {"Roles": 1_000, "RolesQuota": 1_000}},
        "describe_log_groups": {"logGroups": [{"logGroupName": "/switchyard/dev"}]},
    }
    assert lines(preflight.findings(dev())) == ["ok account 123456789012, eu-central-1, as user/ada"]


def test_logs_of_a_stage_whose_name_begins_alike_stop_nothing(account: Account) -> None:
    account.answers["describe_log_groups"] = {"logGroups": [{"logGroupName": "/switchyard/dev-2"}]}
    assert lines(preflight.findings(dev())) == ["ok account 123456789012, eu-central-1, as user/ada"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda them: them[1:], None),
        (lambda them: [*them, {**them[0], "IndexName": "of-before"}], None),
        (lambda them: them[2:], "makes the indexes list-id, list-rank and deletes none"),
        (lambda them: [{**them[0], "IndexName": "old"}, *them[1:]], "makes the indexes list-id and deletes old"),
        (
            lambda them: [{**them[0], "Projection": {"ProjectionType": "ALL"}}, *them[1:]],
            "makes the indexes list-id and deletes list-id",
        ),
    ],
)
def test_a_release_changes_one_index_at_a_time(
    account: Account, change: Callable[[Any], Any], word: str | None
) -> None:
    table = table_definition()
    account.answers |= {
        "describe_stacks": {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]},
        "describe_table": {"Table": {**table, "GlobalSecondaryIndexes": change(table["GlobalSecondaryIndexes"])}},
    }
    found = lines(preflight.findings(dev()))[1:]
    if word is None:
        assert found == []
    else:
        (only,) = found
        assert only.startswith(f"STOP table switchyard-dev-Table-X: this release {word}; CloudFormation does one an")


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_a_region_of_another_partition_is_one_to_deploy_to(account: Account, region: str) -> None:
    assert lines(preflight.findings(dev(Region=region))) == [f"ok account 123456789012, {region}, as user/ada"]


def test_a_first_change_set_that_nobody_carried_out_is_no_release_and_stops_none(account: Account) -> None:
    account.answers["describe_stacks"] = {"Stacks": [{"StackStatus": "REVIEW_IN_PROGRESS"}]}
    told = lines(preflight.findings(dev()))
    assert told[1:] == [
        "ok stack switchyard-dev: REVIEW_IN_PROGRESS, a change set was not carried out; this one takes its place"
    ]
    assert stacks.current(dev()) is None


@pytest.mark.parametrize(
    ("region", "host"),
    [("eu-central-1", "s3.eu-central-1.amazonaws.com"), ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn")],
)
def test_a_former_release_is_read_from_where_the_partition_keeps_it(account: Account, region: str, host: str) -> None:
    account.answers |= {"put_object": {}, "update_stack": {}}
    account.answers["describe_stacks"] = {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}
    stacks.bring_back(dev(Region=region), stacks.Release("{}", {}, "then"), "uploads")
    assert account.asked["update_stack"]["TemplateURL"] == f"https://{host}/uploads/switchyard-dev/former.template"


def test_nothing_is_built_when_the_preflight_stops(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dev().remember()
    account.answers["get_caller_identity"] = error("InvalidClientTokenId")
    monkeypatch.setattr(command.deploy.building, "build", lambda *_: pytest.fail("built"))
    assert command.main(["deploy", "dev"]) == 1
    told = capsys.readouterr()
    assert "STOP credentials" in told.out
    assert "nothing was deployed" in told.err


# ---------------------------------------------------------------- what was built


def elf(machine: int) -> bytes:
    """As much of a shared object as says which processor it is for."""
    return b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + machine.to_bytes(2, "little") + bytes(44)


def built_layer(folder: Path, files: dict[str, bytes]) -> Path:
    """A build whose layer has these files in a package."""
    package = folder / "CoreLayer" / "python" / "package"
    package.mkdir(parents=True)
    for name, content in files.items():
        (package / name).write_bytes(content)
    return folder


ARM, INTEL = elf(183), elf(62)


@pytest.mark.parametrize(
    ("architecture", "files"),
    [
        ("arm64", {"one.cpython-313-aarch64-linux-gnu.so": ARM, "two.abi3.so": ARM, "libthree.so.8.1": ARM}),
        ("x86_64", {"one.cpython-313-x86_64-linux-gnu.so": INTEL, "two.so": INTEL}),
    ],
)
def test_a_layer_that_fits_its_functions_is_taken(tmp_path: Path, architecture: str, files: dict[str, bytes]) -> None:
    layer.check(built_layer(tmp_path, files), architecture)


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"one.cpython-313-x86_64-linux-gnu.so": INTEL}, "one.*.so is for cpython-313-x86_64-linux-gnu"),
        ({"one.cpython-312-aarch64-linux-gnu.so": ARM}, "one.*.so is for cpython-312-aarch64-linux-gnu"),
        ({"one.cpython-313-aarch64-linux-musl.so": ARM}, "is for cpython-313-aarch64-linux-musl"),
        ({"one.cpython-313-aarch64-linux-gnu.so": ARM, "two.abi3.so": INTEL}, "two.abi3.so is for x86_64"),
        ({"one.so": elf(243)}, "one.so is for machine 243"),
        ({"one.abi3.so": b"\xcf\xfa\xed\xfe"}, "one.abi3.so is not for Linux"),
        ({f"{name}.so": INTEL for name in "abcde"}, "c.so is for x86_64 and 2 more"),
        ({"one.py": b""}, "no compiled package is in "),
    ],
)
def test_a_layer_for_other_functions_is_refused_before_anything_is_uploaded(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], word: str
) -> None:
    monkeypatch.setattr(command.deploy.subprocess, "run", lambda *_, **__: pytest.fail("sam was run"))
    with pytest.raises(StepFailed, match=f"cannot run on Python 3.13 on arm64: .*{word}") as refused:
        command.deploy.release(dev(), built=built_layer(tmp_path / "build" / "release-dev", files))
    assert refused.value.hint.startswith(f"delete {tmp_path}/build/release-dev and {tmp_path}/build/cache/arm64")


def test_a_layer_is_looked_at_for_the_runtime_of_the_functions() -> None:
    runtime = template()["Globals"]["Function"]["Runtime"]
    assert runtime.replace("python", "cpython-").replace(".", "") == layer.PYTHON
    assert set(template()["Parameters"]["Architecture"]["AllowedValues"]) == layer.PROCESSORS.keys()


# ---------------------------------------------------------------- a restored table

STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/drill/stream/2026-11-26T13:00:00.000"


def restored(account: Account, **change: Any) -> None:
    """A table of the account that a stack may work on."""
    indexes = [{"IndexName": each["IndexName"]} for each in table_definition()["GlobalSecondaryIndexes"]]
    table = {
        "LatestStreamArn": STREAM,
        "StreamSpecification": {"StreamEnabled": True},
        "GlobalSecondaryIndexes": indexes,
        **change,
    }
    account.answers["describe_table"] = {"Table": table}


def test_a_restored_table_that_has_all_is_named(account: Account) -> None:
    restored(account)
    assert lines(preflight.findings(dev(TableStream=STREAM)))[1:] == [
        "ok table drill: restored from backups, and used in place of the stack's own"
    ]


def test_the_table_in_use_is_looked_at_without_being_named_again(account: Account) -> None:
    given = [{"ParameterKey": "TableStream", "ParameterValue": STREAM}]
    account.answers["describe_stacks"] = {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", "Parameters": given}]}

    def describe(*, TableName: str) -> dict[str, Any]:
        if TableName == "drill":
            raise error("ResourceNotFoundException")
        return {"Table": table_definition()}

    account.describe_table = describe  # type: ignore[attr-defined]
    assert "STOP table drill: is not there" in lines(preflight.findings(dev()))[1]
    assert lines(preflight.findings(dev(TableStream="")))[1:] == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"LatestStreamArn": STREAM.replace("13:00", "14:00")}, "STOP table drill: that is not its stream"),
        ({"StreamSpecification": {}}, "STOP table drill: that is not its stream"),
        (
            {"GlobalSecondaryIndexes": [{"IndexName": "due"}]},
            "STOP table drill: lacks the indexes assignee-rank",
        ),
    ],
)
def test_a_table_that_lacks_something_stops_a_release(account: Account, change: dict[str, Any], word: str) -> None:
    restored(account, **change)
    assert word in lines(preflight.findings(dev(TableStream=STREAM)))[1]


def test_a_table_of_another_region_stops_a_release(account: Account) -> None:
    stream = STREAM.replace("eu-central-1", "us-east-1")
    assert "STOP table drill: is in us-east-1" in lines(preflight.findings(dev(TableStream=stream)))[1]


def test_an_answer_that_was_taken_back_is_deployed_as_nothing() -> None:
    found = dev(AlarmEmail="ops@example.com")
    settings.ask(found, {"AlarmEmail": ""})
    assert found.parameters["AlarmEmail"] == ""
    assert "TableStream" not in found.parameters


# ---------------------------------------------------------------- taking down


OUTPUTS = [{"OutputKey": "TableName", "OutputValue": "t-1"}, {"OutputKey": "ArtifactsBucket", "OutputValue": "b-1"}]


def test_destroying_says_what_stays_and_wants_the_name(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.answers["describe_stacks"] = {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": OUTPUTS}]}
    account.answers["delete_stack"] = AssertionError("deleted")
    reply: Callable[[str], str] = lambda _: "yes"  # noqa: E731
    with pytest.raises(StepFailed, match="nothing was deleted"):
        destroy.destroy(dev(), reply)
    told = capsys.readouterr().out
    assert "table t-1" in told
    assert "bucket b-1" in told


def test_a_stack_whose_name_was_typed_is_deleted(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    stack = {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": OUTPUTS}]}
    account.answers |= {"describe_stacks": stack, "delete_stack": {}}
    account.after["delete_stack"] = {"describe_stacks": error("ValidationError")}
    destroy.destroy(dev(), lambda _: "switchyard-dev")
    assert "docs/deploying.md#taking-it-down" in capsys.readouterr().out


def test_a_stack_that_could_not_be_deleted_says_why(account: Account) -> None:
    stack = {"StackStatus": "CREATE_COMPLETE", "Outputs": OUTPUTS}
    account.answers |= {"describe_stacks": {"Stacks": [stack]}, "delete_stack": {}}
    why = {"LogicalResourceId": "Bus", "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "it has rules"}
    account.answers["describe_stack_events"] = [{"StackEvents": [why]}]
    account.after["delete_stack"] = {"describe_stacks": {"Stacks": [{**stack, "StackStatus": "DELETE_FAILED"}]}}
    with pytest.raises(StepFailed, match="not deleted: DELETE_FAILED") as refused:
        destroy.destroy(dev(), lambda _: "switchyard-dev")
    assert refused.value.hint == "Bus: it has rules"


def test_runs_under_way_are_stopped_until_their_machines_are_gone(account: Account) -> None:
    """A machine is deleted once its executions have ended, and one that waits for an agent would wait for days."""
    machine = {"ResourceType": "AWS::StepFunctions::StateMachine", "PhysicalResourceId": "arn:machine"}
    function = {"ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": "f"}
    running = [{"executions": [{"executionArn": "arn:execution"}]}]
    stopped: list[str] = []
    account.answers |= {
        "describe_stacks": {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": OUTPUTS}]},
        "list_stack_resources": [{"StackResourceSummaries": [machine, function]}],
        "list_executions": running,
        "delete_stack": {},
    }

    def stop(*, executionArn: str, cause: str) -> None:
        """The reconciler starts it anew as long as it is there."""
        stopped.append(executionArn)
        under_way = {"describe_stacks": {"Stacks": [{"StackStatus": "DELETE_IN_PROGRESS"}]}}
        account.answers |= under_way if len(stopped) < 3 else {"describe_stacks": error("ValidationError")}

    account.stop_execution = stop  # type: ignore[attr-defined]
    destroy.destroy(dev(), lambda _: "switchyard-dev")
    assert stopped == ["arn:execution"] * 3


def test_a_machine_that_is_gone_has_nothing_to_stop(account: Account) -> None:
    machine = {"ResourceType": "AWS::StepFunctions::StateMachine", "PhysicalResourceId": "arn:machine"}

    class Gone(Account):
        def get_paginator(self, name: str) -> Any:
            if name == "list_executions":
                raise error("StateMachineDoesNotExist")
            return super().get_paginator(name)

    account.__class__ = Gone
    account.answers |= {
        "describe_stacks": {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": OUTPUTS}]},
        "list_stack_resources": [{"StackResourceSummaries": [machine]}],
        "delete_stack": {},
    }
    account.after["delete_stack"] = {"describe_stacks": error("ValidationError")}
    destroy.destroy(dev(), lambda _: "switchyard-dev")
    assert "stop_execution" not in account.asked


def test_there_is_nothing_to_destroy(account: Account) -> None:
    with pytest.raises(StepFailed, match="there is no stack switchyard-dev in eu-central-1"):
        destroy.destroy(dev(), lambda _: pytest.fail("asked"))


def test_a_domain_is_a_parameter_and_the_address_that_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = dev(DomainName="api.example.com", CertificateArn=CERTIFICATE)
    assert found.parameters["DomainName"] == "api.example.com"
    there = {"ApiUrl": "https://api.example.com", "DomainTarget": "d-1.execute-api.eu-central-1.amazonaws.com"}
    monkeypatch.setattr(command.deploy.stacks, "outputs", lambda _: there)
    command.deploy.show(found)
    told = capsys.readouterr().out
    assert "CNAME api.example.com -> d-1.execute-api.eu-central-1.amazonaws.com" in told
    assert "create-tenant" in told


def test_alarms_of_a_stage_whose_name_begins_alike_are_not_its_own(account: Account) -> None:
    names = ("switchyard-dev-ServerErrors", "switchyard-dev-2-ServerErrors", "switchyard-dev-x-Slow")
    account.answers["describe_alarms"] = [{"MetricAlarms": [{"AlarmName": each} for each in names]}]
    assert deploy.going_off(dev()) == {"switchyard-dev-ServerErrors"}


def test_the_smoke_test_waits_as_long_as_it_was_told() -> None:
    tried = Smoke("http://127.0.0.1", "sy_person", "sy_agent", "tenant", {}, wait=0)
    with pytest.raises(StepFailed, match="no run was offered within 0 s"):
        tried.until(lambda: None, "run was offered")
    assert tried.until(lambda: 5, "run was offered") == 5


def test_the_smoke_test_waits_no_longer_than_its_tokens_count(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["smoke", "dev", "--wait", "3001"])
    assert "--wait" in capsys.readouterr().err
