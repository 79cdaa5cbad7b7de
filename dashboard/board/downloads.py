"""Take a board away: three downloads, each made when it is asked for."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard.board.content import Board
from dashboard.i18n import translation as language
from dashboard.i18n.translation import _
from data.words import JOINERS, MARKS

PRESENTATION = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
MAX_NAME = 80


@dataclass(frozen=True)
class Later:
    """A file that is made when it is downloaded, in the language the reader has now.

    Streamlit makes it on another thread, where neither the reader's session nor language is known.
    """

    make: Callable[[], Board]
    form: str
    language: str

    def __call__(self) -> bytes:
        language.settle(self.language)
        board = self.make()
        if self.form == "pptx":
            from dashboard.board import to_pptx

            return to_pptx.as_pptx(board)
        if self.form == "html":
            from dashboard.board import to_html

            return to_html.as_html(board).encode()
        from dashboard.board import to_pdf

        return to_pdf.as_pdf(board)


def board_downloads(make: Callable[[], Board], name: str) -> None:
    """Buttons for PowerPoint, HTML and PDF side by side. make: the board; called on a click, on another thread.

    name: of the files, without an ending. What `make` needs of the session must be taken before.
    """
    forms = {
        "pptx": (_("PowerPoint"), ":material/slideshow:", PRESENTATION),
        "html": (_("HTML"), ":material/html:", "text/html"),
        "pdf": (_("PDF"), ":material/picture_as_pdf:", "application/pdf"),
    }
    with st.container(horizontal=True, key="board_downloads"):
        for form, (label, icon, mime) in forms.items():
            st.download_button(
                label,
                Later(make, form, language.current()),
                f"{file_name(name)}.{form}",
                mime,
                icon=icon,
                key=f"board_{form}",
                on_click="ignore",
            )


def file_name(name: str) -> str:
    """A name that every system takes for a file."""
    return re.sub(rf"[^\w.{MARKS}{JOINERS}-]+", "-", name).strip("-.")[:MAX_NAME] or "board"
