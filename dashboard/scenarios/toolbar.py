"""Where a scenario stands, and the bar above it: name, undo, reset, save, open, share."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from analytics.index import recipe
from analytics.json_documents import DocumentError
from analytics.potential.panel import PotentialError
from analytics.scenario import document as scenarios
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import BaseKey, Scenario
from analytics.scenario.outcome import ScenarioResult
from dashboard import documents, load, widgets
from dashboard.filters import MarketFilters
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, day
from dashboard.markup import literal
from dashboard.scenarios import state
from data import shelf

SHELF = "scenarios"
TROUBLE = "scenario_trouble"


def ground(current: Scenario) -> ScenarioBase:
    """What the scenario stands on, with progress while it is worked out. Raises NotRanked, ForecastError."""
    key = BaseKey.of(current, state.standing(current).before)
    if not st.session_state.get("with_potential", False):
        key = key.without_potential
    if key.horizon:
        with st.spinner(_("Projecting the figures; a few seconds, once")):
            load.outlook(key.recipe, key.year, key.horizon, key.before)
    if key.learner:
        try:
            with st.spinner(_("Estimating the potential; about half a minute, once")):
                load.potential_as_of(key)
        except (PotentialError, ValueError) as error:
            st.info(spelt(error), icon=":material/info:")
            key = key.without_potential
    return load.ground(key)


def outcome(ground: ScenarioBase, current: Scenario) -> ScenarioResult:
    """The scenario carried out; its name and notes change nothing. Raises ScenarioError."""
    key = BaseKey.of(current, state.standing(current).before)
    bare = replace(current, name="", author="", note="", focus="", uncertain=())
    return load.outcome(key.without_potential if ground.estimate is None else key, bare)


def notices(current: Scenario) -> None:
    """Put the scenario in the address; say so when it does not fit, or stands on another state of the store."""
    if too_long := state.publish(current):
        st.warning(too_long, icon=":material/link_off:")
    standing = state.standing(current)
    if standing.gone:
        st.warning(
            _(
                "This scenario was made on data that are not in this store. It is shown on the data here, so its "
                "results may differ."
            ),
            icon=":material/history:",
        )
    elif standing.before is not None:
        rows = load.snapshots().set_index("id")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                _("Based on data as of {day}; newer data have arrived since.").format(
                    day=day(rows.at[current.base.snapshot, "retrieved_at"])
                ),
                icon=":material/history:",
            )
            newest = replace(current, base=replace(current.base, snapshot=str(rows.index[0])))
            st.button(_("Use the newest"), key="use_newest", on_click=state.change, args=(newest,))


# ------------------------------------------------------------------ name, undo, save, open, share


def bar(choice: MarketFilters, current: Scenario) -> None:
    """Name, undo, reset, save, open, share: in one row."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="scenario_bar"):
        key = f"scenario_name|{state.turn()}"
        st.text_input(
            _("Scenario"),
            current.name,
            key=key,
            max_chars=shelf.MAX_NAME,
            on_change=_rename,
            args=(key, current.name),
            width=280,
        )
        st.button(_("Undo"), icon=":material/undo:", on_click=state.undo, disabled=not state.can_undo())
        st.button(
            _("Reset"),
            icon=":material/restart_alt:",
            on_click=lambda: state.change(replace(state.fresh(choice), name=current.name)),
            disabled=state.is_plain(current),
        )
        kept = st.popover(_("Save"), icon=":material/save:", on_change="rerun", key="keep_scenario")
        if kept.open:
            with kept:
                _save(current)
        opened = st.popover(_("Open"), icon=":material/folder_open:", on_change="rerun", key="open_scenario")
        if opened.open:
            with opened:
                _open()
        shared = st.popover(_("Share"), icon=":material/share:", on_change="rerun", key="share_scenario")
        if shared.open:
            with shared:
                _share(current)


def _rename(key: str, before: str) -> None:
    name = st.session_state[key].strip()
    if name and name != before:
        state.change(replace(state.now(), name=name))


def _save(current: Scenario) -> None:
    st.text_input(_("Author"), current.author, key="scenario_author", max_chars=80)
    st.text_area(_("Note"), current.note, key="scenario_note", max_chars=2000)
    documents.saving(SHELF, current.name, "save_scenario", partial(_kept, current))


def _kept(current: Scenario) -> str:
    """The scenario as it is saved, with what was typed beside it."""
    typed = {field: st.session_state.get(f"scenario_{field}", getattr(current, field)) for field in ("author", "note")}
    kept = replace(current, **typed, focus=focus())
    state.change(kept)
    return scenarios.to_json(kept)


def _open() -> None:
    documents.opening(SHELF, _("Saved scenarios"), "scenario", _take, may_copy=True)
    upload = st.file_uploader(_("Or a scenario file"), type=["json"], key="scenario_file", max_upload_size=5)
    if upload is not None:
        st.button(_("Open the file"), key="open_file", on_click=_take, args=(upload.getvalue,))
    if trouble := st.session_state.pop(TROUBLE, None):
        st.error(trouble, icon=":material/error:")


def _take(read: Callable[[], str | bytes], name: str = "") -> None:
    """Work on what was read, or keep why that is not possible; what is there stays then. Before widgets are drawn."""
    try:
        found = scenarios.from_json(read())
    except (DocumentError, shelf.ShelfError) as error:
        st.session_state[TROUBLE] = spelt(error)
        return
    if found.base.recipe not in recipe.NAMES:
        st.session_state[TROUBLE] = _("There is no industry {name} here.").format(name=literal(found.base.recipe))
        return
    state.start(replace(found, name=name) if name else found)


def focus() -> str:
    """The market the answer is about, where one is chosen."""
    return st.session_state.get("market", "") if st.session_state.get("scope", "market") == "market" else ""


def _share(current: Scenario) -> None:
    st.write(_("Anyone with this link sees your scenario."))
    shown = replace(current, focus=focus())
    try:
        st.code(widgets.whole("scenarios", scenario=scenarios.to_link(shown)), wrap_lines=True, language=None)
    except DocumentError as error:
        st.warning(spelt(error), icon=":material/warning:")
    st.download_button(
        _("Scenario file"),
        lambda: scenarios.to_json(shown).encode(),
        f"{current.name}.json",
        "application/json",
        icon=":material/download:",
        key="scenario_json",
        on_click="ignore",
    )
