"""Somebody at a browser, signed in: requests with the session's cookie and what a browser's page says."""

from typing import Any

from switchyard.admin import Admin
from switchyard.http import cookies
from tests.support.http import Answer, Api


class Browser(Api):
    """A client that keeps the cookie of an answer, and says what a browser's page of the console says."""

    def __init__(self, cookie: str | None = None, **headers: str) -> None:
        super().__init__(None)
        self.cookie = cookie
        self.headers = {"sec-fetch-site": "same-origin", cookies.HEADER: "1", **headers}

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, text: Any = None) -> Answer:
        kept = {"cookie": f"other=1; {cookies.NAME}={self.cookie}"} if self.cookie else {}
        answer = super().request(method, url, body, {**self.headers, **kept, **(headers or {})}, text)
        for each in answer.cookies:
            self.cookie = each.partition(";")[0].partition("=")[2] or None
        return answer


def code_of(admin: Admin, tenant: str, actor: str = "user_ada", **more: Any) -> str:
    return admin.sign_in_link(tenant, actor, **more)["path"].partition("#code=")[2]


def signed_in(admin: Admin, tenant: str, actor: str = "user_ada", role: str = "owner") -> Browser:
    browser = Browser()
    assert browser.post("/v1/session", {"code": code_of(admin, tenant, actor, role=role)}).status == 201
    return browser
