"""Sixty odd files of at most 10 MB: what checking each costs in a process of its own, and what other readers of a
server feel while somebody brings them one after the other. All are made here; most are refused, each with a reason.
"""

import asyncio
import gzip
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import sync_playwright
from soak import Session
from stores import SHARED, import_in_own_process, row
from websockets.asyncio.client import connect

from data import store
from pages import ROOT, served

SIZE = 9_900_000
HEADER = "iso3,indicator,year,value\n"
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
DATA_BOX = re.compile("^File")
CHECKED = " · (tidy|parquet|World Bank)|Say which column"
"""What the page says of a file it could read."""
ROW = "DEU,SP.POP.TOTL,{year},{number}.5\n"
CHECK = """
import json, sys, time
from pathlib import Path
from data import ingest, layouts, store
store.ensure()
start = time.perf_counter()
try:
    said = f"{ingest.import_file(Path(sys.argv[1]), preview=True).fault_count} faults"
except (layouts.LayoutError, store.StoreError) as refusal:
    said = str(refusal)
print(json.dumps({"seconds": time.perf_counter() - start, "said": said}))
"""


def files(folder: Path) -> Iterator[Path]:
    """The sixty, one after the other; who has read one may remove it."""
    kinds: dict[str, Callable[[], bytes]] = {
        **{f"{name}.csv": lambda make=make: make().encode() for name, make in _texts().items()},
        **_bytes(),
        **{f"{name}.parquet": lambda table=table: _parquet(table()) for name, table in _tables().items()},
        **{f"{name}.xlsx": lambda rows=rows: _workbook(rows) for name, rows in _sheets().items()},
        **_packed(),
    }
    for name, content in kinds.items():
        written = content()
        assert len(written) <= 10_000_000, (name, len(written))
        file = folder / name
        file.write_bytes(written)
        yield file


def _filled(line: Callable[[int], str], header: str = HEADER) -> str:
    """A header and as many lines as fit."""
    count = SIZE // max(len(line(number).encode()) for number in (0, 9, 10**7))
    return header + "".join(map(line, range(count)))


def _texts() -> dict[str, Callable[[], str]]:
    wide = ",".join(["Country Code", "Indicator Code", *(str(1900 + number) for number in range(126))]) + "\n"
    return {
        "genuine": lambda: _filled(lambda n: ROW.format(year=1960 + n % 60, number=n)),
        "same row again and again": lambda: _filled(lambda n: ROW.format(year=2020, number=1)),
        "unknown markets": lambda: _filled(lambda n: f"Land {n},SP.POP.TOTL,2020,1\n"),
        "unknown codes": lambda: _filled(lambda n: f"DEU,CODE.{n},2020,1\n"),
        "near codes": lambda: _filled(lambda n: f"DEU,SP.POP.TOT{n},2020,1\n"),
        "odd years": lambda: _filled(lambda n: f"DEU,SP.POP.TOTL,{n},1\n"),
        "words for values": lambda: _filled(lambda n: f"DEU,SP.POP.TOTL,2020,word {n}\n"),
        "digits": lambda: _filled(lambda n: f"DEU,SP.POP.TOTL,2020,{'9' * 400}\n"),
        "long cells": lambda: _filled(lambda n: f"{'D' * 30_000},X,2020,1\n"),
        "too long cells": lambda: _filled(lambda n: f"DEU,{'X' * 90_000},2020,1\n"),
        "one long line": lambda: HEADER + "D" * SIZE,
        "long header": lambda: "iso3,indicator,year,value," + "n" * SIZE,
        "blank lines": lambda: HEADER + "\n" * SIZE,
        "commas": lambda: HEADER + "," * SIZE,
        "lines of commas": lambda: _filled(lambda n: ",,,\n"),
        "quotes": lambda: HEADER + '"' * SIZE,
        "open quotes": lambda: _filled(lambda n: f'"DEU,SP.POP.TOTL,2020,{n}\n'),
        "breaks in quotes": lambda: _filled(lambda n: f'DEU,"X\n{n}",2020,1\n'),
        "long quoted cells": lambda: _filled(lambda n: 'DEU,"' + "X\n" * 45 + '",2020,1\n'),
        "too many cells": lambda: _filled(lambda n: "DEU,SP.POP.TOTL,2020,1,,,,,\n"),
        "too few cells": lambda: _filled(lambda n: "DEU,SP.POP.TOTL\n"),
        "footers": lambda: _filled(lambda n: f"Note {n}\n", HEADER + "DEU,SP.POP.TOTL,2020,1\n"),
        "1000 columns": lambda: _filled(lambda n: "DEU,X,2020,1" + "," * 996 + "\n", HEADER[:-1] + "," * 996 + "\n"),
        "100000 columns": lambda: HEADER[:-1] + "".join(f",c{number}" for number in range(100_000)) + "\n",
        "wide years": lambda: _filled(lambda n: f"DEU,C{n % 900}" + ",1.25" * 126 + "\n", wide),
        "wide empty": lambda: _filled(lambda n: f"DEU,C{n}" + "," * 126 + "\n", wide),
        "semicolons": lambda: _filled(lambda n: f"DEU;SP.POP.TOTL;2020;{n},5\n", HEADER.replace(",", ";")),
        "carriage returns": lambda: _filled(lambda n: f"DEU,SP.POP.TOTL,2020,{n}\r", HEADER.strip() + "\r"),
        "no header": lambda: _filled(lambda n: f"{n},{n},{n},{n}\n", ""),
        "units": lambda: _filled(lambda n: f"DEU,SP.POP.TOTL,2020,1,unit {n}\n", HEADER.strip() + ",unit\n"),
        "nested json": lambda: "[{" + '"a":[' * 1_000_000,
        "web page": lambda: "<html>" + "<p>" * 3_000_000,
    }


