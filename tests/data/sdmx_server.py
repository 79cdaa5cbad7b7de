"""An SDMX service of our own, on 127.0.0.1: SDMX-CSV as the standard has it, made-up values, any fault one asks for.

    python tests/data/sdmx_server.py --port 8124 --fault isoc_eb_ai=404
    ATLAS_EUROSTAT_URL=http://127.0.0.1:8124 python -m data refresh --from eurostat

It answers any dataset of data/sources/sdmx/series.toml with its own dimensions, for the periods asked for.
"""

import argparse
import contextlib
import csv
import io
import json
import sys
import threading
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from data.sources import sdmx

AREAS = {
    "oecd": ("DEU", "FRA", "KEN", "USA", "OECD"),
    "eurostat": ("DE", "FR", "EL", "EU27_2020"),
    "ecb": ("DE", "FR", "U2"),
}
OTHERS = ("DEU", "FRA", "KEN", "USA")
YEARS = range(2015, 2025)
UNNAMED = ("FREQ", "REF_AREA", "SECTOR", "ITEM", "MATURITY", "COUNTERPART", "CURRENCY", "SUFFIX")
"""Names of a dataset whose series are known by place."""
TOO_MANY_YEARS = 4
"""Years of an answer that the fault `413` allows."""
ERROR_XML = (
    '<?xml version="1.0"?><mes:Error xmlns:mes="urn:m" xmlns:com="urn:c"><mes:ErrorMessage code="140">'
    "<com:Text>Not enough key values in query, expecting 6 got 3</com:Text></mes:ErrorMessage></mes:Error>"
)
ERROR_JSON = json.dumps({"errors": [{"code": 100, "title": "No results found"}]})
FAULTS = {
    "404": "no results",
    "400": "the structure is not as the key says",
    "403": "refused",
    "413": "more than a few years at once are too many",
    "413-always": "any answer is too large",
    "429": "always too many requests",
    "429-once": "too many requests, the first time",
    "500": "always an error of its own",
    "broken-off": "hangs up in the middle",
    "truncated": "half the answer, with a length that fits it",
    "unended": "half the answer, without a length",
    "html": "a web page",
    "ml": "SDMX-ML instead of SDMX-CSV",
    "json": "SDMX-JSON instead of SDMX-CSV",
    "empty": "a header and no rows",
    "nothing": "no byte",
    "renamed": "a dimension is called otherwise",
    "recoded": "a dimension has other codes",
    "added": "a dimension more, two values each",
    "text": "a value that is text",
    "bounds": "a value no unit allows",
    "quarterly": "quarters instead of years",
    "redirect": "sends on to another host",
    "latin": "not UTF-8",
}


