"""Names and sizes that AWS refuses at deployment, and MiniStack takes."""

import json
import re
from collections.abc import Callable, Iterator

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
