"""The command `switchyard` by itself: what it imports, where its settings come from, what it shows, how it ends."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from switchyard_client.cli import output, settings, setup
from switchyard_client.cli.failures import MEANINGS, Exit, Usage, told
from switchyard_client.cli.imports import FORMATS
from switchyard_client.cli.main import cli, main
from switchyard_client.cli.mcp import PLACEHOLDER, TARGETS
from switchyard_client.cli.tracks import resolve
from switchyard_client.errors import Refused
from tests.support.template import ROOT

#: Modules that the parser loads, and that the package loads alone, Python's own start included: each costs some 0.5 ms
#: of every command, which has 100 ms of CPU.
MODULES_MAX, PACKAGE_MODULES_MAX = 160, 45
#: What a command needs once it sends a request, and not before; and what it never needs.
LATER = ("httpx", "httpx_sse", "ssl", "keyring")
NEVER = ("boto3", "botocore", "pydantic", "switchyard")
URL, TOKEN = "https://switchyard.example", "sy_one"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without settings, in a folder without a local stack."""
    for name in [each for each in os.environ if each.startswith("SWITCHYARD_")] + ["STACK", "COLUMNS", "NO_COLOR"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SWITCHYARD_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SWITCHYARD_KEYRING", "off")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---------------------------------------------------------------- imports


def test_the_parser_loads_no_http_library_and_few_modules() -> None:
    script = "import switchyard_client.cli.main, sys; print(chr(10).join(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "client")}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    loaded = run.stdout.split()
    assert len(loaded) <= MODULES_MAX
    assert not {each.partition(".")[0] for each in loaded} & {*LATER, *NEVER}


def test_the_package_loads_next_to_nothing() -> None:
    script = "import switchyard_client, sys; print(chr(10).join(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "client")}
    command = [sys.executable, "-S", "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    loaded = run.stdout.split()
    assert "switchyard_client" in loaded
    assert len(loaded) <= PACKAGE_MODULES_MAX


# ---------------------------------------------------------------- settings


def test_flags_come_before_the_environment_and_that_before_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save("default", URL, TOKEN, "docs")
    assert settings.resolve(None, None, None, None) == settings.Settings(URL, TOKEN, "default", "docs")
    monkeypatch.setenv("SWITCHYARD_URL", "https://other.example/")
    monkeypatch.setenv("SWITCHYARD_TOKEN", "sy_two")
    found = settings.resolve(None, None, None, None)
    assert (found.url, found.token) == ("https://other.example", "sy_two")
    assert settings.resolve(None, None, "sy_three", "web").token == "sy_three"
    assert settings.resolve(None, None, None, "web").project == "web"
    # A profile that is named means that service and that token.
    assert settings.resolve("default", None, None, None).token == TOKEN


def test_a_profiles_token_goes_to_its_own_url_alone() -> None:
    settings.save("default", URL, TOKEN, None)
    with pytest.raises(Usage, match="without its token"):
        settings.resolve(None, "https://elsewhere.example", None, None)
    assert settings.resolve(None, URL, None, None).token == TOKEN


def test_the_environments_token_does_not_go_to_another_profiles_url(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save("work", URL, TOKEN, None)
    monkeypatch.setenv("SWITCHYARD_TOKEN", "sy_of_elsewhere")
    assert settings.resolve("work", None, None, None).token == TOKEN


def test_tokens_are_in_a_file_for_their_owner_alone(home: Path) -> None:
    where = Path(settings.save("default", URL, TOKEN, None))
    assert where.stat().st_mode & 0o777 == 0o600
    assert TOKEN not in (home / "config/config.json").read_text()
    where.chmod(0o644)
    with pytest.raises(Usage, match="chmod 600"):
        settings.resolve(None, None, None, None)


def test_several_profiles_stand_beside_each_other() -> None:
    settings.save("work", URL, TOKEN, None)
    settings.save("home", "https://home.example", "sy_home", None)
    assert settings.resolve("home", None, None, None).token == "sy_home"
    assert settings.resolve(None, None, None, None).profile == "work"


def test_the_local_stacks_profile_is_found_from_folders_below_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"url": "http://127.0.0.1:8787", "tokens": {"admin": "sy_admin"}, "project_id": "p"}
    (home / ".local").mkdir()
    (home / ".local/stack.json").write_text(json.dumps(record))
    (home / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(home / "deep/er")
    assert settings.resolve("local", None, None, None).token == "sy_admin"
    # It is never taken silently, only pointed to.
    with pytest.raises(Usage, match="--profile local"):
        settings.resolve(None, None, None, None)
    with pytest.raises(Usage, match="another name"):
        settings.save("local", URL, TOKEN, None)


@pytest.mark.parametrize("text", ["", "switchyard.example", "ftp://a", "https://", "http://a b", "http://a:0/"])
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(Usage, match="is not a URL"):
        settings.checked_url(text)


def test_a_damaged_file_is_named(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config/config.json").write_text('{"profiles": ')
    assert main(["list"]) == Exit.USAGE
    with pytest.raises(Usage, match=r"config\.json cannot be read"):
        settings.resolve(None, None, None, None)


# ---------------------------------------------------------------- what is shown


def shown(capsys: pytest.CaptureFixture[str], columns: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", columns)
    rows = [("01a2171b-a491-7000-a907-28951fa8b296", "todo", "medium", "Write the 日本 handbook, and mind the width")]
    output.table(("ID", "STATUS", "PRIORITY", "TITLE"), rows)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("columns", ["40", "60", "80", "200"])
def test_a_table_fits_the_terminal(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = shown(capsys, columns, monkeypatch)
    assert max(map(output.width, lines)) <= max(int(columns), 40)
    assert ("STATUS" in lines[0]) == (int(columns) >= 80)


def test_a_piped_table_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("ID", "TITLE"), [("1", "x" * 500)])
    assert "x" * 500 in capsys.readouterr().out


def test_texts_of_others_move_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("ID", "TITLE"), [("1", "a\x1b[2Jb\u202ec\nd")])
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert len(printed.splitlines()) == 2


def test_a_refusal_names_the_field_and_what_would_be_right() -> None:
    body = {
        "errors": [{"field": "task.dueDate", "reason": "is no date", "expected": "YYYY-MM-DD"}],
        "cycle": ["a", "a"],
    }
    lines = told(Refused(422, "Not valid.", body))
    assert lines == ["Not valid.", "  task.dueDate: is no date (expected: YYYY-MM-DD)", "  cycle: a -> a"]


# ---------------------------------------------------------------- parser


def test_prime_names_every_command_for_agents_within_its_bound() -> None:
    text = setup.text_for_agents(click.Context(cli, info_name="switchyard"))
    assert math.ceil(len(text) / setup.CHARACTERS_A_TOKEN) <= setup.PRIME_TOKENS_MAX
    for name in ("ready", "claim", "heartbeat", "release", "done", "plan", "goal run", "files put", "import", "export"):
        assert f"`{name}" in text
    assert "--depends-on" in text
    assert all(meaning in text for status, meaning in MEANINGS.items() if status < Exit.INTERRUPTED)


def test_wrong_usage_is_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add"]) == Exit.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "TITLE" in captured.err


def test_without_settings_the_next_step_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ready"]) == Exit.USAGE
    assert "switchyard login" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_the_shells_own(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == Exit.DONE
    assert f"_SWITCHYARD_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_every_mcp_client_gets_url_and_token_and_no_secret_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--url", URL, "--token", TOKEN, "--json", "mcp"]
    assert main(given) == Exit.DONE
    printed = json.loads(capsys.readouterr().out)
    assert printed.keys() == TARGETS.keys()
    assert all(f"{URL}/mcp" in each["text"] for each in printed.values())
    assert TOKEN not in json.dumps(printed)
    assert all(PLACEHOLDER in each["text"] for name, each in printed.items() if name != "codex")
    assert main([*given, "cursor", "--with-token"]) == Exit.DONE
    assert TOKEN in capsys.readouterr().out


def test_json_may_stand_anywhere_but_among_the_workers_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", "cursor", "--json", "--url", URL]) == Exit.USAGE
    capsys.readouterr()
    assert main(["--url", URL, "--token", TOKEN, "mcp", "cursor", "--json"]) == Exit.DONE
    assert set(json.loads(capsys.readouterr().out)) == {"cursor"}


@pytest.mark.parametrize(
    "spelled",
    [
        "01a2171b-a491-7000-a907-28951fa8b296",
        "task_01A2171b-a491-7000-a907-28951fa8b296",
        "01a2171ba4917000a90728951fa8b296",
    ],
)
def test_an_id_is_taken_as_it_is_in_every_spelling(spelled: str) -> None:
    unused: Any = None
    assert resolve(unused, spelled) == spelled


def test_an_interrupt_has_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    assert main(["list"]) == Exit.INTERRUPTED


def test_a_file_of_which_nothing_can_be_read_is_told_line_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "issues.jsonl"
    file.write_text('{"issue_type": "task"\n[1]\n')
    assert main(["import", "beads", str(file), "--dry-run"]) == Exit.USAGE
    told = capsys.readouterr().err
    assert "line 1: is cut off" in told
    assert "line 2: is no JSON object" in told
    assert "has nothing to import" in told


def test_a_reader_that_goes_away_has_its_status() -> None:
    command = "import sys; from switchyard_client.cli.main import run; run()"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", command, "prime"], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (Exit.PIPE_CLOSED, b"")


def test_an_argument_that_is_no_text_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    settings.save("work", "https://yard.example", "sy_x", None)
    assert main(["add", "caf\udce9"]) == Exit.USAGE
    assert "is no text in UTF-8" in capsys.readouterr().err


def test_progress_is_told_only_after_a_while(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with output.Progress(lambda: "quick"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(output, "QUIET_SECONDS", 0.01)
    told_of = output.Progress(lambda: "slow")
    with told_of:
        told_of._thread.join(0.3)
    assert "slow" in capsys.readouterr().err


def test_the_documents_have_the_exit_statuses_and_every_command() -> None:
    page = (ROOT / "docs/command-line.md").read_text()
    for status, meaning in MEANINGS.items():
        assert status in (Exit.INTERRUPTED, Exit.PIPE_CLOSED) or f"| {status.value} | {meaning} |" in page
    for name in cli.commands:
        assert f"`{name}" in page, name


def test_the_documents_have_every_format_and_kind_of_problem() -> None:
    page = (ROOT / "docs/importing.md").read_text()
    assert all(f"| `{name}` |" in page for name in FORMATS)
    told_of = set()
    for path in (ROOT / "client/switchyard_client/importing").rglob("*.py"):
        told_of |= set(re.findall(r'(?:tell|_tell|Problem)\(\s*"([a-z ]+)"', path.read_text()))
    assert told_of >= {"cycle", "duplicate", "dangling", "unreadable", "converted", "cut", "refused"}
    quiet = {"deleted", "pull request", "recurring", "unknown status"}
    assert not [kind for kind in told_of - quiet if f"`{kind}`" not in page]
