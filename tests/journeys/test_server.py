"""Who may ask the server, and what its answers let a browser do. One server for all of it."""

import http.client
from urllib.parse import urlsplit

import pytest

OTHER = "http://other.invalid"


def ask(address: str, path: str = "/", method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    """One request, with exactly these headers."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    return answer


SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize("path", ["/", "/data", "/_stcore/health", "/_stcore/host-config", "/app/static/icon.png"])
def test_an_answer_lets_a_browser_load_nothing_foreign_and_stands_in_no_frame(full_app, path):
    answer = ask(full_app, path)
    policy = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["default-src"] == "'self'"
    place = urlsplit(full_app).netloc
    assert policy["connect-src"] == f"'self' ws://{place} wss://{place} data: blob:"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/app/static/icon.png"])
def test_a_request_for_a_host_that_is_not_ours_is_refused(full_app, path):
    assert ask(full_app, path, Host="other.invalid").status == 400
    assert ask(full_app, path, Host=f"localhost:{urlsplit(full_app).port}").status == 200


@pytest.mark.parametrize("origin", [OTHER, "null", "http://localhost:1", "https://127.0.0.1"])
def test_a_page_of_another_origin_is_refused_on_every_way_in(full_app, origin):
    assert ask(full_app, "/", Origin=origin).status == 403
    assert ask(full_app, "/_stcore/upload_file/a/b", "PUT", Origin=origin).status == 403
    assert ask(full_app, "/_stcore/stream", Origin=origin, **SOCKET).status == 403


def test_our_own_page_opens_its_socket(full_app):
    assert ask(full_app, "/_stcore/stream", Origin=full_app, **SOCKET).status == 101


def test_an_upload_without_a_session_is_refused(full_app):
    assert ask(full_app, "/_stcore/upload_file/nobody/nothing", "PUT").status in (400, 403)


@pytest.mark.parametrize(
    "path", ["..%2fapp.py", "%2e%2e/app.py", "topojson/../../app.py", "..%5capp.py", "//etc/hosts"]
)
def test_static_files_never_come_from_outside_their_folder(full_app, path):
    answer = ask(full_app, f"/app/static/{path}")
    assert answer.status >= 400 or "html" in answer.headers["Content-Type"]


def test_a_foreign_picture_is_not_asked_for_by_the_browser(full_app, visit):
    visitor = visit(full_app)
    visitor.go("/overview")
    violated = visitor.page.evaluate(
        """() => new Promise(tell => {
            document.addEventListener('securitypolicyviolation', event => tell(event.effectiveDirective));
            new Image().src = 'http://other.invalid/x.png';
        })"""
    )
    assert violated == "img-src"
    visitor.sees(".js-plotly-plot")
    visitor.complaints.clear()  # the browser's own words for it
    visitor.hosts.discard("other.invalid")  # asked for by the page, blocked before it left
