"""The figures behind a plan, to read and to change: parameters, markets, limits, locks, today's plan."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from analytics.allocation import inputs as plan_inputs
from analytics.allocation import request as plan_request
from analytics.allocation.inputs import PlanInputs, Rules
from analytics.allocation.problem import CurrentAllocation, Lock, Response
from analytics.allocation.request import PlanRequest
from dashboard import widgets
from dashboard.i18n.translation import _, language_name
from dashboard.markup import literal
from dashboard.plan import state, words
from dashboard.plan.words import Names

EDITABLE = list(plan_inputs.OWN)


def tables(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """The tables over the whole width, each in an expander of its own, drawn when it is open."""
    st.subheader(_("Figures behind the plan, yours to change"))
    for key, (title, draw) in {
        "markets": (_("Costs, friction and people of each market"), markets),
        "limits": (_("Limits by region and language"), limits),
        "locks": (_("What is decided already"), locks),
        "today": (_("Today's plan"), today),
    }.items():
        box = st.expander(title, key=f"plan_box_{key}", on_change="rerun")
        if box.open:
            with box:
                draw(material, wish, names)


# ------------------------------------------------------------------ parameters


def parameters(material: PlanInputs, wish: PlanRequest) -> None:
    """The response curve, how figures are derived, and the objective; every one of them a judgement."""
    box = st.expander(_("Parameters"), key="plan_box_parameters", on_change="rerun")
    if box.open:
        with box:
            _parameters(material, wish)


def _parameters(material: PlanInputs, wish: PlanRequest) -> None:
    given = dict(wish.settings)
    usual = Response(), Rules()
    st.caption(
        _(
            "A market's gain a year is attainable share × untapped × (1 − e^(−effort / scale)), where effort is wages "
            "and programme money of this year and, fading, of the years before, and scale grows with the attainable "
            "amount and with friction. All of this is judgement: change it and see."
        )
    )
    with st.form("plan_parameters", border=False):
        response = {}
        for name, (label, low, high, step, form) in _response_fields().items():
            value = float(getattr(wish.response, name))
            response[name] = st.number_input(
                label, low, high, value, step, form, key=_key(name, value), help=_usual(getattr(usual[0], name))
            )
        rules = {}
        if not material.from_file:
            st.caption(literal(_how_derived(wish.rules)))
            for name, (label, low, high, step, form) in _rule_fields().items():
                value = float(getattr(wish.rules, name))
                rules[name] = st.number_input(
                    label, low, high, value, step, form, key=_key(name, value), help=_usual(getattr(usual[1], name))
                )
        kinds = {"gain": _("The most gain within the budget"), "net": _("The most gain after all costs")}
        chosen = given.get("objective", "gain")
        objective = st.selectbox(
            _("What is maximised"),
            list(kinds),
            list(kinds).index(chosen),
            kinds.get,
            key=_key("objective", chosen),
            filter_mode=widgets.SEARCH,
        )
        settings = {}
        for name, (label, low, high) in {
            "discount_rate": (_("Discount rate, % a year"), 0.0, 100.0),
            "carry_over": (_("Effort that still works a year later, %"), 0.0, 95.0),
            "cvar_tail": (_("Bad cases: the worst … % of simulations"), 1.0, 100.0),
        }.items():
            value = 100 * float(given.get(name, _usual_setting(name)))
            settings[name] = st.number_input(label, low, high, value, 1.0, "%.0f", key=_key(name, value)) / 100
        if st.form_submit_button(_("Plan with these"), icon=":material/check:"):
            if settings["cvar_tail"] == 0:
                settings["cvar_tail"] = 0.01
            now = given | settings | {"objective": objective}
            kept = tuple((name, value) for name, value in now.items() if value != _usual_setting(name))
            state.change(response=replace(wish.response, **response), rules=replace(wish.rules, **rules), settings=kept)
            st.rerun()


def _usual_setting(name: str) -> Any:
    from analytics.allocation.problem import defaults

    return defaults()["solve"].get(name)


def _key(name: str, value: Any) -> str:
    """A widget's key with its value: when that changes elsewhere (undo, a file), the widget starts anew."""
    return f"plan_{name}_{value}"


def _usual(value: float) -> str:
    return _("Usually {value}").format(value=f"{value:,g}")


def _response_fields() -> dict[str, tuple[str, float, float, float, str]]:
    return {
        "attainable_share": (_("Attainable share of what is untapped, a year"), 0.0001, 1.0, 0.001, "%.4f"),
        "scale_usd": (_("Effort, US$, that wins 63 % of an attainable million"), 1000.0, 1e9, 100_000.0, "%.0f"),
        "scale_exponent": (_("How that effort grows with the amount"), 0.0, 1.5, 0.05, "%.2f"),
        "friction_weight": (_("How much more it costs at full friction"), 0.0, 100.0, 0.5, "%.1f"),
        "programme_ratio": (_("Programme money per US$ of wages, at most"), 0.0, 100.0, 0.1, "%.1f"),
    }


