"""Where the service is and as whom: flags, then the environment, then a profile of the configuration file.

The file is JSON: `{"default": "work", "profiles": {"work": {"url": "https://…", "project": "…"}}}`. Tokens are not in
it: the machine's keyring keeps them where the package `keyring` finds one, else a file that its owner alone can read.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from switchyard_client.checks import wrong_token, wrong_url
from switchyard_client.cli.failures import Usage

#: The profile of the local stack: it is read from what `make run` wrote, and never kept.
LOCAL = "local"
_SERVICE = "switchyard"


#: A token of a sign-in that ends sooner than this, in seconds, is exchanged for the next before a command begins.
SPARE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Connection:
    """What a person allowed in the browser: an access token until `ends` (seconds since 1970), and a refresh token."""

    client_id: str
    access: str
    refresh: str
    ends: float

    @property
    def is_fresh(self) -> bool:
        """Whether the access token counts for a while yet."""
        return self.ends - time.time() > SPARE_SECONDS


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command works with. `profile` names where it came from; `project` is for new tracks and lists."""

    url: str
    token: str
    profile: str
    project: str | None = None


def folder() -> Path:
    """Return the folder of configuration: SWITCHYARD_CONFIG_DIR, or the one that the XDG rules give."""
    own = os.environ.get("SWITCHYARD_CONFIG_DIR")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "switchyard"


def resolve(profile: str | None, url: str | None, token: str | None, project: str | None) -> Settings:
    """Return the settings of a command from its flags (None: not given). Raises Usage when something is missing.

    A token that a profile keeps is sent to the profile's own URL and nowhere else.
    """
    environment = os.environ
    url = url or (None if profile else environment.get("SWITCHYARD_URL"))
    token = token or (None if profile else environment.get("SWITCHYARD_TOKEN"))
    project = project or environment.get("SWITCHYARD_PROJECT") or None
    name = profile or environment.get("SWITCHYARD_PROFILE") or _default()
    kept = _profile(name) if profile or not (url and token) else {}
    if not url and not kept:
        raise Usage(_nothing(name))
    if not token and url and kept.get("url") != url.rstrip("/"):
        raise Usage(f"a URL without its token: {url} is not that of the profile {name!r}; give --token as well")
    token = token or kept.get("token") or (_token(name, kept["url"]) if kept.get("url") else None)
    if not token:
        raise Usage(f"the profile {name!r} has no token: switchyard login --profile {name}")
    problem = wrong_token(token)
    if problem:
        raise Usage(f"the token {problem}")
    address = checked_url(url or kept["url"])
    return Settings(address, token, name if kept else "environment", project or kept.get("project"))


def checked_url(text: str) -> str:
    """Return a service's URL without its closing slash. Raises Usage when it is none."""
    problem = wrong_url(text)
    if problem:
        raise Usage(problem)
    return text.rstrip("/")


def save(name: str, url: str, token: str, project: str | None) -> str:
    """Keep a profile, and make it the default when it is the first; returns where its token is kept."""
    if name == LOCAL:
        raise Usage(f"{LOCAL!r} is the local stack's profile: choose another name")
    config = _config()
    profiles = config.setdefault("profiles", {})
    profiles[name] = {"url": url} | ({"project": project} if project else {})
    config.setdefault("default", name)
    where = _keep_secret(name, url, token)
    _write(folder() / "config.json", config)
    return where


def keep_connection(name: str, url: str, connection: Connection, project: str | None) -> str:
    """Keep a profile whose tokens come from a sign-in by the browser; returns where they are kept."""
    return save(name, url, json.dumps(asdict(connection)), project)


def _token(name: str, url: str) -> str | None:
    """Return the token of a profile; one of a sign-in that is about to end is exchanged for the next."""
    connection = _kept_connection(name, url)
    if connection is None or connection.is_fresh:
        return connection.access if connection else _secret(name, url)
    from switchyard_client.cli import browser

    with _alone():
        # Another command may have been first: a refresh token counts once, and its second use ends the connection.
        connection = _kept_connection(name, url) or connection
        if not connection.is_fresh:
            connection = browser.refreshed(url, connection)
            _keep_secret(name, url, json.dumps(asdict(connection)))
    return connection.access


def _kept_connection(name: str, url: str) -> Connection | None:
    secret = _secret(name, url)
    if not secret or not secret.startswith("{"):
        return None
    try:
        return Connection(**json.loads(secret))
    except (ValueError, TypeError):
        raise Usage(f"what is kept of the profile {name!r} cannot be read: switchyard login --name {name}") from None


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of this folder: one command at a time."""
    import fcntl

    with (folder() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def local_record() -> Path | None:
    """Return what `make run` wrote about the local stack of this folder or one above it; None without one."""
    stack = os.environ.get("STACK", "default")
    inside = Path(".local") / ("" if stack == "default" else stack) / "stack.json"
    here = Path.cwd()
    return next((each / inside for each in (here, *here.parents) if (each / inside).is_file()), None)


def _default() -> str:
    return str(_config().get("default", "default"))


def _profile(name: str) -> dict[str, Any]:
    if name == LOCAL:
        record = local_record()
        if record is None:
            raise Usage("no local stack was started from this folder or one above it: make run DETACH=1")
        found = _read(record)
        return {"url": found["url"], "token": found["tokens"]["admin"], "project": found["project_id"]}
    kept = _config().get("profiles", {}).get(name, {})
    return kept if isinstance(kept, dict) else {}


def _nothing(name: str) -> str:
    hint = "switchyard login, or SWITCHYARD_URL and SWITCHYARD_TOKEN"
    if local_record():
        hint += "; for the local stack of this folder: switchyard --profile local …"
    return f"there is no profile {name!r}: {hint}"


def _config() -> dict[str, Any]:
    return _read(folder() / "config.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Usage(f"{path} cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise Usage(f"{path} has no JSON object: mend it, or delete it and sign in again")
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a file as a whole, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes the file with mode 0600.
    number, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2, ensure_ascii=False)
        file.write("\n")
    Path(name).replace(path)


# ---------------------------------------------------------------- tokens


def _keyring() -> Any:
    """Return the package `keyring` when it is there and has a keyring to keep things in; None otherwise."""
    if os.environ.get("SWITCHYARD_KEYRING") == "off":
        return None
    try:
        import keyring  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    usable = getattr(keyring.get_keyring(), "priority", 0) > 0
    return keyring if usable else None


def _entry(name: str, url: str) -> str:
    return f"{name} {url}"


def _keep_secret(name: str, url: str, token: str) -> str:
    keyring = _keyring()
    if keyring is not None:
        keyring.set_password(_SERVICE, _entry(name, url), token)
        return "the keyring"
    path = folder() / "tokens.json"
    _write(path, {**_read(path), _entry(name, url): token})
    return str(path)


def _secret(name: str, url: str) -> str | None:
    keyring = _keyring()
    found = keyring.get_password(_SERVICE, _entry(name, url)) if keyring is not None else None
    if found:
        return str(found)
    path = folder() / "tokens.json"
    if path.exists() and path.stat().st_mode & 0o077:
        raise Usage(f"{path} can be read by others: chmod 600 {path}")
    return _read(path).get(_entry(name, url))
