"""What an account lacks for a deployment, one line each, before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
from botocore.exceptions import BotoCoreError, ClientError, UnknownRegionError

from local.complete import properties_of
from release import stacks, tables
from release.finding import Finding
from release.settings import Settings

#: Executions at once below which a burst of a few clients is refused. New accounts may have 10.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
CONCURRENCY_WANTED = 100
#: SAM makes a role for each function and machine.
WITH_ROLES = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::IAM::Role")
UNDER_WAY = "_IN_PROGRESS"
#: What ends each of the other failures; only UPDATE_ROLLBACK_FAILED is continued.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html
TO_END = {
    "UPDATE_ROLLBACK_FAILED": "`aws cloudformation continue-update-rollback`",
    "UPDATE_FAILED": "`aws cloudformation rollback-stack`",
    "DELETE_FAILED": "`make destroy` again",
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessDeniedFault"}
NO_SUCH_KEYS = {
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "UnrecognizedClientException",
    "ExpiredTokenException",
}


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at the account; the first that stops is the last, where what follows would only repeat it."""
    regions = _regions(settings.region)
    if settings.region not in regions:
        yield Finding(
            f"region {settings.region}: AWS has no Lambda there; one of {', '.join(regions[:4]) or 'its regions'}, …"
        )
        return
    for check in (
        *(_credentials, _stack, _stage, _roles, _concurrency, _certificate),
        *(tables.indexes, tables.table_in_use, tables.former_table, tables.former_logs),
    ):
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
    status = stacks.status(settings)
    if status == stacks.EMPTY:
        yield Finding(
            f"stack {settings.stack_name}: {status}, a change set was not carried out; this one takes its place",
            stops=False,
        )
    elif status in stacks.NEVER_STOOD:
        yield Finding(
            f"stack {settings.stack_name}: {status}, its first deployment failed; "
            f"`make destroy ENV={settings.environment}` first"
        )
    elif status and status.endswith(UNDER_WAY):
        yield Finding(f"stack {settings.stack_name}: {status}, another deployment is under way")
    elif status and status in TO_END:
        yield Finding(f"stack {settings.stack_name}: {status}; see its events, then {TO_END[status]}")


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


def _roles(settings: Settings) -> Iterator[Finding]:
    """A role for each function and machine, of the 1,000 that an account has unless it asked for more.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    if not stacks.is_new(settings):
        return
    found = settings.client("iam").get_account_summary()["SummaryMap"]
    needed = sum(len(properties_of(kind)) for kind in WITH_ROLES)
    if found["Roles"] + needed > found["RolesQuota"]:
        yield Finding(
            f"quota: the account has {found['Roles']:,} of {found['RolesQuota']:,} roles, "
            f"and this needs {needed} more; Service Quotas, IAM, Roles per account"
        )


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
