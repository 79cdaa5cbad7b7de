"""Several pictures at once, files or pages of one: looked at one after the other with progress, as one table."""

import logging
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard import components, fitness_words
from dashboard.i18n.translation import _, number
from dashboard.inference import batch
from dashboard.vision import answers, counts, hub, prices
from dashboard.vision import pictures as vision_lab_pictures

MAX_FILES, MAX_MB_TOGETHER = 40, 400
KEY, CUT = "vision", "vision_batch_cut"
PAGES = ("page", "pages")
"""Columns that only pictures of a stack fill."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sheet:
    """What is looked at as one picture: a file, or a page of it. page: its number, of how many; refused: why no page of
    the file is looked at, in the reader's language."""

    upload: Any
    page: tuple[int, int] = (1, 1)
    refused: str = ""


@dataclass(frozen=True)
class Batch:
    """What was found on the first of some pictures. about: task, market and files that it belongs to. rows: one a
    picture, with its problem. seconds, problem: as `batch.Work` has them."""

    about: tuple[Any, ...]
    total: int
    rows: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0
    problem: str = ""

    @property
    def count(self) -> int:
        """Pictures that were looked at."""
        return len(self.rows)

    def table(self) -> pd.DataFrame:
        """A row a picture, the problem last."""
        found = pd.DataFrame(list(self.rows))
        paged = [name for name in PAGES if name in found]
        found[paged] = found[paged].astype("Int64")
        texts = [name for name in found if not pd.api.types.is_numeric_dtype(found[name])]
        found[texts] = found[texts].fillna("")
        last = [name for name in ("notes", "notice", "problem") if name in found]
        return found[[name for name in found if name not in last] + last]


def files(task: str, iso2: str) -> None:
    """Choose, look, take away. A bad file is a row with its problem."""
    heading = st.empty()
    heading.title(_("What is on all these pictures?"))
    if task in answers.COUNTED:
        counts.no_device()
    if task in answers.HUB:
        hub.whose(task)
    uploads = st.file_uploader(
        _("PNG, JPEG or TIFF files, to {files} and {mb} MB together").format(files=MAX_FILES, mb=MAX_MB_TOGETHER),
        type=list(vision_lab_pictures.TYPES), accept_multiple_files=True, key="vision_files",
        max_upload_size=vision_lab_pictures.MAX_MB,
    )  # fmt: skip
    if not uploads:
        batch.forget(KEY)
        st.caption(_("The files are looked at on this machine, and forgotten when you remove them or close the page."))
        return
    sheets = [sheet for upload in _fitting(uploads) for sheet in _sheets(upload)]
    if any(sheet.page[1] > 1 for sheet in sheets):
        st.caption(_each_for_itself())
    result = _looked_at(sheets, task, iso2)
    if result.rows:
        heading.title(_headline(task, result))


def pages(task: str, iso2: str, chosen: vision_lab_pictures.Chosen) -> None:
    """All pages of the stack that a picture is a page of, as one table; nothing for a picture by itself."""
    if chosen.page[1] == 1:
        return
    st.subheader(_("What is on all its pages?"))
    st.caption(_each_for_itself())
    _looked_at(_sheets(st.session_state[vision_lab_pictures.FILE]), task, iso2)


def _each_for_itself() -> str:
    return _("Every page of a stack is looked at by itself: what shows on several pages is counted on each of them.")


def _sheets(upload: Any) -> list[Sheet]:
    try:
        count = vision_lab_pictures.count_pages(upload.getvalue())
    except vision_lab_pictures.Unread as error:
        return [Sheet(upload, refused=str(error))]
    return [Sheet(upload, (number, count)) for number in range(1, count + 1)]


def _looked_at(sheets: list[Sheet], task: str, iso2: str) -> Batch:
    """The button, the work, and the table of what was found."""
    about = (task, iso2, *((sheet.upload.file_id, sheet.page) for sheet in sheets))
    result = _run(batch.taken_up(KEY, Batch(about, len(sheets))), sheets, task, iso2)
    if result.rows:
        st.dataframe(result.table(), hide_index=True, height="content", column_config=_titles(task))
    return result


def _titles(task: str) -> dict[str, Any]:
    """What the table's columns are called; the CSV keeps their plain names."""
    found = components.column_titles() | {"page": _("Page"), "pages": _("Pages")}
    for kind in answers.kinds(task) if task in answers.COUNTED else ():
        name = answers.kinds_name(kind)
        found |= {
            kind: name,
            f"{kind}_low": _("{kind}, from").format(kind=name),
            f"{kind}_high": _("{kind}, to").format(kind=name),
        }
    return found


