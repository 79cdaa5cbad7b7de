"""More type for the reader to learn from: open fonts that Debian does not pack, from the npm registry.

    python -m models.vision.reader.more_fonts [--to FOLDER]

fetches the families of `more_fonts.toml` (about 800 MB pass, 750 MB stay) into a folder of the user's where
`models.vision.reader.fonts` finds them. Only `python -m models train reader` gains from it; nothing else needs it.
"""

import argparse
import base64
import hashlib
import io
import re
import sys
import tarfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from fontTools.merge import Merger
from fontTools.ttLib import TTFont, TTLibError

from models.vision.reader.fonts import FontError

REGISTRY = "https://registry.npmjs.org"
LISTED = Path(__file__).with_suffix(".toml")
FOLDER = Path.home() / ".local/share/fonts/atlas"
WEIGHTS = (300, 400, 700, 900)
"""Of each family, the fonts nearest to these weights (OpenType 1.9, usWeightClass) are kept."""
MAX_BYTES = 400_000_000
"""Bytes of a package."""
SUBSETS = ("thai", "tamil", "bengali", "devanagari", "ethiopic", "arabic", "latin")
"""Parts of a split family that are put together again."""


def listed() -> list[tuple[str, str, str]]:
    """Scope, version and name of every family of the list."""
    table = tomllib.loads(LISTED.read_text("utf-8"))
    return [(scope, version, name) for scope, held in table.items() for version in held for name in held[version]]


def package(client: httpx.Client, scope: str, version: str, name: str) -> bytes:
    """A package of the registry. Raises FontError when it cannot be had, is too large, or is not what was published."""
    try:
        notes = client.get(f"{REGISTRY}/{scope}%2f{name}/{version}").raise_for_status().json()["dist"]
        with client.stream("GET", notes["tarball"]) as reply:
            reply.raise_for_status()
            content = bytearray()
            for part in reply.iter_bytes():
                content += part
                if len(content) > MAX_BYTES:
                    raise FontError(
                        "{scope}/{name} {version} has more than {mb} MB: not fetched.",
                        scope=scope,
                        name=name,
                        version=version,
                        mb=MAX_BYTES // 10**6,
                    )
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise FontError(
            "{scope}/{name} {version} cannot be fetched from {registry}: {error}",
            scope=scope,
            name=name,
            version=version,
            registry=REGISTRY,
            error=str(error),
        ) from error
    published = str(notes.get("integrity", ""))
    if published != "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode():
        raise FontError(
            "{scope}/{name} {version} is not what was published: its checksum differs. Try again.",
            scope=scope,
            name=name,
            version=version,
        )
    return bytes(content)


def unpacked(name: str, content: bytes) -> dict[int, bytes]:
    """The upright fonts of a package, TrueType, by weight; split families (WOFF) are put together.

    Raises FontError for a package without a font.
    """
    whole: dict[int, bytes] = {}
    parts: dict[int, dict[str, bytes]] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                file = Path(member.name).name
                split = re.fullmatch(rf"{re.escape(name)}-({'|'.join(SUBSETS)})-(\d+)-normal\.woff", file)
                if member.isfile() and file.endswith(".ttf") and "italic" not in file.lower():
                    weight = re.search(r"_(\d00)", file)
                    whole.setdefault(int(weight[1]) if weight else 400, archive.extractfile(member).read())
                elif member.isfile() and split:
                    parts.setdefault(int(split[2]), {})[split[1]] = archive.extractfile(member).read()
        found = whole or {
            weight: joined([held[part] for part in SUBSETS if part in held]) for weight, held in parts.items()
        }
    except (tarfile.TarError, TTLibError, EOFError) as error:
        raise FontError(
            "The package {name} cannot be read: {error}",
            name=name,
            error=str(error),
        ) from error
    if not found:
        raise FontError(
            "The package {name} holds no font that can be used.",
            name=name,
        )
    return {weight: found[weight] for weight in {min(found, key=lambda have: abs(have - w)) for w in WEIGHTS}}


def joined(parts: list[bytes]) -> bytes:
    """One TrueType font from fonts (TrueType or WOFF) with parts of its characters."""
    plain = []
    for part in parts:
        font = TTFont(io.BytesIO(part))
        font.flavor = None
        held = io.BytesIO()
        font.save(held)
        plain.append(io.BytesIO(held.getvalue()))
    made = Merger().merge(plain) if len(plain) > 1 else TTFont(plain[0])
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def fetch(folder: Path, client: httpx.Client, scope: str, version: str, name: str) -> int:
    """Put a family's fonts into a folder; returns how many. What lies there already is not fetched again."""
    there = list(folder.glob(f"{name}-[0-9]*.ttf"))
    if there:
        return len(there)
    found = unpacked(name, package(client, scope, version, name))
    for weight, content in found.items():
        (folder / f"{name}-{weight}.part").write_bytes(content)
    for weight in found:
        (folder / f"{name}-{weight}.part").replace(folder / f"{name}-{weight}.ttf")
    return len(found)


def main(arguments: list[str] | None = None) -> int:
    """Fetch every family of the list; 1 when some are missing, each named on standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m models.vision.reader.more_fonts", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder for the fonts (default: %(default)s)")
    folder = parser.parse_args(arguments).to
    folder.mkdir(parents=True, exist_ok=True)
    count, missing = 0, 0
    transport = httpx.HTTPTransport(retries=3)
    with httpx.Client(transport=transport, timeout=60, follow_redirects=True) as client, ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(fetch, folder, client, *family) for family in listed()]:
            try:
                count += job.result()
            except FontError as error:
                missing += 1
                print(error, file=sys.stderr)
    print(f"fonts in {folder}: {count}" + (f"; families missing: {missing}" if missing else ""))
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
