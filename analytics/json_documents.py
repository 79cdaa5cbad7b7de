"""JSON files that people hand us: read within bounds, checked against a schema, every fault named with its place."""

import base64
import binascii
import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from data.faults import Fault

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"
MAX_BYTES = 5_000_000
MAX_LINK = 6000
"""Characters; browsers and servers take addresses of about 8,000."""
MAX_FROM_LINK = 200_000
SHOWN = 10
MAX_DIGITS = 18


class DocumentError(Fault, ValueError):
    """The document cannot be used; the message lists its faults (the first ten), each with its place."""


def read(text: str | bytes, schema: str, what: str) -> dict[str, Any]:
    """A JSON document of a schema in docs/schemas. what: it is called in messages ("scenario").

    Raises DocumentError: too large, not JSON, another version, or what the schema does not allow.
    """
    if len(text) > MAX_BYTES:
        raise DocumentError(
            "The {what} is {size} bytes long; at most {most} are read.",
            what=what,
            size=f"{len(text):,}",
            most=f"{MAX_BYTES:,}",
        )
    try:
        document = json.loads(text, parse_constant=_refuse, parse_int=_whole, object_pairs_hook=_once)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair can be neither shown nor kept
    except (ValueError, RecursionError) as error:
        raise DocumentError(
            "The {document} is not valid JSON: {error}. Export it again.",
            document=what,
            error=error if isinstance(error, Fault) else str(error),
        ) from error
    if isinstance(document, dict) and document.get("version") != 1:
        raise DocumentError(
            "The {document} has version {version}; this program reads version 1. Export it again with the program that "
            "wrote it, or mend it after docs/schemas.",
            document=what,
            version=repr(str(document.get("version", "none"))[:20]),
        )
    check(document, schema, what)
    return document


def check(document: Any, schema: str, what: str) -> None:
    """Raises DocumentError listing what the schema does not allow."""
    try:
        faults = sorted(_validator(schema).iter_errors(document), key=lambda fault: list(map(str, fault.absolute_path)))
    except RecursionError as error:
        raise DocumentError("The {what} is nested too deeply to be one. Export it again.", what=what) from error
    if faults:
        refuse([f"{_place(fault)}: {fault.message[:200]}" for fault in faults], what)


def refuse(faults: list[str], what: str) -> None:
    """Raises DocumentError with these faults, if there are any."""
    if faults:
        more = f"\n… and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise DocumentError(
            "The {what} has {count} fault(s):\n{faults}",
            what=what,
            count=len(faults),
            faults="\n".join(faults[:SHOWN]) + more,
        )


def pack(text: str, what: str) -> str:
    """A document's JSON as text for an address. Raises DocumentError when it is too long for one."""
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")
    if len(packed) > MAX_LINK:
        raise DocumentError(
            "The {what} is too long for a link ({found} characters, {most} fit). Save it and send the file instead.",
            what=what,
            found=f"{len(packed):,}",
            most=f"{MAX_LINK:,}",
        )
    return packed


def unpack(text: str, what: str) -> bytes:
    """What `pack` packed. Raises DocumentError; nothing is executed, no more is unpacked than a link can hold."""
    if len(text) > MAX_LINK:
        raise DocumentError(
            "The link is {found} characters long; one of ours has at most {most}. Ask for the file.",
            found=f"{len(text):,}",
            most=f"{MAX_LINK:,}",
        )
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        document = unpacker.decompress(packed, MAX_FROM_LINK)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise DocumentError("The link is damaged: it was cut off or changed on the way. Copy it again.") from error
    if not unpacker.eof:
        raise DocumentError("The link holds more than a {what}, or only a part of one. Ask for the file.", what=what)
    return document


def _place(fault: jsonschema.ValidationError) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault.absolute_path).lstrip(
        "."
    ) or ("the document")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number]))
        raise DocumentError("{key} is given twice in one place", key=repr(twice[:40]))
    return found


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise DocumentError("{number}… has more than {most} digits", number=digits[:MAX_DIGITS], most=MAX_DIGITS)
    return int(digits)


def _refuse(name: str) -> None:
    raise DocumentError("{name} is not a number JSON knows", name=name)


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((FOLDER / schema).read_text(encoding="utf-8")))
