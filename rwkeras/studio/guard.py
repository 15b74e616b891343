"""ASGI middleware that checks the host, origin, token and size of requests."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rwkeras.studio.settings import StudioSettings, is_loopback

_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]

COOKIE = "rwkeras-studio"
# Allowance in bytes on top of the size limit of a picture.
_SIZE_ALLOWANCE = 2**20
_SECURITY_HEADERS = [
    (b"content-security-policy", b""),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
# NiceGUI compiles templates in the browser, which needs "unsafe-eval".
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: "
    "wss:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)


class Guard:
    """ASGI middleware that rejects foreign, unauthorised and oversized requests.

    The Origin header, if any, must match the Host header, and on a loopback address the latter must
    be a loopback name, so that other sites open in the same browser cannot send requests. On any
    other address a token is required too: first in the URL, later in a cookie.

    Args:
        app: The wrapped application.
        settings: Address and size limits.
        token: The required token; None if the page is bound to a loopback address.
    """

    def __init__(self, app: _App, settings: StudioSettings, token: str | None):
        self._app, self._settings, self._token = app, settings, token

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Passes a request to the application, or refuses it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        rejection = self._rejection(scope, headers)
        if rejection is not None:
            await _reject(scope, send, *rejection)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        cookie = None
        if self._token is not None and self._has_token_in_url(scope):
            cookie = f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/"
        limited_receive = _LimitedReceive(receive, self._settings.max_bytes + _SIZE_ALLOWANCE)
        await self._app(scope, limited_receive, _with_headers(send, cookie))

    def _rejection(self, scope: _Scope, headers: dict[bytes, str]) -> tuple[int, str] | None:
        """Returns the HTTP status and message of a refusal, or None to accept the request."""
        host = headers.get(b"host", "")
        if not self._is_allowed_host(host):
            return 421, "Unknown host name."
        origin = headers.get(b"origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "Cross-origin requests are not allowed."
        if self._token is not None and not (
            self._has_token_in_url(scope) or self._has_token_in_cookie(headers)
        ):
            return 401, "The token that the studio printed at start is required."
        length = headers.get(b"content-length", "0")
        if not length.isdecimal() or int(length) > self._settings.max_bytes + _SIZE_ALLOWANCE:
            return 413, f"The limit is {self._settings.max_bytes} bytes."
        return None

    def _is_allowed_host(self, host: str) -> bool:
        """Returns whether a Host header is acceptable.

        A page on a loopback address accepts only loopback names, which prevents DNS rebinding; any
        other page accepts all names.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return bool(name) and (is_loopback(name) or not self._settings.is_local)

    def _has_token_in_url(self, scope: _Scope) -> bool:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        return self._is_token(query.get("token", [""])[0])

    def _has_token_in_cookie(self, headers: dict[bytes, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and self._is_token(cookie.value)

    def _is_token(self, text: str) -> bool:
        token = self._token or ""
        return bool(token) and hmac.compare_digest(text.encode(), token.encode())


class _LimitedReceive:
    """ASGI receive callable that aborts bodies over the limit, whatever their Content-Length."""

    def __init__(self, receive: _Receive, max_bytes: int):
        self._receive, self._bytes_left = receive, max_bytes

    async def __call__(self) -> _Message:
        message = await self._receive()
        self._bytes_left -= len(message.get("body", b""))
        return message if self._bytes_left >= 0 else {"type": "http.disconnect"}


def _with_headers(send: _Send, cookie: str | None) -> _Send:
    """Returns an ASGI send callable that adds the security headers and the cookie."""

    async def send_with_headers(message: _Message) -> None:
        if message["type"] == "http.response.start":
            extra_headers = [
                (name, value or _CONTENT_SECURITY_POLICY.encode())
                for name, value in _SECURITY_HEADERS
            ]
            if cookie is not None:
                extra_headers.append((b"set-cookie", cookie.encode()))
            message = {**message, "headers": [*message.get("headers", []), *extra_headers]}
        await send(message)

    return send_with_headers


async def _reject(scope: _Scope, send: _Send, status: int, message: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": message})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": message.encode()})
