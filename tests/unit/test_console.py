"""The console's files as they are served: how they are named, kept, compressed, and what the page may load."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from switchyard.http.request import Request
from switchyard.surfaces.console import files
from switchyard.surfaces.console.files import Site
from tests.support.http import Answer, Api
from tests.support.template import ROOT, resources

FOLDER = ROOT / "functions/console/get_page"
SITE = Site(FOLDER / "files")
OWN = sorted(path for path in (FOLDER / "files").glob("*.js") if not path.name.startswith("vendor."))
#: Bytes that the first screen may transfer, less what its one round trip to the API brings.
FIRST_SCREEN_MAX = 55_000
#: What the first screen loads: the page, and what its modules import, at once or later, without asking for it.
LATER = {"vendor.dagre.js"}
LINES_MAX = 300
PICTURE_BYTES_MAX = 150_000


def get(path: str, **headers: str) -> Answer:
    return Api(None).get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def asset(name: str) -> str:
    return f"/console/assets/{SITE.release}/{name}"


def imported(name: str) -> set[str]:
    """What a module imports when it is loaded, and what that imports."""
    named = json.loads(re.findall(r'<script type="importmap">(.*?)</script>', page(), re.DOTALL)[0])["imports"]
    found, todo = set[str](), [name]
    while todo:
        at = todo.pop()
        if at in found:
            continue
        found.add(at)
        text = (FOLDER / "files" / at).read_text()
        for each in re.findall(
            r'(?:^|;|})\s*(?:import|export)\b[^;"()]*?from\s*"([^"]+)"|^import "([^"]+)"', text, re.MULTILINE
        ):
            target = each[0] or each[1]
            todo.append(target.removeprefix("./") if target.startswith("./") else named[target].rpartition("/")[2])
    return found


def page() -> str:
    return SITE.page.plain.decode()


# ---------------------------------------------------------------- served


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/runs", "/console/goals/1", "/console/runs/1/2"])
def test_every_screen_is_the_same_page_that_is_asked_for_anew(path: str) -> None:
    answer = get(path)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.content == SITE.page.plain
    again = get(path, if_none_match=answer.headers["etag"])
    assert (again.status, again.text) == (304, "")


@pytest.mark.parametrize("name", sorted(SITE.files))
def test_a_file_is_kept_for_ever_under_its_release(name: str) -> None:
    answer = get(asset(name))
    assert answer.status == 200
    assert answer.content == (FOLDER / "files" / name).read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    zipped = get(asset(name), accept_encoding="br, gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.content) == answer.content
    # A strong tag names the bytes: compressed ones have another.
    assert not answer.headers["etag"].startswith("W/")
    assert zipped.headers["etag"] != answer.headers["etag"]
    assert zipped.headers["vary"] == "accept-encoding"
    assert get(asset(name), if_none_match=f'"x", {answer.headers["etag"]}').status == 304
    assert get(asset(name), accept_encoding="gzip", if_none_match=answer.headers["etag"]).status == 200


@pytest.mark.parametrize("refused", ["gzip;q=0", "gzip; q=0.0", "identity", "br", ""])
def test_what_a_client_does_not_take_is_not_compressed(refused: str) -> None:
    assert "content-encoding" not in get(asset("app.js"), accept_encoding=refused).headers


@pytest.mark.parametrize(
    "path", ["/console/assets/old/app.js", f"/console/assets/{SITE.release}/no.js", "/console/assets/x/..%2fapp.py"]
)
def test_no_other_file_is_served(path: str) -> None:
    assert get(path).status == 404


def test_any_change_of_a_file_is_another_release(tmp_path: Path) -> None:
    def release(**changed: str) -> str:
        for name, text in {"index": "<p>RELEASE</p>", "a": "1", **changed}.items():
            (tmp_path / f"{name}{'.html' if name == 'index' else '.js'}").write_text(text)
        return Site(tmp_path).release

    first = release()
    assert release() == first
    assert len({first, release(a="2"), release(index="<b>RELEASE</b>")}) == 3


# ---------------------------------------------------------------- what the page may do


def policy() -> dict[str, list[str]]:
    rules = get("/console").headers["content-security-policy"].split("; ")
    return {name: values for name, *values in (rule.split() for rule in rules)}


def test_the_page_runs_no_script_but_the_consoles_and_can_not_be_framed() -> None:
    rules = policy()
    (inline,) = re.findall(r"<script[^>]*>([^<]+)</script>", page())
    named = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'", f"'sha256-{named}'"]
    assert rules["style-src"] == ["'self'"]
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
    assert get("/console").headers["x-frame-options"] == "DENY"
    assert not [value for values in rules.values() for value in values if "unsafe" in value or "*" in value]
    # Nothing in the page that the policy would have to allow.
    assert not re.search(r"\son\w+=|style=|javascript:", page())


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/console", "same-origin"),
        ("/console/settings", "same-origin"),
        ("/console/connect", "unsafe-none"),
        ("/console/connect/", "unsafe-none"),
        ("/console/connect/more", "same-origin"),
        ("/console/sign-in", "unsafe-none"),
    ],
)
def test_only_the_way_to_connect_a_program_keeps_the_window_that_opened_it(path: str, policy: str) -> None:
    assert get(path).headers["cross-origin-opener-policy"] == policy


def test_the_page_talks_to_its_origin_and_to_the_bucket_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("UPLOADS_HOST", "bucket.s3.eu-west-1.amazonaws.com")
    assert files._policy("").count("connect-src 'self' https://bucket.s3.eu-west-1.amazonaws.com;") == 1
    monkeypatch.delenv("UPLOADS_HOST")
    assert "connect-src 'self';" in files._policy("")
    function = resources("AWS::Serverless::Function")["ConsoleGetPage"]
    assert function["Environment"]["Variables"]["UPLOADS_HOST"] == {"GetAtt": "Artifacts.RegionalDomainName"}


def test_the_page_names_the_issuer_by_which_people_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert '<meta name="sign-in" content="">' in files.Site(FOLDER / "files").page.plain.decode()
    monkeypatch.setenv("OIDC_NAME", '"><script>')
    page = files.Site(FOLDER / "files").page.plain.decode()
    assert '<meta name="sign-in" content="&quot;&gt;&lt;script&gt;">' in page


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_module_makes_markup_of_text_or_styles_of_attributes(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc", text)
    assert not re.search(r'style="|https?://(?!\*)', text)
    assert len(text.splitlines()) <= LINES_MAX


# ---------------------------------------------------------------- what it weighs, and whose it is


def test_the_first_screen_is_small_and_loads_at_once() -> None:
    first = imported("app.js")
    assert not first & LATER
    sizes = {name: len(SITE.files[name].zipped) for name in (*first, "app.css", "icon.svg")}
    total = sum(sizes.values()) + len(SITE.page.zipped)
    assert total < FIRST_SCREEN_MAX, sizes
    # The page names its modules, so that none waits for another to be read.
    preloaded = set(re.findall(r'rel="modulepreload" href="[^"]*/([^"/]+)"', page())) | {"app.js"}
    assert first == preloaded


def test_what_is_imported_is_there() -> None:
    for path in OWN:
        for name in re.findall(r'import\("\./([^"]+)"\)', path.read_text()):
            imported(name)


VENDORED: dict[str, dict[str, Any]] = json.loads((FOLDER / "vendor.json").read_text())


def test_vendored_files_are_those_that_were_pinned() -> None:
    found = {path.name for path in (FOLDER / "files").glob("vendor.*.js")}
    assert found == set(VENDORED)
    for name, pinned in VENDORED.items():
        assert hashlib.sha256((FOLDER / "files" / name).read_bytes()).hexdigest() == pinned["sha256"], name


def test_vendored_packages_are_those_of_the_lock_file_and_their_licences_are_served() -> None:
    locked = json.loads((ROOT / "tests/browser/npm/package-lock.json").read_text())["packages"]
    licences = (FOLDER / "files/vendor.licences.txt").read_text()
    for pinned in VENDORED.values():
        package = locked[f"node_modules/{pinned['package']}"]
        assert (package["version"], package["integrity"]) == (pinned["version"], pinned["integrity"])
        assert f"{pinned['package']} {pinned['version']}" in licences


def test_the_pictures_of_the_documents_are_there_and_small() -> None:
    shown = set(re.findall(r"images/([\w-]+\.png)", "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))))
    there = {path.name: path.stat().st_size for path in (ROOT / "docs/images").glob("*.png")}
    assert shown == set(there)
    assert all(size < PICTURE_BYTES_MAX for size in there.values()), there


def test_a_site_is_read_once_and_asks_the_disk_for_nothing_more() -> None:
    request = Request("GET", "/console", "", {}, {}, "id", {})
    assert SITE.show(request).body is SITE.page.plain
