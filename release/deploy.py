"""One release: looked at, deployed, tried, watched, and taken back when it is not good."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from local import deploy as building
from local.environments import ENVIRONMENTS, ROOT
from local.stack import LOCAL
from local.steps import StepFailed, step
from release import layer, preflight, stacks
from release.settings import BAKE_SECONDS, SAMCONFIG, Settings
from release.smoke import WAIT_SECONDS, smoke

WATCH_SECONDS = 5
#: The bucket that `sam deploy --resolve-s3` keeps what it uploads in.
SAM_STACK = "aws-sam-cli-managed-default"


def look(settings: Settings) -> None:
    """Print what the account lacks, one line each. Raises StepFailed when a deployment would fail."""
    print("Preflight", flush=True)
    stops = 0
    for each in preflight.findings(settings):
        print(f"  {'STOP' if each.stops else 'ok  '} {each.text}", flush=True)
        stops += each.stops
    if stops:
        raise StepFailed("nothing was deployed", hint="mend what stops it, then this again")


def release(
    settings: Settings,
    confirm: bool = True,
    bake: int = BAKE_SECONDS,
    built: Path | None = None,
    wait: int = WAIT_SECONDS,
) -> bool:
    """Deploy the sources; tells whether that changed anything. Raises StepFailed; then the former release stands.

    `built` is where the sources are built already; `bake` are the seconds for which alarms are watched afterwards,
    `wait` those for which the smoke test waits for what follows from a request.
    """
    look(settings)
    output = built or LOCAL / "build" / f"release-{settings.environment}"
    if built is None:
        with step("sam build"):
            building.build(_architecture(settings), output)
    layer.check(output, _architecture(settings))
    former, firing = stacks.current(settings), going_off(settings)
    _sam_deploy(settings, output, confirm)
    now = stacks.current(settings)
    if now is None:
        print("Nothing was deployed: the change set was not taken.")
        return False
    if former and former.changed == now.changed:
        print("Nothing to deploy: what stands is what the sources say.")
        show(settings)
        return False
    try:
        found = stacks.outputs(settings)
        with step("smoke test"):
            surfaces = smoke(settings, found["ApiUrl"], found["TableName"], wait)
        print(f"  answered: {', '.join(surfaces)}")
        _bake(settings, firing, bake)
    except StepFailed as failure:
        raise _taken_back(settings, former, failure) from None
    show(settings)
    return True


def show(settings: Settings) -> None:
    """Print where the service is, and what comes next."""
    found = stacks.outputs(settings)
    print(f"\n  API        {found['ApiUrl']}\n  MCP        {found['ApiUrl']}/mcp")
    print(f"  dashboard  {found.get('DashboardUrl', 'none')}")
    if settings.parameters.get("AlarmEmail"):
        print(f"  alarms     {settings.parameters['AlarmEmail']}, once it has confirmed the mail from AWS")
    if "DomainTarget" in found:
        print(f"  DNS        CNAME {settings.parameters['DomainName']} -> {found['DomainTarget']}")
    print(
        f"\nnext: AWS_REGION={settings.region} .venv/bin/python -m switchyard.admin "
        f'--stack {settings.stack_name} create-tenant "Acme"'
    )


def _architecture(settings: Settings) -> str:
    """The processor to build for: what the parameters say, or on the local stack this machine's."""
    return building.ARCHITECTURE if settings.is_emulated else settings.parameters.get("Architecture", "arm64")


def _sam_deploy(settings: Settings, output: Path, confirm: bool) -> None:
    """Make the change set, show it, and carry it out once it is confirmed. Raises StepFailed with the first failure."""
    parameters = {"Architecture": _architecture(settings), **settings.parameters}
    command = [
        *(ENVIRONMENTS["sam"].folder / "bin" / "sam", "deploy", "--config-file", SAMCONFIG),
        *("--config-env", settings.environment, "--template-file", output / "template.yaml"),
        *("--region", settings.region, "--no-fail-on-empty-changeset", "--no-progressbar"),
        "--confirm-changeset" if confirm else "--no-confirm-changeset",
        *("--parameter-overrides", *(f'{name}="{value}"' for name, value in parameters.items())),
    ]
    done = subprocess.run([str(each) for each in command], cwd=ROOT, env=building.sam_environment(), check=False)
    if done.returncode:
        status = stacks.status(settings) or "there is no stack"
        if "ROLLBACK" in status:
            why, hint = stacks.first_failure(settings), "CloudFormation has put back what stood before"
            raise StepFailed(f"not deployed ({status}): {why}", hint=hint)
        raise StepFailed(f"not deployed ({status}): sam deploy ended with status {done.returncode}, see above")


def going_off(settings: Settings) -> set[str]:
    """The alarms of the stage that are going off; those of a stage `dev-2`, which begin alike, are not its own."""
    pages = settings.client("cloudwatch").get_paginator("describe_alarms")
    prefix = f"switchyard-{settings.stage}-"
    found = [
        each for page in pages.paginate(AlarmNamePrefix=prefix, StateValue="ALARM") for each in page["MetricAlarms"]
    ]
    return {each["AlarmName"] for each in found if each["AlarmName"].removeprefix(prefix).isalnum()}


def _bake(settings: Settings, before: set[str], seconds: int) -> None:
    """Watch the alarms for a while. Raises StepFailed when one goes off that was quiet before the release.

    The reconciler's is raised by a stack that is new, until its first run.
    """
    deadline = time.monotonic() + seconds
    known = before | {f"switchyard-{settings.stage}-ReconcilerSilent"}
    with step(f"alarms, for {seconds} s"):
        while time.monotonic() < deadline:
            if new := going_off(settings) - known:
                raise StepFailed(f"alarm {', '.join(sorted(new))}", hint="docs/runbooks.md")
            time.sleep(min(WATCH_SECONDS, max(deadline - time.monotonic(), 0)))


def _taken_back(settings: Settings, former: stacks.Release | None, failure: StepFailed) -> StepFailed:
    """Bring the former release back, and say what was wrong with this one."""
    if former is None:
        return StepFailed(
            f"{failure}; it is the first release, and stays", hint=failure.hint or "mend it, then this again"
        )
    print(f"\n{failure}", flush=True)
    with step("bringing the former release back"):
        stacks.bring_back(settings, former, _bucket(settings))
        found = stacks.outputs(settings)
    with step("smoke test of the former release"):
        smoke(settings, found["ApiUrl"], found["TableName"])
    return StepFailed(f"the release was taken back: {failure}", hint=failure.hint)


def _bucket(settings: Settings) -> str:
    named = settings.config.get("s3_bucket")
    if named:
        return str(named)
    found = settings.client("cloudformation").describe_stacks(StackName=SAM_STACK)["Stacks"][0]["Outputs"]
    return next(str(each["OutputValue"]) for each in found if each["OutputKey"] == "SourceBucket")
