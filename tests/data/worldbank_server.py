"""A World Bank API of our own, on 127.0.0.1: the real layouts, made-up values, and any fault one asks for.

    python tests/data/worldbank_server.py --port 8123 --fault SP.POP.TOTL=truncated --fault RL.EST=retired
    ATLAS_WORLD_BANK_URL=http://127.0.0.1:8123/v2 python -m data refresh

Values are a fixed function of code, country and year. Standard library only.
"""

import argparse
import contextlib
import json
import ssl
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

# iso3, iso2, name, region, income group
COUNTRIES = (
    ("ARG", "AR", "Argentina", "Latin America & Caribbean ", "Upper middle income"),
    ("AUS", "AU", "Australia", "East Asia & Pacific", "High income"),
    ("BGD", "BD", "Bangladesh", "South Asia", "Lower middle income"),
    ("BRA", "BR", "Brazil", "Latin America & Caribbean ", "Upper middle income"),
    ("CAN", "CA", "Canada", "North America", "High income"),
    ("CHN", "CN", "China", "East Asia & Pacific", "Upper middle income"),
    ("COD", "CD", "Congo, Dem. Rep.", "Sub-Saharan Africa ", "Low income"),
    ("DEU", "DE", "Germany", "Europe & Central Asia", "High income"),
    ("EGY", "EG", "Egypt, Arab Rep.", "Middle East & North Africa", "Lower middle income"),
    ("ETH", "ET", "Ethiopia", "Sub-Saharan Africa ", "Low income"),
    ("FRA", "FR", "France", "Europe & Central Asia", "High income"),
    ("GBR", "GB", "United Kingdom", "Europe & Central Asia", "High income"),
    ("IDN", "ID", "Indonesia", "East Asia & Pacific", "Upper middle income"),
    ("IND", "IN", "India", "South Asia", "Lower middle income"),
    ("ITA", "IT", "Italy", "Europe & Central Asia", "High income"),
    ("JPN", "JP", "Japan", "East Asia & Pacific", "High income"),
    ("KEN", "KE", "Kenya", "Sub-Saharan Africa ", "Lower middle income"),
    ("MEX", "MX", "Mexico", "Latin America & Caribbean ", "Upper middle income"),
    ("NGA", "NG", "Nigeria", "Sub-Saharan Africa ", "Lower middle income"),
    ("POL", "PL", "Poland", "Europe & Central Asia", "High income"),
    ("TUR", "TR", "Turkiye", "Europe & Central Asia", "Upper middle income"),
    ("USA", "US", "United States", "North America", "High income"),
    ("VEN", "VE", "Venezuela, RB", "Latin America & Caribbean ", "Not classified"),
    ("VNM", "VN", "Viet Nam", "East Asia & Pacific", "Lower middle income"),
)
AGGREGATES = (("AFE", "ZH", "Africa Eastern and Southern"), ("", "XD", "High income"), ("WLD", "1W", "World"))
NAMED_ONLY = ("Jersey", "Martinique")  # source 3 has places that are no economies of the Bank's: no codes at all
YEARS = range(2000, 2025)  # the last year is still empty
MAGNITUDES = {
    "SP.POP.TOTL": 2e7,
    "NY.GDP.MKTP.CD": 4e11,
    "NY.GDP.MKTP.KD": 4e11,
    "NY.GDP.PCAP.CD": 7000.0,
    "NY.GDP.PCAP.PP.CD": 12000.0,
    "SP.DYN.LE00.IN": 30.0,
    "SH.XPD.CHEX.PC.CD": 300.0,
    "IT.NET.USER.ZS": 20.0,
}
GOVERNANCE = "GOV_WGI_"
RETIRED = [
    {
        "message": [
            {
                "id": "175",
                "key": "Invalid format",
                "value": "The indicator was not found. It may have been deleted or archived.",
            }
        ]
    }
]
REFUSED = [{"message": [{"id": "120", "key": "Invalid value", "value": "The provided parameter value is not valid"}]}]
FAULTS = {
    "timeout": "never answers",
    "429": "always too many requests",
    "429-once": "too many requests, the first time",
    "500": "always an error of its own",
    "500-once": "an error of its own, the first time",
    "truncated": "half the JSON",
    "broken-off": "hangs up in the middle",
    "shape": "rows call their date otherwise",
    "object": "an object where a list should be",
    "retired": "the indicator was deleted or archived",
    "refused": "invalid parameter",
    "text": "a value that is text",
    "short": "fewer rows than announced",
    "contradiction": "page 2 was updated after page 1",
    "bounds": "a value no unit allows",
    "html": "a web page",
    "empty": "no rows",
    "quarterly": "quarters instead of years",
    "nan": "NaN for a value",
    "duplicate": "a row twice",
    "other": "rows about another indicator",
    "redirect": "sends on to another host",
}


