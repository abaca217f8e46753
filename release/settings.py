"""One environment to deploy to: what samconfig.toml says of it, and what the operator answered once."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local.environments import ROOT
from local.stack import write_json
from local.steps import StepFailed

SAMCONFIG = ROOT / "samconfig.toml"
#: Answers by environment, ignored by git: who is told of alarms is nobody else's business.
ANSWERS = ROOT / ".deploy"
#: The template's own bound on the parameter Stage.
STAGE = re.compile(r"[a-z][a-z0-9-]{0,15}")
BAKE_SECONDS = 300


@dataclass(frozen=True)
class Question:
    """One thing to know before the first deployment; `pattern` is what an answer looks like."""

    name: str
    text: str
    pattern: str
    expected: str
    default: str = ""


QUESTIONS = (
    Question("Region", "AWS region", r"[a-z]{2}(-[a-z]+)+-\d", "a region such as eu-central-1"),
    Question(
        "AlarmEmail", "e-mail address for alarms (empty: nobody)", r"([^@ ]+@[^@ ]+)?", "an e-mail address or nothing"
    ),
    Question(
        "DomainName", "host name of the API (empty: AWS's)", r"([a-z0-9-]+(\.[a-z0-9-]+)+)?", "a host name or nothing"
    ),
    Question(
        "CertificateArn",
        "ACM certificate for it (empty: none)",
        r"(arn:[a-z-]+:acm:\S+)?",
        "the ARN of a certificate or nothing",
    ),
)
#: What is given when it is needed, and never asked for: docs/restoring.md.
GIVEN = (
    Question(
        "TableStream",
        "stream of a restored table",
        r"(arn:[a-z-]+:dynamodb:\S+:table/\S+/stream/\S+)?",
        "the ARN of a table's stream, or nothing for the stack's own table",
    ),
)
#: The environment that is the running local stack.
LOCAL = "local"
#: Answers that are no parameters of the template.
OWN = {"Region", "SmokeTenant"}


@dataclass
class Settings:
    """An environment. `answers` are kept in .deploy/ENV.json; `config` is its section of samconfig.toml."""

    environment: str
    config: Mapping[str, Any]
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def stack_name(self) -> str:
        return str(self.config["stack_name"])

    @property
    def stage(self) -> str:
        return self.environment

    @property
    def region(self) -> str:
        return str(self.config.get("region") or self.answers["Region"])

    @property
    def is_emulated(self) -> bool:
        """Whether AWS is the local stack: AWS_ENDPOINT_URL says where."""
        return "AWS_ENDPOINT_URL" in os.environ

    @property
    def parameters(self) -> dict[str, str]:
        """The template's parameters that this environment sets."""
        fixed = dict(each.split("=", 1) for each in self.config.get("parameter_overrides", ()) if "=" in each)
        asked = {name: value for name, value in self.answers.items() if name not in OWN}
        return {"Stage": self.stage, **fixed, **asked}

    def client(self, service: str) -> Any:
        """A client of AWS in the environment's region, which gives up soon."""
        config = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3, "mode": "standard"})
        return boto3.client(service, region_name=self.region, config=config)

    def remember(self) -> None:
        """Keep the answers for next time."""
        write_json(path_of(self.environment), self.answers)


def path_of(environment: str) -> Path:
    """Where the answers of an environment are kept."""
    return ANSWERS / f"{environment}.json"


def load(environment: str) -> Settings:
    """What is known of an environment.

    Raises StepFailed for one that samconfig.toml does not have, for the local stack when none is chosen: its settings,
    webhooks to private addresses among them, are for no account; and for an account from a shell that works on the
    local stack, which would take the deployment.
    """
    sections = tomllib.loads(SAMCONFIG.read_text(encoding="utf-8"))
    known = {name: each["deploy"]["parameters"] for name, each in sections.items() if _is_environment(each)}
    if environment not in known:
        why = (
            ""
            if STAGE.fullmatch(environment)
            else ": a stage has 1 to 16 characters, a-z, 0-9 and hyphens, a letter first"
        )
        raise StepFailed(
            f"ENV={environment}{why or ' is no environment'}",
            hint=f"one of {', '.join(sorted(known))} of samconfig.toml",
        )
    if environment == LOCAL and "AWS_ENDPOINT_URL" not in os.environ:
        raise StepFailed(
            "ENV=local is the local stack, and AWS_ENDPOINT_URL, which says where it is, is not set",
            hint='make run DETACH=1; eval "$(make -s env)"',
        )
    if environment != LOCAL and "AWS_ENDPOINT_URL" in os.environ:
        raise StepFailed(
            f"ENV={environment} is for an account, and AWS_ENDPOINT_URL={os.environ['AWS_ENDPOINT_URL']} is none",
            hint="a new shell, without the settings of `make env`",
        )
    path = path_of(environment)
    answers = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Settings(environment, known[environment], answers)


def _is_environment(section: Any) -> bool:
    return isinstance(section, dict) and "stack_name" in section.get("deploy", {}).get("parameters", {})


def ask(
    settings: Settings,
    given: Mapping[str, str],
    read: Callable[[str], str] = input,
    standing: Callable[[], Mapping[str, str]] = dict,
) -> None:
    """Fill in what is missing: from what was given, or by asking, once. Raises StepFailed for no proper answer.

    `standing` tells the parameters of the stack that is there: what was answered on another machine is not asked anew.
    """
    named = {each.name: each for each in (*QUESTIONS, *GIVEN)}
    for name, value in given.items():
        if name not in named:
            raise StepFailed(f"there is no setting {name}", hint=f"one of {', '.join(named)}")
        settings.answers[name] = _checked(named[name], value)
    for each in QUESTIONS:
        if each.name in given or not _is_open(settings, each):
            continue
        stands = None if each.name == "Region" else standing().get(each.name)
        # A certificate that is none belongs to a stack without a name; here one is wanted.
        if stands or (stands is not None and each.name != "CertificateArn"):
            settings.answers[each.name] = stands
            continue
        if not sys.stdin.isatty() and read is input:
            raise StepFailed(
                f"{each.name} is not known: {each.text}", hint=f"SET='{each.name}=…', or run this in a terminal"
            )
        standard = each.default or (
            botocore.session.get_session().get_config_variable("region") or "" if each.name == "Region" else ""
        )
        answer = read(f"  {each.text}{f' [{standard}]' if standard else ''}: ").strip() or standard
        settings.answers[each.name] = _checked(each, answer)
    if settings.parameters.get("DomainName") and not settings.parameters.get("CertificateArn"):
        raise StepFailed(
            "DomainName needs CertificateArn", hint="SET='CertificateArn=arn:aws:acm:…', a certificate of this region"
        )


def _is_open(settings: Settings, question: Question) -> bool:
    """Whether an answer is missing. A certificate is for a name, and a name that comes later has none yet."""
    known = settings.parameters
    if question.name == "CertificateArn":
        return bool(known.get("DomainName")) and not known.get("CertificateArn")
    return question.name not in {*known, *settings.answers} and question.name.lower() not in settings.config


def _checked(question: Question, value: str) -> str:
    if not re.fullmatch(question.pattern, value):
        raise StepFailed(f"{question.name}={value}: expected {question.expected}")
    return value
