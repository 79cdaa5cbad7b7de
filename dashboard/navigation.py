"""The only list of pages: file, title, icon, section."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.i18n.translation import _

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Entry:
    """A page: its file under pages/, its title and section (English, translated when shown), its Material icon."""

    name: str
    title: str
    icon: str
    section: str

    @property
    def file(self) -> Path:
        return ROOT / "pages" / f"{self.name}.py"


PAGES = (
    Entry("shortlist", "Shortlist", ":material/checklist:", "Markets"),
    Entry("overview", "Overview", ":material/public:", "Markets"),
    Entry("market", "Market", ":material/location_on:", "Markets"),
    Entry("compare", "Compare", ":material/compare_arrows:", "Markets"),
    Entry("ranking", "Ranking", ":material/format_list_numbered:", "Assess"),
    Entry("potential", "Potential", ":material/trending_up:", "Assess"),
    Entry("decision", "Decision", ":material/gavel:", "Assess"),
    Entry("scenarios", "Scenarios", ":material/tune:", "Plan"),
    Entry("plan", "Plan", ":material/account_tree:", "Plan"),
    Entry("language", "Language lab", ":material/translate:", "Labs"),
    Entry("vision", "Vision lab", ":material/visibility:", "Labs"),
    Entry("assistant", "Assistant", ":material/support_agent:", "Labs"),
    Entry("adapt", "Adapt", ":material/model_training:", "Labs"),
    Entry("cards", "Model cards", ":material/badge:", "Labs"),
    Entry("data", "Data", ":material/database:", "Data"),
)


def sections() -> dict[str, list[st.Page]]:
    """The pages by section for st.navigation, titles in the reader's language; the first page is the start."""
    found: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        page = st.Page(
            entry.file, title=_(entry.title), icon=entry.icon, url_path=entry.name, default=entry is PAGES[0]
        )
        found.setdefault(_(entry.section), []).append(page)
    return found


def entry(name: str) -> Entry:
    """A page by its name in the address; the first page has none."""
    return next((entry for entry in PAGES if entry.name == name), PAGES[0])


def trail(name: str) -> str:
    """Where the reader is: section and title of a page. name: as in its address; the first page has none."""
    found = entry(name)
    title = _(found.title)
    return title if found.section == found.title else f"{_(found.section)} › {title}"


def file(name: str) -> Path:
    """The file of a page, for st.switch_page and st.page_link."""
    return next(entry.file for entry in PAGES if entry.name == name)