class Service:
    """The server. faults: dataset -> kind of FAULTS. edits: (code, area, year) -> value or None. version: of SDMX-CSV,
    "1.0" or "2.0". requests: what was asked for, (path, query). elsewhere: more places that are answered.
    """

    def __init__(self, faults: dict[str, str] | None = None, port: int = 0) -> None:
        self.faults = dict(faults or {})
        self.edits: dict[tuple[str, str, int], float | str | None] = {}
        self.version, self.multiplier, self.elsewhere = "1.0", "", ()
        self.retry_after = "7"
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.agents: set[tuple[str, str]] = set()
        self.busiest, self._busy, self._lock = 0, 0, threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads, self._server.block_on_close = True, False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self) -> None:
        self._server.serve_forever()

    def value(self, code: str, area: str, year: int) -> float | str | None:
        """Between 0.1 and 0.9, growing by the year: every unit of the catalog allows it."""
        if (code, area, year) in self.edits:
            return self.edits[code, area, year]
        return round(0.1 + zlib.crc32(f"{code} {area}".encode()) % 500 / 1000 + (year - 2015) / 40, 6)

    def table(self, series: sdmx.Series, first: int, last: int, fault: str | None) -> str:
        """The answer as SDMX-CSV, with the rows of another code of the last free dimension beside those asked for."""
        names = list(series.dimensions or UNNAMED[: len(series.key)])
        codes = ["_Z" if code == "*" else code for code in series.key]
        area = series.key.index("")
        if fault == "renamed":
            names[-1 if area != len(names) - 1 else 0] = "RENAMED"
        if fault == "recoded":
            codes = [code and f"{code}_2" for code in codes]
        more = ["SIZE_CLASS_2"] if fault == "added" else []
        head = ["DATAFLOW"] if self.version == "1.0" else ["STRUCTURE[;]", "STRUCTURE_ID", "ACTION"]
        start = ["X:Y(1.0)"] if self.version == "1.0" else ["dataflow", "X:Y(1.0)", "I"]
        columns = [
            *head,
            *names,
            *more,
            "TIME_PERIOD",
            "OBS_VALUE",
            "OBS_STATUS",
            "UNIT_MULT",
            "COMMENT_TS",
            "DECIMALS",
        ]
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        if fault == "empty":
            return file.getvalue()
        for place in (*AREAS.get(series.service, OTHERS), *self.elsewhere):
            for year in (year for year in YEARS if first <= year <= last):
                here = [place if n == area else code for n, code in enumerate(codes)]
                value = self.value(series.code, place, year)
                period = f"{year}-Q1" if fault == "quarterly" else str(year)
                if fault == "text":
                    value = "about half"
                if fault == "bounds":
                    value = -1e9
                for extra in ("S1", "S2") if more else ("",):
                    shown = 0.05 if extra == "S2" else value  # the writer leaves None empty
                    split = [extra] if more else []
                    row = [*start, *here, *split, period, shown, "A", self.multiplier, "a note, with a comma", "2"]
                    writer.writerow(row)
        return file.getvalue()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        path = unquote(url.path).strip("/")
        flow = path.split("/")[1] if "/" in path else path
        with self._lock:
            first = all(asked != path for asked, _ in self.requests)
            self.requests.append((path, query))
            self.agents.add((handler.headers["User-Agent"], handler.headers["Accept"]))
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            self._answer(handler, path, query, self._fault(flow, first))
        finally:
            with self._lock:
                self._busy -= 1

    def _fault(self, flow: str, first: bool) -> str | None:
        fault = next((kind for name, kind in self.faults.items() if name in flow), None)
        return (fault.removesuffix("-once") if first else None) if fault and fault.endswith("-once") else fault

    def _answer(self, handler: BaseHTTPRequestHandler, path: str, query: dict[str, str], fault: str | None) -> None:
        series = next((one for one in sdmx.load().values() if one.path == path), None)
        begin, end = int(query["startPeriod"]), int(query.get("endPeriod", YEARS[-1]))
        is_long = end - begin + 1 > TOO_MANY_YEARS
        match fault:
            case "404":
                send(handler, 404, ERROR_JSON.encode(), "application/json")
            case "400":
                send(handler, 400, ERROR_XML.encode(), "application/xml")
            case "403":
                send(handler, 403, b"")
            case "429":
                send(handler, 429, b"", more={"Retry-After": self.retry_after})
            case "500":
                send(handler, 503, b"<html>Service Unavailable</html>", "text/html")
            case "html":
                send(handler, 200, b"<!DOCTYPE html><html>Sign in</html>", "text/html")
            case "redirect":
                send(handler, 302, b"", more={"Location": "http://elsewhere.invalid/rest"})
            case "ml":
                send(handler, 200, b'<?xml version="1.0"?><mes:GenericData/>', "application/xml")
            case "json":
                send(handler, 200, b'{"data": {"dataSets": []}}', "application/json")
            case "nothing":
                send(handler, 200, b"")
            case "413" | "413-always" if is_long or fault == "413-always":
                send(handler, 413, b"")
            case _ if series is None:
                send(handler, 404, b"Could not find Dataflow", "text/plain")
            case _:
                self._send_table(handler, self.table(series, begin, end, fault), fault)

    def _send_table(self, handler: BaseHTTPRequestHandler, text: str, fault: str | None) -> None:
        body, kind = text.encode(), "application/vnd.sdmx.data+csv; charset=utf-8; version=1.0.0"
        if fault == "413" and text.count("\n") == 1:
            send(handler, 404, b"NoRecordsFound", "text/plain")
        elif fault == "latin":
            send(handler, 200, body.replace(b"a note", b"caf\xe9"), kind)
        elif fault == "truncated":
            send(handler, 200, body[: len(body) // 2], kind)
        elif fault == "broken-off":
            send(handler, 200, body[: len(body) // 2], kind, announced=len(body))
            handler.close_connection = True
        elif fault == "unended":
            handler.send_response(200)
            handler.send_header("Content-Type", kind)
            handler.send_header("Connection", "close")
            handler.end_headers()
            handler.wfile.write(body[:-2])
            handler.close_connection = True
        else:
            send(handler, 200, body, kind)


def send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    kind: str = "text/plain",
    *,
    more: dict[str, str] | None = None,
    announced: int | None = None,
) -> None:
    handler.send_response(status)
    for key, value in ({"Content-Type": kind} | (more or {})).items():
        handler.send_header(key, value)
    handler.send_header("Content-Length", str(announced or len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _handler(service: Service) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                service.answer(self)
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
    parser.add_argument(
        "--fault", action="append", default=[], metavar="DATASET=KIND", help="may be given several times"
    )
    options = parser.parse_args()
    wanted = dict(fault.split("=", 1) for fault in options.fault if "=" in fault)
    if len(wanted) != len(options.fault) or not set(wanted.values()) <= set(FAULTS):
        parser.error(f"--fault takes DATASET=KIND, with a kind of {', '.join(FAULTS)}")
    server = Service(wanted, options.port)
    print(f"listening on {server.url}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
