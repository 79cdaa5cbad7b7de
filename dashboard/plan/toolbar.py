"""The bar above a plan: name, undo, reset, save, open, file."""

from collections.abc import Callable

import streamlit as st

from analytics.json_documents import DocumentError
from dashboard import documents, navigation
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from dashboard.plan import state
from data import shelf

SHELF = "plans"
EXAMPLE = navigation.ROOT / "docs" / "examples" / "allocation.json"
FILE_MB = 5
TROUBLE = "plan_trouble"


def title(name: str) -> str:
    """What a plan is called; one without a name is "My plan"."""
    return name or _("My plan")


def bar(text: str) -> None:
    """Name, undo, reset, save, open, file: in one row. text: the problem's JSON, empty while there is none."""
    draft = state.now()
    with st.container(horizontal=True, vertical_alignment="bottom", key="plan_bar"):
        shown = title(draft.wish.name)
        if st.session_state.get("plan_name") != shown:
            st.session_state["plan_name"] = shown
        st.text_input(_("Plan"), key="plan_name", max_chars=shelf.MAX_NAME, on_change=_rename, width=260)
        st.button(
            _("Undo"),
            icon=":material/undo:",
            key="plan_undo",
            on_click=state.undo,
            disabled=not state.can_undo(),
        )
        st.button(_("Reset"), icon=":material/restart_alt:", key="plan_reset", on_click=state.reset)
        saving = st.popover(
            _("Save"), icon=":material/save:", on_change="rerun", key="save_plan_open", disabled=not text
        )
        if saving.open and text:
            with saving:
                documents.saving(SHELF, title(draft.wish.name), "save_plan", lambda: text)
        opened = st.popover(_("Open"), icon=":material/folder_open:", on_change="rerun", key="open_plan")
        if opened.open:
            with opened:
                _open()
        if text:
            st.download_button(
                _("File"),
                lambda: text.encode(),
                f"{title(draft.wish.name)}.json",
                "application/json",
                icon=":material/download:",
                key="plan_json",
                on_click="ignore",
                help=_("The whole problem as JSON: open it here again, or run python -m analytics allocate FILE."),
            )
    if draft.file:
        with st.container(horizontal=True, vertical_alignment="center", key="plan_from_file"):
            st.info(
                _("This plan uses the amounts in its file, not today's figures from the atlas."),
                icon=":material/description:",
            )
            st.button(_("Use the atlas's figures"), key="plan_atlas", on_click=_leave_file)


def _leave_file() -> None:
    state.put(state.fresh())


def _rename() -> None:
    name = st.session_state["plan_name"].strip()
    if name:
        state.change(name=name)


def _open() -> None:
    documents.opening(SHELF, _("Saved plans"), "plan", _take_saved)
    if trouble := st.session_state.pop(TROUBLE, None):
        st.error(trouble, icon=":material/error:")
    upload("bar")
    example("bar")


def upload(where: str) -> None:
    """A problem from the reader's machine. where: part of the widgets' keys."""
    given = st.file_uploader(_("A plan's file"), type=["json"], key=f"plan_file_{where}", max_upload_size=FILE_MB)
    if given is not None and st.button(_("Open the file"), key=f"open_plan_file_{where}"):
        take(given.getvalue)


def example(where: str) -> None:
    """The problem that comes with the program. where: part of the button's key."""
    if st.button(_("Open the worked example"), icon=":material/school:", key=f"plan_example_{where}"):
        take(lambda: EXAMPLE.read_text(encoding="utf-8"))


def _take_saved(read: Callable[[], str]) -> None:
    """The same as `take` before the page is drawn: why not is told then."""
    try:
        state.open_text(read())
    except (DocumentError, shelf.ShelfError) as error:
        st.session_state[TROUBLE] = spelt(error)


def take(read: Callable[[], str | bytes]) -> None:
    """Work on what was read, or say why that is not possible; what is there stays then."""
    try:
        state.open_text(read())
    except (DocumentError, shelf.ShelfError, OSError) as error:
        st.error(spelt(error), icon=":material/error:")
        return
    st.rerun()
