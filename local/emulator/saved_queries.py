"""Saved queries of Logs Insights in a template: MiniStack does not know them. Checked as on AWS, and kept nowhere."""

import re
from collections.abc import Iterator

from ministack.services.cloudformation import provisioners

from local.emulator.limits import checked

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
NAME_MAX, QUERY_MAX, GROUPS_MAX = 255, 10_000, 50
GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")


def install() -> None:
    """Let CloudFormation make them."""
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": checked(create, problems, 1),
        "update": checked(update, problems, 2),
        "delete": lambda _physical_id, _props: None,
    }


def problems(props: dict) -> Iterator[str]:
    """Say what CloudWatch Logs refuses of a query definition."""
    if not 1 <= len(props.get("Name") or "") <= NAME_MAX:
        yield f"Name: 1 to {NAME_MAX} characters"
    if not 1 <= len(props.get("QueryString") or "") <= QUERY_MAX:
        yield f"QueryString: 1 to {QUERY_MAX} characters"
    groups = props.get("LogGroupNames") or []
    if len(groups) > GROUPS_MAX:
        yield f"LogGroupNames: at most {GROUPS_MAX}"
    yield from (f"LogGroupNames: {each!r} is no name" for each in groups if not GROUP_NAME.fullmatch(each))


def create(logical_id: str, _props: dict, stack_name: str) -> tuple[str, dict]:
    """Make one; its id."""
    return f"{stack_name}-{logical_id}", {}


def update(physical_id: str, _old: dict, _new: dict, _stack_name: str) -> tuple[str, dict]:
    """Change one in place."""
    return physical_id, {}
