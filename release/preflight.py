"""What an account lacks for a deployment, one line each, before anything is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, UnknownRegionError

from local.environments import ROOT
from release import stacks
from release.settings import Settings

#: Executions at once below which a burst of a few clients is refused. New accounts may have 10.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
CONCURRENCY_WANTED = 100
UNDER_WAY = "_IN_PROGRESS"
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessDeniedFault"}
NO_SUCH_KEYS = {
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "UnrecognizedClientException",
    "ExpiredTokenException",
}


@dataclass(frozen=True)
class Finding:
    """One line. `stops` tells whether a deployment would fail; otherwise it is good to know."""

    text: str
    stops: bool = True


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at the account; the first that stops is the last, where what follows would only repeat it."""
    regions = _regions(settings.region)
    if settings.region not in regions:
        yield Finding(
            f"region {settings.region}: AWS has no Lambda there; one of {', '.join(regions[:4]) or 'its regions'}, …"
        )
        return
    for check in (_credentials, _stack, _stage, _concurrency, _certificate, _table_in_use, _former_table):
        stopped = False
        for each in _told(check, settings):
            yield each
            stopped = stopped or each.stops
        if stopped and check is _credentials:
            return


def _regions(like: str) -> list[str]:
    """The regions with Lambda of the partition that a name belongs to: China, GovCloud, or else AWS's usual one."""
    session = boto3.session.Session()
    try:
        partition = session.get_partition_for_region(like)
    except UnknownRegionError:
        partition = "aws"
    return session.get_available_regions("lambda", partition_name=partition)


def _told(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    """The findings of one check; one that AWS refuses is a finding too."""
    try:
        yield from check(settings)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in NO_SUCH_KEYS:
            yield Finding(
                f"credentials: AWS does not take them ({code}); log in again, or enable the region {settings.region}"
            )
        elif code in DENIED:
            yield Finding(f"rights: {error.operation_name} is not allowed; deploying needs it")
        else:
            yield Finding(f"{error.operation_name}: {error.response['Error'].get('Message') or code}")
    except BotoCoreError as error:
        yield Finding(f"AWS cannot be reached or asked: {error}")


def _credentials(settings: Settings) -> Iterator[Finding]:
    identity = settings.client("sts").get_caller_identity()
    yield Finding(
        f"account {identity['Account']}, {settings.region}, as {identity['Arn'].rpartition(':')[2]}", stops=False
    )


def _stack(settings: Settings) -> Iterator[Finding]:
    """A stack that another deployment works on, or whose first one failed, takes no change set."""
    status = stack_status(settings)
    if status == stacks.EMPTY:
        yield Finding(
            f"stack {settings.stack_name}: {status}, a change set was not carried out; this one takes its place",
            stops=False,
        )
    elif status == "ROLLBACK_COMPLETE":
        yield Finding(
            f"stack {settings.stack_name}: {status}, its first deployment failed; "
            f"`make destroy ENV={settings.environment}` first"
        )
    elif status and status.endswith(UNDER_WAY):
        yield Finding(f"stack {settings.stack_name}: {status}, another deployment is under way")
    elif status and "FAILED" in status:
        yield Finding(
            f"stack {settings.stack_name}: {status}; see its events, then `aws cloudformation continue-update-rollback`"
        )


def stack_status(settings: Settings) -> str | None:
    """The status of the environment's stack; None when there is none."""
    found = _described(settings)
    return str(found["StackStatus"]) if found else None


def _described(settings: Settings) -> Any:
    try:
        return settings.client("cloudformation").describe_stacks(StackName=settings.stack_name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise


def _stage(settings: Settings) -> Iterator[Finding]:
    """The names of functions carry the stage, and two stacks cannot have them."""
    client = settings.client("lambda")
    try:
        found = client.get_function(FunctionName=f"switchyard-{settings.stage}_ServiceGetHealth")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return
        raise
    owner = found.get("Tags", {}).get("aws:cloudformation:stack-name")
    if owner and owner != settings.stack_name:
        yield Finding(f"stage {settings.stage}: taken by the stack {owner} of this account and region")


def _concurrency(settings: Settings) -> Iterator[Finding]:
    limit = settings.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < CONCURRENCY_WANTED:
        yield Finding(
            f"quota: {limit} functions may run at once, as in a new account; bursts are refused until Service Quotas, "
            "AWS Lambda, Concurrent executions is 1,000",
            stops=False,
        )


def _certificate(settings: Settings) -> Iterator[Finding]:
    """A name needs a certificate of its region that is issued, and is for that name."""
    arn = settings.parameters.get("CertificateArn")
    if not arn:
        return
    region = arn.split(":")[3]
    if region != settings.region:
        yield Finding(f"certificate: is in {region}; the API needs one in {settings.region}")
        return
    found = settings.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    if found["Status"] != "ISSUED":
        yield Finding(f"certificate: {found['Status']}; it must be issued first")
    names, wanted = found.get("SubjectAlternativeNames", []), settings.parameters["DomainName"]
    if wanted not in names and "*." + wanted.partition(".")[2] not in names:
        yield Finding(f"certificate: is for {', '.join(names)}, not for {wanted}")


def _table_in_use(settings: Settings) -> Iterator[Finding]:
    """A restored table is no resource of the stack: it has to be there, with its stream, and every index."""
    had = {each["ParameterKey"]: each.get("ParameterValue", "") for each in _parameters(settings)}
    stream = settings.parameters.get("TableStream", had.get("TableStream", ""))
    if not stream:
        return
    region, name = stream.split(":")[3], stream.split("/")[1]
    if region != settings.region:
        yield Finding(f"table {name}: is in {region}, the stack in {settings.region}")
        return
    try:
        found = settings.client("dynamodb").describe_table(TableName=name)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        yield Finding(f"table {name}: is not there; SET='TableStream=' goes back to the stack's own")
        return
    if found.get("LatestStreamArn") != stream or not found.get("StreamSpecification", {}).get("StreamEnabled"):
        yield Finding(f"table {name}: that is not its stream; `admin restore` sets one up and prints it")
    there = {each["IndexName"] for each in found.get("GlobalSecondaryIndexes", ())}
    wanted = set(re.findall(r"- IndexName: (\S+)", (ROOT / "template.yaml").read_text(encoding="utf-8")))
    if missing := sorted(wanted - there):
        yield Finding(
            f"table {name}: lacks the indexes {', '.join(missing)}; `aws dynamodb update-table` makes one a call"
        )
    yield Finding(f"table {name}: restored from backups, and used in place of the stack's own", stops=False)


def _parameters(settings: Settings) -> list[dict[str, str]]:
    return list((_described(settings) or {}).get("Parameters", ()))


def _former_table(settings: Settings) -> Iterator[Finding]:
    """A table that a stack left behind is no hindrance, but whoever deploys anew may have expected its rows."""
    if stack_status(settings) not in (None, stacks.EMPTY):
        return
    names = [
        name
        for page in settings.client("dynamodb").get_paginator("list_tables").paginate()
        for name in page["TableNames"]
        if name.startswith(f"{settings.stack_name}-Table-")
    ]
    for name in names:
        yield Finding(
            f"table {name}: left by a former installation; docs/deploying.md says how to use its rows",
            stops=False,
        )
