"""Mails on the deployed stack: from an assignment to SES, and the one click that ends them."""

import time
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from switchyard.admin import Admin
from switchyard.domain.ids import new_id

SENDER = "switchyard@example.com"


@pytest.fixture
def person(stack: dict[str, Any], aws: Any) -> tuple[str, httpx.Client]:
    """Somebody of the demo tenant, mailed at an address of the test's own, and a client that acts as them."""
    found = aws("cloudformation").describe_stack_resource(StackName="switchyard", LogicalResourceId="Table")
    admin = Admin(found["StackResourceDetail"]["PhysicalResourceId"], aws("dynamodb"))
    name = f"user_{new_id()[-12:]}"
    token = admin.issue_token(stack["workspace_id"], name, kind="user", scopes=["tasks:read"])["token"]
    admin.mail_address(stack["workspace_id"], name, f"{name}@example.com")
    return name, httpx.Client(base_url=stack["url"], headers={"authorization": f"Bearer {token}"})


def mails_to(stack: dict[str, Any], address: str, seconds: float = 30) -> list[Any]:
    """Wait for the mails to an address; returns none when none comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        all_mails = httpx.get(f"{stack['aws']['endpoint_url']}/_switchyard/mails.json").json()
        if found := [each for each in all_mails if each["To"] == [address]]:
            return found
        time.sleep(0.1)
    return []


def test_an_assignment_is_mailed_and_one_click_ends_the_mails(
    stack: dict[str, Any], person: tuple[str, httpx.Client]
) -> None:
    name, client = person
    agent = {"authorization": f"Bearer {stack['tokens']['agent']}"}
    scope = {"type": "projects", "ids": [stack["project_id"]]}
    title = f"Read <b>{name}</b>"
    task = {"type": "task", "title": title, "scope": scope, "task": {"status": "todo", "assignee": name}}
    made = httpx.post(f"{stack['url']}/v1/tracks", json=task, headers=agent)
    assert made.status_code == 201, made.text
    (mail,) = mails_to(stack, f"{name}@example.com")
    assert (mail["Source"], mail["Subject"]) == (SENDER, f"agent_demo assigned this task to you: {title}")
    link = f"{stack['url']}/console/tasks/{made.json()['id']}"
    assert link in mail["BodyText"]
    assert link in mail["BodyHtml"]
    page = httpx.get(f"{stack['aws']['endpoint_url']}/_switchyard/mails").text
    assert f"Read &lt;b&gt;{name}&lt;/b&gt;" in page
    assert f"<b>{name}</b>" not in page
    headers = {each["Name"]: each["Value"] for each in mail["Headers"]}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    ended = httpx.post(headers["List-Unsubscribe"].strip("<>"), data={"List-Unsubscribe": "One-Click"})
    assert ended.status_code == 200, ended.text
    assert client.get("/v1/inbox/mail").json() == {
        "mode": "off",
        "address": f"{name}@example.com",
        "sender": SENDER,
    }


@pytest.mark.parametrize(
    ("sender", "to", "headers", "code"),
    [
        ("mallory@example.org", ["a@example.com"], [], "MessageRejected"),
        (SENDER, ["a@example.com"] * 51, [], "BadRequestException"),
        (SENDER, ["a@example.com"], [{"Name": f"X-{n}", "Value": "1"} for n in range(16)], "BadRequestException"),
        (SENDER, ["a@example.com"], [{"Name": "X" * 127, "Value": "1"}], "BadRequestException"),
        (SENDER, ["a@example.com"], [{"Name": "X-A", "Value": "1" * 871}], "BadRequestException"),
        (SENDER, ["a@example.com"], [{"Name": "X-A", "Value": "é"}], "BadRequestException"),
        (SENDER, ["nobody"], [], "BadRequestException"),
    ],
)
def test_the_local_stack_refuses_what_ses_refuses(
    aws: Any, sender: str, to: list[str], headers: list[Any], code: str
) -> None:
    text = {"Data": "a"}
    content = {"Simple": {"Subject": text, "Body": {"Text": text}, "Headers": headers}}
    with pytest.raises(ClientError) as refusal:
        aws("sesv2").send_email(FromEmailAddress=sender, Destination={"ToAddresses": to}, Content=content)
    assert refusal.value.response["Error"]["Code"] == code