def _rule_fields() -> dict[str, tuple[str, float, float, float, str]]:
    return {
        "wage_at_usd": (_("Person and year where income is 50,000 US$"), 1000.0, 1e7, 1000.0, "%.0f"),
        "wage_exponent": (_("How wages grow with income"), 0.0, 2.0, 0.05, "%.2f"),
        "entry_fixed_usd": (_("Entry, fixed part, US$"), 0.0, 1e9, 10_000.0, "%.0f"),
        "entry_person_years": (_("Entry, person-years"), 0.0, 100.0, 0.5, "%.1f"),
        "hub_fixed_usd": (_("Office a year, fixed part, US$"), 0.0, 1e9, 10_000.0, "%.0f"),
        "hub_person_years": (_("Office a year, person-years"), 0.0, 100.0, 0.5, "%.1f"),
        "friction_distance": (_("Friction: weight of distance"), 0.0, 10.0, 0.1, "%.1f"),
        "friction_law": (_("Friction: weight of a weak rule of law"), 0.0, 10.0, 0.1, "%.1f"),
        "friction_clock": (_("Friction: weight of working hours not shared"), 0.0, 10.0, 0.1, "%.1f"),
    }


def _how_derived(rules: Rules) -> str:
    return _(
        "Where you give no figure of your own: a person and year cost {wage} US$ × (GDP per person / {income} US$) ^ "
        "{exponent}, at least {floor}; entering costs {fixed} US$ × (1 + friction) + {years} person-years; friction is "
        "the weighted mean of distance from home, weak law and working hours not shared, each a share from 0 to 1."
    ).format(
        wage=f"{rules.wage_at_usd:,.0f}",
        income=f"{rules.wage_income_usd:,.0f}",
        exponent=f"{rules.wage_exponent:g}",
        floor=f"{rules.wage_floor_usd:,.0f}",
        fixed=f"{rules.entry_fixed_usd:,.0f}",
        years=f"{rules.entry_person_years:g}",
    )


# ------------------------------------------------------------------ markets


