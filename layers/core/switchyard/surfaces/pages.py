"""Pages that people see outside the console: plain HTML without a script, under a strict policy."""

import base64
import hashlib
from html import escape

_STYLE = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;background:#f6f7f9;color:#1b1f24}"
    "body{margin:0;display:grid;min-height:100vh;place-items:center}"
    "main{box-sizing:border-box;width:min(30rem,100vw - 2rem);margin:1rem;padding:1.5rem;border-radius:12px;"
    "background:#fff;border:1px solid #d5d9e0;overflow-wrap:anywhere}"
    "h1{font-size:1.25rem;margin:0 0 1rem}dt{color:#545d68;font-size:.875rem}dd{margin:0 0 .75rem}"
    "ul{margin:0;padding-left:1.2rem}form{display:flex;gap:.75rem;margin-top:1rem}"
    "button,a.go{font:inherit;padding:.5rem 1.25rem;border-radius:8px;border:1px solid #6b7480;background:none;"
    "color:inherit;cursor:pointer}button.primary{background:#1f5fbf;border-color:#1f5fbf;color:#fff}"
    ":focus-visible{outline:3px solid #1f5fbf;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){:root{background:#14171b;color:#e6e9ee}main{background:#1c2026;"
    "border-color:#39414b}dt{color:#a5afbb}:focus-visible{outline-color:#7fb0ff}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def headers(form_action: str = "'none'") -> dict[str, str]:
    """Return the headers of a page. `form_action`: where its form may lead, redirects of the answer included.

    No Cross-Origin-Opener-Policy: clients open the page in a window of their own, which comes back to them.
    """
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action {form_action}; "
        "frame-ancestors 'none'"
    )
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }


def document(title: str, content: str, head: str = "") -> str:
    """Return a page. `content` and `head` are HTML, in which every text is escaped already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Switchyard</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">{head}<style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
