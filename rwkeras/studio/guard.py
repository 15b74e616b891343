"""What requests are let through to the page: from whom, by which name of the host, how large."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rwkeras.studio.settings import StudioSettings, is_loopback

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "rwkeras-studio"
# What a request has beside a picture, at most, in bytes.
_ROOM = 2**20
_HEADERS = [
    (b"content-security-policy", b""),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
# The page's library compiles what it shows in the browser, for which it wants "unsafe-eval".
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: "
    "wss:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)


class Guard:
    """An ASGI application in front of another.

    Requests must name this host and come from its own pages, so that no other site in the person's
    browser can ask anything; where the page is bound to more than this machine, they must bring the
    token as well, once in the address and from then on in a cookie.

    Args:
        app: The application.
        settings: What it is bound to, and how large a picture may be.
        token: The token; None where nobody but this machine can reach the page.
    """

    def __init__(self, app: App, settings: StudioSettings, token: str | None):
        self._app, self._settings, self._token = app, settings, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or lets the application do so."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, send, *refusal)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        cookie = None
        if self._token is not None and self._in_address(scope):
            cookie = f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/"
        bounded = _Bounded(receive, self._settings.max_bytes + _ROOM)
        await self._app(scope, bounded, _with_headers(send, cookie))

    def _refusal(self, scope: Scope, headers: dict[bytes, str]) -> tuple[int, str] | None:
        """Returns the status and the words by which a request is refused, or None."""
        host = headers.get(b"host", "")
        if not self._is_own(host):
            return 421, "This host is not the studio's."
        origin = headers.get(b"origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "Another site may not ask the studio."
        if self._token is not None and not (self._in_address(scope) or self._in_cookie(headers)):
            return 401, "The studio needs the token that it printed when it started."
        length = headers.get(b"content-length", "0")
        if not length.isdecimal() or int(length) > self._settings.max_bytes + _ROOM:
            return 413, f"At most {self._settings.max_bytes} bytes are taken."
        return None

    def _is_own(self, host: str) -> bool:
        """Returns whether a Host header names this machine, and not what only leads here."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return bool(name) and (is_loopback(name) or not self._settings.is_local)

    def _in_address(self, scope: Scope) -> bool:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        return self._is_token(query.get("token", [""])[0])

    def _in_cookie(self, headers: dict[bytes, str]) -> bool:
        try:
            found = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return found is not None and self._is_token(found.value)

    def _is_token(self, text: str) -> bool:
        token = self._token or ""
        return bool(token) and hmac.compare_digest(text.encode(), token.encode())


class _Bounded:
    """A receiver that ends a request whose body is larger than it may be, whatever it said."""

    def __init__(self, receive: Receive, most: int):
        self._receive, self._left = receive, most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return message if self._left >= 0 else {"type": "http.disconnect"}


def _with_headers(send: Send, cookie: str | None) -> Send:
    """Returns a sender that adds what browsers are told to be careful of."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [(name, value or _POLICY.encode()) for name, value in _HEADERS]
            if cookie is not None:
                added.append((b"set-cookie", cookie.encode()))
            message = {**message, "headers": [*message.get("headers", []), *added]}
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": words})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})