class WorldBank:
    """The server. faults: code (or "countries") -> kind of FAULTS. edits: (code, iso3, year) -> value or None.

    page_rows caps a page, so that few rows make many pages. requests is what was asked for, (code, query), and agents
    by whom.
    """

    def __init__(
        self,
        faults: dict[str, str] | None = None,
        port: int = 0,
        page_rows: int = 10_000,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.faults = dict(faults or {})
        self.edits: dict[tuple[str, str, int], float | None] = {}
        self.last_updated = "2026-07-01"
        self.retry_after = "7"
        self.page_rows = page_rows
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.agents: set[str] = set()
        self.busiest, self._busy, self._lock = 0, 0, threading.Lock()
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_address[1]}/v2"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self) -> None:
        self._server.serve_forever()

    def downloads(self, code: str) -> int:
        """How often the values of a code, not just its date, were asked for."""
        return sum(asked == code and query["per_page"] != "1" for asked, query in self.requests)

    def value(self, code: str, iso3: str, year: int) -> float | None:
        """Between one and three times the code's magnitude, growing by the year."""
        if (code, iso3, year) in self.edits:
            return self.edits[code, iso3, year]
        if year == YEARS[-1]:
            return None
        size = MAGNITUDES.get(code, 1.0)
        return round(size * (1.0 + zlib.crc32(f"{code} {iso3}".encode()) % 1000 / 1000 + (year - 2000) / 40), 6)

    # ---- answers

    def countries(self) -> list:
        rows = [
            _country(iso3, iso2, name, ("XXX", region), ("XXX", group)) for iso3, iso2, name, region, group in COUNTRIES
        ] + [
            _country(iso3 or "HIC", iso2, name, ("NA", "Aggregates"), ("NA", "Aggregates"))
            for iso3, iso2, name in AGGREGATES
        ]
        return [{"page": 1, "pages": 1, "per_page": "400", "total": len(rows)}, rows]

    def rows(self, code: str, source: str) -> list[dict]:
        """Every row of an indicator, as the API orders them: by country, newest first."""
        api_code = GOVERNANCE + code if source == "3" else code
        places = [(iso3, iso2, name) for iso3, iso2, name in AGGREGATES]
        places += [("", "", name) for name in NAMED_ONLY] if source == "3" else []
        places += [(iso3, iso2, name) for iso3, iso2, name, *_ in COUNTRIES]
        return [
            {
                "indicator": {"id": api_code, "value": f"The indicator {code}"},
                "country": {"id": iso2, "value": name},
                "countryiso3code": iso3,
                "date": str(year),
                "value": self.value(code, iso3, year),
                "unit": "",
                "obs_status": "",
                "decimal": 0,
            }
            for iso3, iso2, name in places
            for year in reversed(YEARS)
        ]

    def page(self, code: str, query: dict[str, str], fault: str | None) -> object:
        source = query.get("source", "2")
        rows, stamp = self.rows(code, source), self.last_updated
        number, size = int(query.get("page", 1)), min(int(query.get("per_page", 50)), self.page_rows)
        bad = rows[1 - len(YEARS)]  # the last country's, in the last year that has values
        match fault:
            case "retired":
                return RETIRED
            case "refused":
                return REFUSED
            case "empty":
                nothing = {"page": 0, "pages": 0, "per_page": 0, "total": 0}
                return [nothing | {"sourceid": None, "lastupdated": None}, None]
            case "text":
                bad["value"] = "n/a"
            case "nan":
                bad["value"] = float("nan")
            case "bounds":
                bad["value"] = -1e12
            case "duplicate":
                rows.append(bad)
            case "shape":
                for row in rows:
                    row["time"] = row.pop("date")
            case "quarterly":
                for row in rows:
                    row["date"] += "Q1"
            case "other":
                for row in rows:
                    row["indicator"]["id"] = "XX.OTHER"
            case "contradiction":
                stamp = self.last_updated if number == 1 else "2026-07-02"
        header = {
            "page": number,
            "pages": -(-len(rows) // size),
            "per_page": size,
            "total": len(rows),
            "sourceid": source,
            "lastupdated": stamp,
        }
        if fault == "short":
            rows.pop()
        return [header, rows[(number - 1) * size : number * size]]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request, with the fault of its code."""
        url = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        parts = url.path.strip("/").split("/")
        code = "countries" if parts == ["v2", "country"] else parts[-1].removeprefix(GOVERNANCE)
        with self._lock:
            first = all(asked != code for asked, _ in self.requests)
            self.requests.append((code, query))
            self.agents.add(handler.headers["User-Agent"])
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            self._answer(handler, parts, code, query, first)
        finally:
            with self._lock:
                self._busy -= 1

    def _answer(
        self, handler: BaseHTTPRequestHandler, parts: list[str], code: str, query: dict[str, str], first: bool
    ) -> None:
        fault = self.faults.get(code)
        if fault and fault.endswith("-once"):
            fault = fault.removesuffix("-once") if first else None
        match fault:
            case "timeout":
                self._ended.wait(120)
                handler.close_connection = True
            case "429":
                _send(handler, 429, b"", {"Retry-After": self.retry_after})
            case "500":
                _send(handler, 503, b"<html>Service Unavailable</html>", {"Content-Type": "text/html"})
            case "html":
                _send(handler, 200, b"<!DOCTYPE html><html>Sign in</html>", {"Content-Type": "text/html"})
            case "redirect":
                _send(handler, 302, b"", {"Location": "http://elsewhere.invalid/v2/"})
            case _ if code == "countries":
                self._send_json(handler, self.countries(), fault)
            case _ if parts[:4] != ["v2", "country", "all", "indicator"]:
                self._send_json(handler, REFUSED, None)
            case _ if (query.get("source") == "3") != parts[-1].startswith(GOVERNANCE):
                self._send_json(handler, RETIRED, None)
            case _:
                self._send_json(handler, self.page(code, query, fault), fault)

    def _send_json(self, handler: BaseHTTPRequestHandler, answer: object, fault: str | None) -> None:
        if fault == "object":
            answer = {"data": answer}
        body = json.dumps(answer, separators=(",", ":")).encode()
        kind = {"Content-Type": "application/json;charset=utf-8"}
        if fault == "truncated":
            _send(handler, 200, body[: len(body) // 2], kind)
        elif fault == "broken-off":
            _send(handler, 200, body[: len(body) // 2], kind, announced=len(body))
            handler.close_connection = True
        else:
            _send(handler, 200, body, kind)


def _country(iso3: str, iso2: str, name: str, region: tuple[str, str], income: tuple[str, str]) -> dict:
    nothing = {"id": "", "iso2code": "", "value": ""}
    return {
        "id": iso3,
        "iso2Code": iso2,
        "name": name,
        "region": {"id": region[0], "iso2code": "XX", "value": region[1]},
        "adminregion": nothing,
        "incomeLevel": {"id": income[0], "iso2code": "XX", "value": income[1]},
        "lendingType": nothing,
        "capitalCity": "",
        "longitude": "",
        "latitude": "",
    }


def _send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str], announced: int | None = None
) -> None:
    handler.send_response(status)
    for key, value in headers.items():
        handler.send_header(key, value)
    handler.send_header("Content-Length", str(announced or len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _handler(bank: WorldBank) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                bank.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Faults: " + "; ".join(f"{kind}: {what}" for kind, what in FAULTS.items()),
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--fault", action="append", default=[], metavar="CODE=KIND", help="may be given several times")
    parser.add_argument("--last-updated", default="2026-07-01", help="what the API says of every indicator")
    options = parser.parse_args()
    wanted = dict(fault.split("=", 1) for fault in options.fault if "=" in fault)
    if len(wanted) != len(options.fault) or not set(wanted.values()) <= set(FAULTS):
        parser.error(f"--fault takes CODE=KIND, with a kind of {', '.join(FAULTS)}")
    server = WorldBank(wanted, options.port)
    server.last_updated = options.last_updated
    print(f"listening on {server.url}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