def _bytes() -> dict[str, Callable[[], bytes]]:
    answer = {"countryiso3code": "DEU", "indicator": {"id": "SP.POP.TOTL"}, "date": "2020", "value": 1}
    whole = json.dumps([{"page": 1, "pages": 1}, [answer] * (SIZE // (len(json.dumps(answer)) + 2))])
    return {
        "noise.csv": lambda: np.random.default_rng(0).bytes(SIZE),
        "zeros.csv": lambda: bytes(SIZE),
        "latin.csv": lambda: _filled(lambda n: f"Curaçao,X,2020,{n}\n").encode("latin-1"),
        "wide letters.csv": lambda: _filled(lambda n: f"DEU,X,2020,{n}\n")[: SIZE // 2].encode("utf-16"),
        "bad letters.csv": lambda: HEADER.encode() + b"DEU,\xff\xfe,2020,1\n" * (SIZE // 16),
        "answer.json": whole.encode,
        "pointers.csv": lambda: b"version https://git-lfs" + b"\n" * SIZE,
        "damaged.parquet": lambda: b"PAR1" + bytes(SIZE) + b"PAR1",
        "damaged.xlsx": lambda: b"PK\x03\x04" + bytes(SIZE),
    }


def _tables() -> dict[str, Callable[[], pa.Table]]:
    def tidy(count: int, **columns) -> pa.Table:
        plain = {"iso3": "DEU", "indicator": "SP.POP.TOTL", "year": 2020, "value": 1.0} | columns
        return pa.table(
            {n: v if isinstance(v, pa.Array | list) else pa.array([v]).take([0] * count) for n, v in plain.items()}
        )

    return {
        "a million rows": lambda: tidy(1_000_000, value=pa.array(np.arange(1e6))),
        "one row often": lambda: tidy(600_000),
        "too many rows": lambda: tidy(8_000_000),
        "1000 parquet columns": lambda: tidy(900, **{f"c{number}": 1.0 for number in range(996)}),
        "10000 parquet columns": lambda: tidy(1, **{f"c{number}": 1.0 for number in range(9_996)}),
        "large cell": lambda: tidy(1, indicator="X" * 8_000_000),
        "repeated cells": lambda: tidy(3_000, indicator="X" * 32_000),
        "lists": lambda: tidy(2, value=[[1.0] * 100_000, [2.0]]),
        "unknown names": lambda: tidy(300_000, iso3=[f"Land {number}" for number in range(300_000)]),
        "dates": lambda: tidy(300_000, year=pd.Timestamp("2020-01-01")),
    }


def _sheets() -> dict[str, tuple[str, ...]]:
    cell, header = (
        '<c t="inlineStr"><is><t>{}</t></is></c>',
        "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in HEADER.strip().split(",")),
    )
    first = f"<row>{header}</row>"
    return {
        "long sheet": (first, *(["<row>" + cell.format("DEU") * 2 + "<c><v>1</v></c>" * 2 + "</row>"] * 300_000)),
        "wide sheet": ("<row>" + cell.format("wide") * 10_000 + "</row>",) * 20,
        "a last row far away": (first, '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
        "a last column far away": (first, *(f'<row><c r="XFD{n + 2}"><v>1</v></c></row>' for n in range(20_000))),
        "empty rows": (first, *(["<row></row>"] * 900_000)),
    }


def _packed() -> dict[str, Callable[[], bytes]]:
    genuine = _texts()["genuine"]().encode()
    return {
        "packed.csv.gz": lambda: gzip.compress(genuine * 3),
        "unfolds.csv.gz": lambda: gzip.compress(bytes(900_000_000), 1),
        "packed.zip": lambda: _zipped({"a.csv": genuine * 3}),
        "many members.zip": lambda: _zipped({f"{number}.csv": HEADER.encode() for number in range(1_900)}),
    }


def _zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return target.getvalue()


def _parquet(table: pa.Table) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


def _workbook(rows: tuple[str, ...]) -> bytes:
    """A book of one sheet, written by hand: its rows may be such as no program writes."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Figures" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(rows)}</sheetData></worksheet>',
    }
    return _zipped({name: f'<?xml version="1.0"?>{text}'.encode() for name, text in parts.items()})


def odd_files() -> list[dict]:
    """Each checked alone, then all brought to one server."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        os.environ["ATLAS_HOME"] = str(home)
        store.ensure()
        if SHARED.exists():
            import_in_own_process(SHARED, home)
        costs = {file.name: _alone(file, home) for file in files(Path(folder))}
        for name, cost in sorted(costs.items(), key=lambda item: -item[1]["seconds"]):
            print(f"{cost['seconds']:6.1f} s {cost['mb']:6.0f} MB  {name}: {cost['said'][:110]}", file=sys.stderr)
        with served(ROOT / "dashboard" / "asgi.py", home) as (address, _process):
            brought, times = _brought(address, Path(folder))
    return [
        row(f"longest check of {len(costs)} odd files", max(cost["seconds"] for cost in costs.values()), "s", 15),
        row("most memory of a check", max(cost["mb"] for cost in costs.values()), "MB", 1000),
        row(f"others' slowest page of {len(times)}, while {brought} are brought", max(times), "ms", 1000),
    ]


def _alone(file: Path, home: Path) -> dict:
    """Seconds of the check, what it said, and the most memory (MB) that it and what it started had at once."""
    command = [sys.executable, "-c", CHECK, str(file)]
    environment = os.environ | {"ATLAS_HOME": str(home)}
    with psutil.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as checking:
        most = 0
        while checking.poll() is None:
            most = max(most, _memory(checking))
            time.sleep(0.02)
        said = checking.stdout.read()
    assert not checking.returncode, file.name
    return json.loads(said) | {"mb": most / 1e6}


def _memory(process: psutil.Process) -> int:
    """Bytes in memory of a process and of those it started. (What the kernel says it had at most counts its parent's
    too, up to the moment it became a program of its own.)"""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total


def _brought(address: str, folder: Path) -> tuple[int, list[float]]:
    """How many files a reader in Chromium brought, and the milliseconds another's pages took meanwhile."""
    brought, done = [], threading.Event()

    def bring() -> None:
        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
                for file in files(folder):
                    page = chromium.new_page()
                    page.goto(f"{address}data?section=import", timeout=120_000)
                    page.locator(DRAWN).wait_for(timeout=120_000)
                    box = page.get_by_test_id("stFileUploader").filter(has_text=DATA_BOX)
                    box.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file, timeout=120_000)
                    refused = page.locator('[data-testid="stAlertContentError"]')
                    asked = page.get_by_text(re.compile(CHECKED))
                    refused.or_(asked).first.wait_for(timeout=120_000)
                    brought.append(file.name)
                    page.close()
        finally:
            done.set()

    async def read() -> list[float]:
        reader, times = Session(address, 0), []
        async with connect(reader.address, subprotocols=["streamlit"], max_size=10**8) as socket:
            await reader.draw(socket, "overview")
            threading.Thread(target=bring).start()
            while not done.is_set():
                start = time.monotonic()
                await reader.draw(socket, "overview")
                times.append((time.monotonic() - start) * 1000)
                await asyncio.sleep(0.5)
        assert not reader.errors, reader.errors
        return times

    times = asyncio.run(read())
    return len(brought), times
