"""Plain `sam build`: what it writes is what `sam deploy` uploads and `sam local` runs, for the processor asked for."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from local.environments import ENVIRONMENTS, base_python, uv_path
from tests.support.template import ROOT

#: e_machine of an ELF header (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html).
MACHINES = {"arm64": 183, "x86_64": 62}
#: A function and its layers have 250 MB when they are unpacked, of which this leaves most.
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LAYER_MAX = 80_000_000
TOOLS = ("make", "cp", "sh", "env", "python3", "git")


def machine(path: Path) -> int:
    """The processor that a shared object is for."""
    header = path.read_bytes()[:20]
    assert header[:4] == b"\x7fELF"
    return int(struct.unpack_from("<H", header, 18)[0])


def sam_build(tmp_path: Path, function: str, with_uv: bool, *arguments: str) -> Path:
    """Run `sam build` for a function, which builds its layer too, with nothing but ordinary tools on PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found, name
        (tools / name).symlink_to(found)
    (tools / "python3.13").symlink_to(base_python())
    if with_uv:
        (tools / "uv").symlink_to(uv_path(base_python()))
    output = tmp_path / "build"
    places = ["--build-dir", output, "--cache-dir", tmp_path / "cache"]
    # The environment of deployments: the default one builds for this machine once it was told to.
    places += ["--config-env", "prod"]
    command = [ENVIRONMENTS["sam"].folder / "bin" / "sam", "build", function, *places, *arguments]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LAYER_")},
        "PATH": str(tools),
        "SAM_CLI_TELEMETRY": "0",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output


@pytest.mark.parametrize(
    ("architecture", "arguments", "with_uv"),
    [
        # What the template says when nobody says otherwise, on a machine without uv.
        ("arm64", (), False),
        ("x86_64", ("--parameter-overrides", "Architecture=x86_64"), True),
    ],
)
def test_the_layer_is_built_for_the_architecture_of_the_template(
    tmp_path: Path, architecture: str, arguments: tuple[str, ...], with_uv: bool
) -> None:
    built = sam_build(tmp_path, "ServiceAnswerUnmatched", with_uv, *arguments)
    layer = built / "CoreLayer" / "python"
    assert (layer / "switchyard" / "__init__.py").is_file()
    assert not (layer / "botocore" / "data" / "ec2").exists()
    native = sorted(layer.rglob("*.so"))
    assert {path.name.partition(".")[0] for path in native} >= {"_pydantic_core", "rpds"}
    assert {machine(path) for path in native} == {MACHINES[architecture]}
    assert sum(path.stat().st_size for path in layer.rglob("*") if path.is_file()) < LAYER_MAX
    # A function is what lies in its folder.
    assert {path.name for path in (built / "ServiceAnswerUnmatched").iterdir()} == {"app.py", "routes.json"}


def test_what_is_built_for_aws_lies_where_sam_looks() -> None:
    from local import deploy

    assert deploy.FOR_AWS == ROOT / ".aws-sam" / "build"
    assert "build" not in (ROOT / "samconfig.toml").read_text().partition("[dev.deploy")[2]