def _fitting(uploads: list[Any]) -> list[Any]:
    """The first files within the limits; that there were more is said, and nothing of them is kept."""
    kept, size = [], 0
    for upload in uploads[:MAX_FILES]:
        size += upload.size
        if size > MAX_MB_TOGETHER * 2**20:
            break
        kept.append(upload)
    taken = tuple(upload.file_id for upload in kept)
    if len(kept) < len(uploads):
        _let_go(uploads[len(kept) :])
        st.session_state[CUT] = (taken, len(uploads))
    of_which, brought = st.session_state.get(CUT, ((), 0))
    if of_which == taken and brought:
        st.warning(
            _("The first {n} of {all} files are looked at: at most {files}, and {mb} MB together.").format(
                n=len(kept), all=brought, files=MAX_FILES, mb=MAX_MB_TOGETHER
            ),
            icon=":material/content_cut:",
        )
    return kept


def _let_go(uploads: list[Any]) -> None:
    """Keep nothing of these files: Streamlit would, until the session ends."""
    context = get_script_run_ctx()
    for upload in uploads:
        context.uploaded_file_mgr.remove_file(context.session_id, upload.file_id)


def _run(result: Batch, sheets: list[Sheet], task: str, iso2: str) -> Batch:
    """The button, and the work while it is on: a picture at a time."""
    return batch.carry_on(
        KEY,
        result,
        lambda seen: replace(seen, rows=(*seen.rows, _row(sheets[seen.count], task, iso2))),
        progress=_("{done} of {total} pictures"),
        begin=_("Look at all {n} pictures"),
        take_away=lambda seen: components.download(seen.table, "pictures", _("Download the table as CSV")),
    )


def _row(sheet: Sheet, task: str, iso2: str) -> dict[str, Any]:
    """The row of a picture, whatever goes wrong with it: the others are looked at all the same."""
    try:
        return one(sheet, task, iso2)
    except Exception:
        log.exception("A picture could not be looked at for %s.", task)
        return _named(sheet) | {"problem": answers.cannot_look()}


def _named(sheet: Sheet) -> dict[str, Any]:
    of_stack = dict(zip(PAGES, sheet.page, strict=True)) if sheet.page[1] > 1 else {}
    return {"file": sheet.upload.name, **of_stack}


def one(sheet: Sheet, task: str, iso2: str) -> dict[str, Any]:
    """The row of a picture: its size, what was found, what was changed on opening, and its problem."""
    row = _named(sheet)
    if sheet.refused:
        return row | {"problem": sheet.refused}
    try:
        chosen = vision_lab_pictures.read(sheet.upload.name, sheet.upload.getvalue(), sheet.page)
    except vision_lab_pictures.Unread as error:
        return row | {"problem": str(error)}
    row |= dict(zip(("width", "height"), chosen.size, strict=True))
    seen = answers.look(task, chosen)
    row["notes"] = vision_lab_pictures.noted(chosen)
    if seen.problem:
        return row | {"problem": seen.problem.replace("`", "")}
    if task == "tags":
        return row | _read(seen, chosen, iso2)
    if task in answers.HUB:
        return row | hub.row(task, seen)
    row["notice"] = counts.notice()
    if seen.unlike:
        return row | {"problem": answers.not_made_for(task)}
    for kind, (mean, low, high) in answers.expected(task, seen.found).items():
        row |= {kind: round(mean), f"{kind}_low": round(low), f"{kind}_high": round(high)}
    judged = answers.fit_for(task, seen.kind)
    return row | {"problem": fitness_words.warning(judged, answers.picture_kind(seen.kind))}


def _read(seen: answers.Seen, chosen: vision_lab_pictures.Chosen, iso2: str) -> dict[str, Any]:
    read = [line for line in prices.lines(seen, chosen, iso2) if line.reading.sure]
    price = next((line for line in read if line.meant.number is not None and line.meant.currency), None)
    dated = next((line.meant.date for line in read if line.meant.date), None)
    asked = [line for line in read if line.meant.refused in prices.ASKED_ABOUT]
    problem = "" if read else _("nothing that can be read for sure")
    return {
        "text": " | ".join(line.reading.text for line in read),
        "amount": str(price.meant.number) if price else "",
        "currency": price.meant.currency if price else "",
        "date": dated.isoformat() if dated else "",
        "problem": "; ".join(f"{line.reading.text}: {prices.told(line)}" for line in asked) or problem,
    }


def _headline(task: str, result: Batch) -> str:
    found = result.table()
    fine = found["problem"].eq("")
    good, pictures = number(int(fine.sum()), 9), number(len(found), 9)
    if task == "tags":
        priced = int(found["amount"].ne("").sum()) if "amount" in found else 0
        return _("Prices on {n} of {pictures} pictures").format(n=number(priced, 9), pictures=pictures)
    if task in answers.HUB:
        return _("{good} of {pictures} pictures looked at").format(good=good, pictures=pictures)
    kinds = [kind for kind in answers.kinds(task) if kind in found]
    parts = [answers.counted(kind, int(found.loc[fine, kind].sum())) for kind in kinds]
    told = _("{things} on {good} of {pictures} pictures").format(
        things=_(", ").join(parts) or _("Nothing"), good=good, pictures=pictures
    )
    doubtful = int((found[kinds].notna().any(axis=1) & ~fine).sum())
    return _("{told}, {n} more doubtful").format(told=told, n=number(doubtful, 9)) if doubtful else told
