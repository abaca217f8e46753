"""Names and sizes that AWS refuses at deployment, and MiniStack takes."""

import json
import re
from collections.abc import Callable, Iterator

from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
FUNCTION_SECONDS_MAX = 900
# All variables of a function as JSON: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
VARIABLES_MAX = 4096
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
# Of all inline policies of a role together, white space not counted.
INLINE_POLICIES_MAX = 10_240

Check = Callable[[dict], Iterator[str]]


def install() -> None:
    """Have CloudFormation refuse what AWS refuses."""
    for kind, check in {"AWS::Lambda::Function": function_problems, "AWS::IAM::Role": role_problems}.items():
        handler = provisioners._RESOURCE_HANDLERS[kind]
        handler |= {"create": checked(handler["create"], check, 1), "update": checked(handler["update"], check, 2)}
    table = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    table["update"] = refusing(table["update"], index_problems)
    machine = provisioners._RESOURCE_HANDLERS["AWS::StepFunctions::StateMachine"]
    machine["delete"] = refusing(machine["delete"], execution_problems)


def refusing(provision: Callable[..., object], check: Callable[..., Iterator[str]]) -> Callable[..., object]:
    """A provisioner that looks at all its arguments before it does anything."""

    def provision_refusing(*arguments: object) -> object:
        problems = list(check(*arguments))
        if problems:
            raise ValueError("; ".join(problems))
        return provision(*arguments)

    return provision_refusing


def checked(provision: Callable[..., tuple], check: Check, place: int) -> Callable[..., tuple]:
    """A provisioner that looks at the properties, its argument number `place`, before it does anything."""

    def provision_checked(*arguments: object) -> tuple:
        problems = list(check(arguments[place]))
        if problems:
            raise ValueError("; ".join(problems))
        return provision(*arguments)

    return provision_checked


def function_problems(props: dict) -> Iterator[str]:
    """Say what Lambda refuses of a function."""
    name = props.get("FunctionName")
    if name is not None and not FUNCTION_NAME.fullmatch(name):
        yield f"FunctionName {name!r} has {len(name)} characters: 1 to 64 letters, digits, hyphens and underscores"
    if not 1 <= int(props.get("Timeout", 3)) <= FUNCTION_SECONDS_MAX:
        yield f"Timeout {props['Timeout']}: 1 to {FUNCTION_SECONDS_MAX} seconds"
    size = len(json.dumps((props.get("Environment") or {}).get("Variables") or {}).encode())
    if size > VARIABLES_MAX:
        yield f"The environment variables take {size} bytes: at most {VARIABLES_MAX}"


def role_problems(props: dict) -> Iterator[str]:
    """Say what IAM refuses of a role."""
    name = props.get("RoleName")
    if name is not None and not ROLE_NAME.fullmatch(name):
        yield f"RoleName {name!r} has {len(name)} characters: 1 to 64 letters, digits and +=,.@-_"
    size = 0
    for policy in props.get("Policies") or ():
        if not POLICY_NAME.fullmatch(policy["PolicyName"]):
            yield f"PolicyName {policy['PolicyName']!r}: 1 to 128 letters, digits and +=,.@-_"
        size += len(re.sub(r"\s", "", json.dumps(policy["PolicyDocument"])))
    if size > INLINE_POLICIES_MAX:
        yield f"The inline policies have {size} characters: at most {INLINE_POLICIES_MAX}"


def index_problems(_id: str, before: dict, after: dict, *_rest: object) -> Iterator[str]:
    """Say when an update makes or deletes more than one index of a table; one that is defined anew is both."""
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
    if before.get("KeySchema") != after.get("KeySchema"):
        return
    old, new = ({each["IndexName"]: each for each in p.get("GlobalSecondaryIndexes") or ()} for p in (before, after))
    made = sorted(name for name, each in new.items() if old.get(name) != each)
    gone = sorted(name for name, each in old.items() if new.get(name) != each)
    if len(made) + len(gone) > 1:
        yield (
            "Cannot perform more than one GSI creation or deletion in a single update: "
            f"makes {', '.join(made) or 'none'}, deletes {', '.join(gone) or 'none'}"
        )


def execution_problems(machine: str, *_rest: object) -> Iterator[str]:
    """Say when executions are under way: on AWS the machine stays, DELETING, for as long as they wait."""
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    # https://repost.aws/knowledge-center/step-functions-stuck-deleting-status
    running = [
        each
        for each in stepfunctions._executions.values()
        if each["stateMachineArn"] == machine and each["status"] == "RUNNING"
    ]
    if running:
        yield f"{machine} is deleted once its {len(running)} running executions have ended: stop them"
