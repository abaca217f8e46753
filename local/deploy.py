"""Build the template and deploy it to a local stack; skip what has not changed since last time."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from local import process
from local.complete import complete
from local.environments import ENVIRONMENTS, ROOT, base_python, uv_path
from local.stack import BUCKET, LOCAL, REGION, STACK_NAME, Stack, read_json, write_json
from local.steps import exclusive, run, step

BUILD = LOCAL / "build"
CACHE = BUILD / "cache"
OUTPUT = BUILD / "local"
#: Where sam writes, and where `sam deploy` and `sam local` look, when nobody says otherwise.
FOR_AWS = ROOT / ".aws-sam" / "build"
#: Where a developer's own pages are usually served from.
PAGES = "http://localhost:3000"
#: Whom mails are from; a domain that is nobody's (RFC 2606).
SENDER = "switchyard@example.com"
ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def deploy(stack: Stack, fresh: bool) -> None:
    """Bring the stack's resources up to the sources, if they are not."""
    wanted = fingerprint() | {"push": stack.push_url}
    marker = stack.state / "deployed.json"
    deployed = {} if fresh else read_json(marker)
    if deployed == wanted:
        return
    if stack.live and deployed | {"package": wanted["package"]} == wanted:
        # The mark stays: it says what the layer has, for a later start that is not live.
        with step("restarting the functions"):
            process.command(stack, "restart")
        return
    # Stacks that start at the same time share the build folder.
    with exclusive(BUILD / "lock"):
        with step("sam build"):
            build(ARCHITECTURE, OUTPUT)
        with step("sam deploy"):
            sam_deploy(stack)
        with step("time to live"):
            complete(stack)
    # Only what is saved counts as deployed: a crash must not leave the mark without the resources.
    process.command(stack, "save")
    write_json(marker, wanted)


def build(architecture: str, output: Path) -> None:
    """Run `sam build` for a processor, reusing what it built for it before."""
    command = [
        *("sam", "build", "--cached", "--parallel", "--cache-dir", CACHE / architecture, "--build-dir", output),
        *("--parameter-overrides", f"Architecture={architecture}"),
    ]
    run(command, "sam build", BUILD / "sam-build.log", env=sam_environment(), cwd=ROOT)


def sam_deploy(stack: Stack) -> None:
    """Run `sam deploy` against the emulator."""
    # SES sends from verified addresses alone, and its emulator verifies each at once.
    boto3.client("sesv2", **stack.client_options()).create_email_identity(EmailIdentity=SENDER)
    s3 = boto3.client("s3", **stack.client_options())
    try:
        s3.create_bucket(Bucket=BUCKET)
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise
    command = [
        *("sam", "deploy", "--config-file", ROOT / "samconfig.toml", "--config-env", "local"),
        *("--template-file", OUTPUT / "template.yaml", "--stack-name", STACK_NAME, "--s3-bucket", BUCKET),
        *("--region", REGION, "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
        *("--parameter-overrides", f"Architecture={ARCHITECTURE}", "Stage=local", "LocalWebhooks=true"),
        *(f"AllowedOrigins={PAGES}", f"MailFrom={SENDER}", f"MailLinks={stack.url}"),
        *(("PushService=expo", f"ExpoUrl={stack.push_url}") if stack.push_port else ()),
    ]
    environment = sam_environment() | stack.aws_environment()
    log = stack.logs / "sam-deploy.log"
    hint = f"see {log}; if an earlier deployment was cut off, start over with `make reset`"
    run(command, "sam deploy", log, env=environment, cwd=ROOT, hint=hint)


def sam_environment() -> dict[str, str]:
    """What sam needs: its own environment first on PATH, and the interpreter and the installer for the layer."""
    python = base_python()
    folders = [str(ENVIRONMENTS["sam"].folder / "bin"), str(Path(python).parent)]
    return os.environ | {
        "PATH": os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)]),
        "LAYER_UV": uv_path(python),
        "LAYER_PYTHON": python,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
    }


def fingerprint() -> dict[str, str]:
    """Digests of what goes into a deployment: the package, and everything else."""
    package = ROOT / "layers" / "core" / "switchyard"
    single = [ROOT / "template.yaml", ENVIRONMENTS["sam"].lock, ENVIRONMENTS["ministack"].lock]
    rest = [
        path for folder in ("functions", "layers") for path in sources(ROOT / folder) if package not in path.parents
    ]
    return {"package": digest(sources(package)), "rest": digest(single + rest), "architecture": ARCHITECTURE}


def sources(folder: Path) -> list[Path]:
    """The files of a folder, but not what Python compiled there."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]


def digest(files: list[Path]) -> str:
    """A hash over the names and contents of files."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
        total.update(path.read_bytes())
    return total.hexdigest()