def markets(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """Wage, entry cost, friction, fewest and most people of each market, with what they are derived from."""
    codes = [iso3 for iso3 in wish.markets if iso3 in material.markets.index]
    now = plan_request.figures(material, wish).loc[codes]
    usual = plan_request.figures(material, replace(wish, own=())).loc[codes]
    shown = now[EDITABLE].astype({name: float for name in EDITABLE if name != "is_open"} | {"is_open": bool})
    shown.insert(0, "market", [names[iso3] for iso3 in codes])
    reasons = [] if material.from_file else ["gdp_usd", *plan_inputs.PARTS]
    behind = material.markets[reasons].astype(float)
    for name in reasons:
        behind[name] = behind[name].round(0) if name == "gdp_usd" else (100 * behind[name]).round(0)
    shown = shown.join(behind)
    money = {"min_value": 0.0, "step": 1000.0, "format": "localized"}
    columns = {
        "market": st.column_config.TextColumn(_("Market"), pinned=True),
        "wage_usd": st.column_config.NumberColumn(_("Person and year, US$"), **money),
        "entry_cost_usd": st.column_config.NumberColumn(_("Entry, US$"), **money),
        "friction": st.column_config.NumberColumn(_("Friction, 0–1"), min_value=0.0, max_value=1.0, step=0.01),
        "min_people": st.column_config.NumberColumn(_("Fewest people"), min_value=0, step=1),
        "max_people": st.column_config.NumberColumn(_("Most people"), min_value=0, step=1),
        "is_open": st.column_config.CheckboxColumn(_("There already")),
        "gdp_usd": st.column_config.NumberColumn(_("GDP per person, US$"), format="localized"),
        "distance": st.column_config.NumberColumn(_("Markets nearer"), format="%d %%"),
        "law": st.column_config.NumberColumn(_("Stronger law"), format="%d %%", help=_("Share of markets.")),
        "clock": st.column_config.NumberColumn(_("Hours not shared"), format="%d %%"),
    }
    if not material.from_file:
        st.caption(_("The first columns are yours to change; the last ones are what they are derived from."))

    def take(edited: pd.DataFrame) -> None:
        own = [entry for entry in wish.own if entry[0] not in codes]
        for iso3, row in zip(codes, edited.to_dict("records"), strict=True):
            for name in EDITABLE:
                value = row[name]
                if not pd.isna(value) and float(value) != float(usual.at[iso3, name]):
                    own.append((iso3, name, int(value) if name in ("min_people", "max_people") else float(value)))
        state.change(own=tuple(own))

    _editor("markets", shown.reset_index(drop=True), columns, take, ["market", *reasons], fixed=True)


# ------------------------------------------------------------------ limits, locks, today


def limits(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """The most a year in a region, and the most people of a language."""
    here = material.markets.reindex([iso3 for iso3 in wish.markets if iso3 in material.markets.index])
    regions, languages = sorted(here["region"].dropna().unique()), sorted(here["language"].dropna().unique())
    table = pd.DataFrame(wish.region_limits, columns=["region", "budget_usd", "people"], dtype=object)
    columns = {
        "region": st.column_config.SelectboxColumn(
            _("Region"), options=regions, format_func=words.region, required=True
        ),
        "budget_usd": st.column_config.NumberColumn(_("US$ a year, at most"), min_value=0.0, format="localized"),
        "people": st.column_config.NumberColumn(_("People, at most"), min_value=0, step=1),
    }

    def take_regions(edited: pd.DataFrame) -> None:
        rows = {
            row["region"]: (_number(row["budget_usd"]), _whole(row["people"]))
            for row in edited.to_dict("records")
            if row["region"]
        }
        state.change(region_limits=tuple((region, *most) for region, most in rows.items()))

    left, right = st.columns(2, gap="medium")
    with left:
        _editor("regions", table, columns, take_regions)
    table = pd.DataFrame(wish.language_capacity, columns=["language", "people"], dtype=object)
    columns = {
        "language": st.column_config.SelectboxColumn(
            _("Language"), options=languages, format_func=language_name, required=True
        ),
        "people": st.column_config.NumberColumn(_("People who speak it"), min_value=0, step=1, required=True),
    }

    def take_languages(edited: pd.DataFrame) -> None:
        rows = {row["language"]: _whole(row["people"]) for row in edited.to_dict("records") if row["language"]}
        state.change(language_capacity=tuple((key, count) for key, count in rows.items() if count is not None))

    with right:
        _editor("languages", table, columns, take_languages)


def locks(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """Markets that must be open or closed, and exact people or money."""
    fields = ["market", "industry", "year", "open", "people", "budget_usd"]
    table = pd.DataFrame([[getattr(row, name) for name in fields] for row in wish.locks], columns=fields, dtype=object)
    table["open"] = table["open"].map({True: "open", False: "closed"}.get)
    states = {"open": _("is open"), "closed": _("is closed")}
    columns = _place_columns(wish, names) | {
        "open": st.column_config.SelectboxColumn(_("Must be"), options=list(states), format_func=states.get),
        "people": st.column_config.NumberColumn(_("People, exactly"), min_value=0, step=1),
        "budget_usd": st.column_config.NumberColumn(_("US$, exactly"), min_value=0.0, format="localized"),
    }
    st.caption(_("No industry means all of them together, no year every year."))

    def take(edited: pd.DataFrame) -> None:
        rows = [
            Lock(
                row["market"],
                row["industry"] or None,
                _whole(row["year"]),
                {"open": True, "closed": False}.get(row["open"]),
                _whole(row["people"]),
                _number(row["budget_usd"]),
            )
            for row in _plain(edited)
            if row["market"]
        ]
        state.change(locks=tuple(row for row in rows if (row.open, row.people, row.budget_usd) != (None,) * 3))

    _editor("locks", table, columns, take)


def today(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """What is done today; the page then says how likely the new plan beats it."""
    fields = ["market", "industry", "people", "programme_usd", "year"]
    table = pd.DataFrame([[getattr(row, name) for name in fields] for row in wish.today], columns=fields, dtype=object)
    columns = _place_columns(wish, names) | {
        "industry": st.column_config.SelectboxColumn(
            _("Industry"), options=list(wish.industries), format_func=words.industry, required=True
        ),
        "people": st.column_config.NumberColumn(_("People"), min_value=0, step=1, required=True),
        "programme_usd": st.column_config.NumberColumn(_("Programme, US$ a year"), min_value=0.0, format="localized"),
    }
    st.caption(_("Markets in it count as open: entering them costs nothing. No year means every year."))

    def take(edited: pd.DataFrame) -> None:
        state.change(
            today=tuple(
                CurrentAllocation(
                    row["market"],
                    row["industry"],
                    _whole(row["people"]) or 0,
                    _number(row["programme_usd"]) or 0.0,
                    _whole(row["year"]),
                )
                for row in _plain(edited)
                if row["market"] and row["industry"]
            )
        )

    _editor("today", table, columns, take)


def _place_columns(wish: PlanRequest, names: Names) -> dict[str, Any]:
    return {
        "market": st.column_config.SelectboxColumn(
            _("Market"), options=list(wish.markets), format_func=lambda iso3: names[iso3], required=True
        ),
        "industry": st.column_config.SelectboxColumn(
            _("Industry"), options=list(wish.industries), format_func=words.industry
        ),
        "year": st.column_config.SelectboxColumn(_("Year"), options=list(wish.years)),
    }


def _editor(
    name: str,
    table: pd.DataFrame,
    columns: dict[str, Any],
    take: Callable[[pd.DataFrame], None],
    disabled: list[str] | None = None,
    fixed: bool = False,
) -> None:
    """A table to change, taken over with one click: one plan for all changes instead of one for each."""
    stamp = hash(table.to_csv())  # another table is another widget: undo and files show
    with st.form(f"plan_form_{name}", border=False):
        edited = st.data_editor(
            table,
            key=f"plan_table_{name}_{stamp}",
            hide_index=True,
            num_rows="fixed" if fixed else "dynamic",
            column_config=columns,
            disabled=disabled or False,
        )
        if st.form_submit_button(_("Plan with these"), icon=":material/check:", key=f"plan_take_{name}"):
            take(edited)
            st.rerun()


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {key: None if value is None or pd.isna(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)
