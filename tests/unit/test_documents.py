"""Documents: the files, modules, targets and links that they name exist."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from switchyard.admin import cli
from tests.support.template import ROOT

DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("docs/*.txt"), *ROOT.glob("client/*.md")]
)
#: Where a path in a document may begin, the most common first.
STARTS = (
    "",
    "layers/core/switchyard",
    "layers/core",
    "client",
    "client/switchyard_client",
    "functions",
    "local",
    "docs",
)
#: Paths of the guide's examples, of what is made on a machine, and of clients' own files.
ELSEWHERE = re.compile(
    r"(functions|events|answers)/planning/(get_progress|list_members)|tests/api/test_planning_(progress|members)|"
    r"layers/core/switchyard/surfaces/planning/members|"
    r"\.(aws-sam|local|venv|cursor|deploy|beads|taskmaster)\b|output/|\./|docs/docs\.md|claude_desktop_config|(stack|env|tokens|tasks|config)\.json|tasks/artifacts/|"
    r"(notifications|set_output|append_log)/"
)
#: Words of AWS that documents quote.
AWS_STATUSES = {"ROLLBACK_FAILED"}
#: What looks like a path of the repository: it has a known ending, or ends in a slash.
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*(\.(py|md|json|yaml|toml|txt)|/)")


@cache
def files() -> frozenset[str]:
    """Every file of the checkout and every folder that one is in, as a path from the root."""
    folders = (
        "answers",
        "bench",
        "client",
        "docs",
        "events",
        "examples",
        "functions",
        "layers",
        "local",
        "locks",
        "tests",
    )
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    found += [ROOT / folder for folder in folders] + [path for path in ROOT.iterdir() if path.is_file()]
    return frozenset(path.relative_to(ROOT).as_posix() for path in found)


def code(document: Path) -> Iterator[str]:
    """Yield what stands in backticks outside of code blocks."""
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", text)


def exists(path: str) -> bool:
    """Return whether a path exists from one of the starts, or is the end of one file's path."""
    bare = path.rstrip("/")
    if any(f"{start}/{bare}".lstrip("/") in files() for start in STARTS):
        return True
    return any(each.endswith(f"/{bare}") for each in files())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    named = {each for each in code(document) if PATH.fullmatch(each) and not ELSEWHERE.match(each)}
    assert {each for each in named if not exists(each)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_module_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for module in set(re.findall(r"python3? -m (switchyard[\w.]*)", text)):
        path = module.replace(".", "/")
        assert exists(f"{path}.py") or exists(f"{path}/__main__.py"), module


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_constant_that_a_document_names_is_in_the_sources(document: Path) -> None:
    named = {each for each in code(document) if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", each)}
    assert named - AWS_STATUSES <= constants()


@cache
def constants() -> frozenset[str]:
    """Every word of the sources that is spelled as constants and environment variables are."""
    folders = ("bench", "client", "functions", "layers", "local", "tests")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    paths += [ROOT / "template.yaml", ROOT / "Makefile", *ROOT.glob("client/**/*.md")]
    texts = (path.read_text(encoding="utf-8") for path in paths)
    return frozenset(word for text in texts for word in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_target_that_a_document_names_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {match for each in code(document) for match in re.findall(r"^make (?:-s )?([a-z-]+)", each)}
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", document.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        if anchor:
            assert anchor in set(anchors(file)), target


def anchors(document: Path) -> Iterator[str]:
    """Yield the anchors of a document's headings, as they are made from their texts."""
    for heading in re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _of_admin() -> list[str]:
    """The command lines of administration that documents print, in text and in blocks."""
    found = set()
    for document in DOCUMENTS:
        found |= {each for each in code(document) if each.startswith("admin ")}
        found |= set(re.findall(r"^(admin .*?) *(?:#.*)?$", document.read_text(encoding="utf-8"), re.MULTILINE))
    return sorted(found)


#: Two words by which a text names a command, without what it works on; so does one word alone.
NAMED = {"admin dead-letters show", "admin dead-letters redrive"}


@pytest.mark.parametrize("line", _of_admin())
def test_every_command_of_administration_that_a_document_prints_is_one(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_table(_: object) -> str:
        raise cli._NoTable("none is needed")

    monkeypatch.setattr(cli, "_table_name", no_table)
    if line not in NAMED and len(line.split()) > 2:
        # Without a table a command ends with 3, and one that is none with 2, as argparse has it.
        assert cli.main(shlex.split(line.replace("…", "x"))[1:]) == 3


def test_the_page_for_models_names_every_document() -> None:
    named = set(re.findall(r"\]\(([\w./-]+)\)", (ROOT / "docs/llms.txt").read_text(encoding="utf-8")))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")}
    assert there - named == {"goal-runs.md", "performance.md", "sam-local.md"}


def test_the_site_has_every_document() -> None:
    shown = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    assert {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")} <= shown
