"""The reference's requests are answered as documented, sent as they are printed: the pages that `make docs` makes."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.site import reference
from switchyard.domain import tokens
from tests.support import world
from tests.support.samples import APART, CODE, ENDPOINTS, ORDERED, SECRET, status_of

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="the requests are printed for curl")

#: The tenant that the examples speak of.
TENANT = "01981f5c-7a00-7000-8000-000000000001"


def documented() -> dict[str, tuple[str, int]]:
    """The printed request of each operation, and the status that it promises."""
    promised = {
        name.replace(".", "_") + (f"_{position + 1}" if position else ""): status_of(name)
        for name, each in ENDPOINTS.items()
        for position in range(len(each.operation.paths))
    }
    return {name: (printed, promised[name]) for name, printed in reference.commands(reference.document())}


def test_every_printed_request_is_answered_as_documented(
    stack: dict[str, Any], new_world: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    def a_world() -> tuple[str, str, str, str]:
        """Return a tenant that has the examples' records, and its secrets: of a token, a code and a feed."""
        code, feed = tokens.new_token(), tokens.new_token()
        return (*new_world(code, feed), code, feed)

    def send(name: str, printed: str, tenant: str, token: str, code: str, feed: str) -> str:
        """Return body and status of the answer."""
        folder = tmp_path / name
        folder.mkdir()
        # What a person would see in the terminal, and the status after it.
        (folder / ".curlrc").write_text('write-out = "\\n%{http_code}"\nmax-time = 60\n')
        settings = {"URL": stack["url"], "TOKEN": token, "PATH": os.environ["PATH"], "CURL_HOME": str(folder)}
        script = (
            printed.replace(TENANT, tenant).replace(SECRET, token).replace(CODE, code).replace(world.FEED_SECRET, feed)
        )
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, env=settings, capture_output=True, timeout=90, check=False
        )
        return done.stdout.decode(errors="replace") + done.stderr.decode()

    wanted = documented()
    assert wanted.keys() >= {name.replace(".", "_") for name in ORDERED}
    shared, apart = a_world(), a_world()
    answers = {}
    for each in ORDERED:
        name = each.replace(".", "_")
        answers[name] = send(name, wanted[name][0], *(apart if each in APART else shared))
    # The further paths of operations that have more than one.
    for name in wanted.keys() - answers.keys():
        answers[name] = send(name, wanted[name][0], *a_world())
    wrong = [
        f"{name}: {status} is documented\n{printed}\n{answers[name][-600:]}"
        for name, (printed, status) in wanted.items()
        if answers[name].rpartition("\n")[2] != str(status)
    ]
    assert not wrong, "\n\n".join(wrong)


def test_every_operation_is_printed() -> None:
    described = reference.document()
    text = "\n".join(reference.pages(described).values())
    for name, printed in reference.commands(described):
        assert f"{{ #{name} }}" in text
        assert printed in text
