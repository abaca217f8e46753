"""The console's files: a page that is the same for all its paths, and what it loads, named by the content of all of it.

A file's address has the release in it, a hash over every file. So files are kept for ever, a new release is another
address, and a page never mixes two releases. Modules import each other by relative addresses, which stay in it.
"""

import base64
import gzip
import hashlib
import os
import re
from collections.abc import Mapping
from functools import cached_property
from html import escape
from pathlib import Path

from switchyard.domain.errors import NotFound
from switchyard.domain.structs import Struct
from switchyard.http.call import Reply
from switchyard.http.request import Request

PAGE = "index.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
#: A year, the longest that caches take (RFC 9111 has no limit; browsers treat it as for ever).
_FOR_EVER = "public, max-age=31536000, immutable"
_INLINE = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
#: Screens through which a program is connected. Clients open them in a window of their own and hear from it by
#: `window.opener` (use-mcp does, and what is built on it): any other policy on the way, whatever it allows of popups,
#: cuts the two apart for good (HTML §7.1.3, "check if COOP values require a browsing context group switch").
_MET_IN_A_WINDOW = ("connect", "sign-in")
_COMMON = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "vary": "accept-encoding",
}


class File(Struct):
    """One file as it is sent: plain, and compressed once for each container."""

    name: str
    plain: bytes

    @cached_property
    def tag(self) -> str:
        return hashlib.sha256(self.plain).hexdigest()[:24]

    @cached_property
    def zipped(self) -> bytes:
        return gzip.compress(self.plain, 9, mtime=0)

    def reply(self, request: Request, headers: Mapping[str, str]) -> Reply:
        """Return the file, compressed where the client takes that, or 304 when it has this very one."""
        accepted = request.headers.get("accept-encoding", "")
        zips = bool(re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\b)", accepted))
        tag = f'"{self.tag}-gz"' if zips else f'"{self.tag}"'
        sent = {**_COMMON, "etag": tag, **headers}
        if tag in request.tags("if-none-match"):
            return Reply(304, headers=sent)
        encoding = {"content-encoding": "gzip"} if zips else {}
        content = {"content-type": _TYPES[Path(self.name).suffix], **encoding}
        return Reply(200, self.zipped if zips else self.plain, {**sent, **content})


class Site:
    """All files below a folder. Only what was there when the container began is served: no path is ever looked up."""

    def __init__(self, folder: Path) -> None:
        read = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in _TYPES
        }
        digest = hashlib.sha256()
        for name, content in read.items():
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        self.release = digest.hexdigest()[:16]
        # How people sign in beside a link and a token: the name of the operator's issuer, empty for none.
        named = escape(os.environ.get("OIDC_NAME", ""))
        page = read.pop(PAGE).decode().replace("RELEASE", self.release).replace("SIGN-IN", named)
        self.page = File(PAGE, page.encode())
        self.files = {name: File(name, content) for name, content in read.items()}
        self.policy = _policy(page)

    def show(self, request: Request) -> Reply:
        """Answer with the page, or below `assets/RELEASE/` with a file; raises NotFound for one of another release."""
        path = request.path.removeprefix("/console").strip("/")
        if not path.startswith("assets/"):
            return self.page.reply(
                request,
                {
                    "content-security-policy": self.policy,
                    "x-frame-options": "DENY",
                    "cross-origin-opener-policy": "unsafe-none" if path in _MET_IN_A_WINDOW else "same-origin",
                    "cache-control": "no-cache",
                },
            )
        _, release, name = [*path.split("/", 2), "", ""][:3]
        found = self.files.get(name)
        if release != self.release or found is None:
            raise NotFound("There is no such file in this release of the console: load the page anew.")
        return found.reply(request, {"cache-control": _FOR_EVER})


def _policy(page: str) -> str:
    """Return the page's Content-Security-Policy.

    No script but the files of the console and the page's import map, which is named by its hash; no style but the
    console's; requests to this origin, and to the bucket that files are uploaded to by a signed form.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
        for inline in _INLINE.findall(page)
    )
    rules = {
        "default-src": "'none'",
        "script-src": f"'self' {hashes}".strip(),
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' {uploads_origin()}".strip(),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def uploads_origin() -> str:
    """Return the origin that signed forms name: the bucket's own host, or the emulator's; empty when none is set."""
    emulator = os.environ.get("AWS_ENDPOINT_URL")
    host = os.environ.get("UPLOADS_HOST")
    return emulator or (f"https://{host}" if host else "")
