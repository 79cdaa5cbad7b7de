"""What is served: the dashboard behind a guard that lets in only requests addressed to it, from its own pages.

Loopback is no boundary: a browser that reads a stranger's page reaches it too. So a request for a host name that is not
ours, or sent by a page of another origin, is refused before Streamlit sees it (which would look for its own address on
the internet to compare), and every answer tells the browser to load nothing foreign, and to show us in nobody's frame.
Run it with `streamlit run dashboard/asgi.py`.

Host names: `server.allowedHosts` in `.streamlit/config.toml`, or STREAMLIT_SERVER_ALLOWED_HOSTS.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import trouble

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Streamlit's front end and Plotly compile code
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "connect-src 'self' ws://{host} wss://{host} data: blob:",
        "frame-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class Guard:
    """Refuses what a page of another origin sends, and adds the headers that keep a browser from foreign things."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        host, origin = asked.get("host", ""), asked.get("origin")

        async def guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY.format(host=host)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["X-Frame-Options"] = "DENY"
            await send(message)

        if origin is not None and urlsplit(origin).netloc != host:
            await PlainTextResponse("Another site may not ask this one.", 403)(scope, receive, guarded)
            return
        await self.app(scope, receive, guarded)


sys.setswitchinterval(0.001)  # a light page waits for its turn beside a heavy one dozens of times: 1 ms, not 5

app = st.App(
    Path(__file__).with_name("app.py"),
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=st.get_option("server.allowedHosts"), www_redirect=False),
        Middleware(Guard),
    ],
    on_script_error=trouble.told,
)
