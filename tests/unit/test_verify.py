"""What is tried against AWS is what the page on the local stack says it lacks, each with its source."""

import pytest
from botocore.exceptions import ClientError

from local.steps import StepFailed
from release import __main__ as command
from release import checks, verify
from release.settings import Settings
from tests.support.template import ROOT

PAGE = (ROOT / "docs/local-stack.md").read_text().partition("## What only AWS shows\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("check", verify.CHECKS, ids=lambda each: each.name)
def test_each_check_is_listed_with_its_source(check: verify.Check) -> None:
    assert f"| {check.name} | " in PAGE
    assert check.source in PAGE


def test_nothing_is_listed_that_is_not_tried() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "https://" in line]
    assert len(rows) == len(verify.CHECKS)


@pytest.mark.parametrize("untried", verify.UNTRIED)
def test_what_is_not_tried_is_said_on_the_page(untried: str) -> None:
    assert f"- {untried}" in PAGE


def test_the_page_says_what_all_of_it_costs() -> None:
    assert f"about {sum(each.usd for each in verify.CHECKS):.2f} USD" in PAGE


def test_a_check_that_fails_keeps_no_other_from_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def refused(_: checks.Deployed) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeTable")

    both = (
        verify.Check("first", "a", "https://a", refused),
        verify.Check("second", "b", "https://b", lambda _: made.append("second")),
    )
    monkeypatch.setattr(verify, "CHECKS", both)
    monkeypatch.setattr(checks.stacks, "outputs", lambda _: {})
    with pytest.raises(StepFailed, match=r"first: .*AccessDenied"):
        verify.verify(Settings("dev", {"stack_name": "s", "region": "eu-central-1"}))
    assert made == ["second"]


def test_a_plan_calls_nothing_and_says_what_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "load", lambda _: pytest.fail("asked for an environment"))
    assert command.main(["verify", "dev", "--plan"]) == 0
    told = capsys.readouterr().out
    assert f"{len(verify.CHECKS)} checks, up to" in told
    assert all(each.claim in told for each in verify.CHECKS)
    assert all(f"not tried: {each}" in told for each in verify.UNTRIED)
