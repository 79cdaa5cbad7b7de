"""What a plan comes to, each part one question: the figures, the bars, the frontier, what binds, rivals, offices."""

import pandas as pd
import streamlit as st

from analytics.allocation import solution
from analytics.allocation.inputs import PlanInputs
from analytics.allocation.problem import Problem
from analytics.allocation.request import PlanRequest
from analytics.allocation.solution import Answer, Refusal
from analytics.json_documents import DocumentError
from analytics.scenario.document import Scenario
from dashboard import components, load, navigation, widgets
from dashboard.board.downloads import board_downloads
from dashboard.charts import maps, plans
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, compact, language_name, listing, number, share
from dashboard.markup import literal
from dashboard.plan import board, inputs, state, toolbar, words
from dashboard.plan.words import Names, usd

MILLION = 1e6
TOLD = 4
"""Reasons for what is left out, told one by one."""
FAST_S = 0.1
"""A plan found this fast has its frontier worked out unasked."""
TIMES_A_DRAW = 1 / 13
"""As long as the plan itself a frontier takes, for each draw, as measured: caution is harder to plan than the mean."""


def figures(answer: Answer, names: Names) -> None:
    """Gain with its interval, the bad cases, the gap, and the chance of beating today's plan."""
    problem, table = answer.problem, answer.comparison.table
    cells = st.columns(4)
    cells[0].metric(
        _("Untapped spending reached, US$"),
        compact(answer.mean_usd),
        _("5–95 %: {range}").format(range=words.between(answer.low_usd, answer.high_usd)),
        delta_color="off",
        delta_arrow="off",
        help=literal(words.meaning(answer)),
    )
    cells[1].metric(
        _("Worst 20 % of cases, US$") if problem.cvar_tail == 0.2 else _("In bad cases, US$"),
        compact(answer.cvar_usd),
        help=_("Average of the worst {share} of simulations (CVaR).").format(share=share(problem.cvar_tail)),
    )
    cells[2].metric(_("Distance from the optimum, at most"), words.percent(answer.plan.gap), help=words.curve(answer))
    rival = "today" if answer.comparison.p_beats_today is not None else "proportional"
    error = table["p_plan_beats_se"].get(rival, float("nan"))
    labels = {"today": _("Better than today's plan"), "proportional": _("Better than a proportional split")}
    cells[3].metric(
        labels[rival],
        words.wins(table.loc[rival]),
        help=_("Tested on {draws} new simulations; standard error {error}.").format(
            draws=number(answer.comparison.draws, 9), error=words.percent(error)
        ),
    )
    st.caption(words.nearness(answer))


def notices(answer: Answer, material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """What a reader must know before believing it."""
    if not answer.plan.reached:
        st.warning(words.nearness(answer), icon=":material/timer_off:")
    left = words.left_out(material, wish, names)
    for sentence in left[:TOLD]:
        st.caption(literal(sentence))
    if len(left) > TOLD:
        st.caption(_("and {count} more").format(count=len(left) - TOLD))


def bars(answer: Answer, names: Names) -> None:
    """Where money and people go, year by year."""
    by = "market"
    if len({row.industry for row in answer.problem.opportunities}) > 1:
        kinds = {"market": _("By market"), "industry": _("By industry")}
        by = widgets.segmented(_("Show"), tuple(kinds), "plan_view", "market", kinds.get, label_visibility="collapsed")
    money, people = solution.spent(answer.plan, by), solution.staffed(answer.plan, by)
    order = list(money.drop(index=["hubs", "entry"], errors="ignore").sum(axis=1).sort_values(ascending=False).index)
    order += [key for key in ("entry", "hubs") if key in money.index]
    titles = {"hubs": _("Offices"), "entry": _("Entry costs")}
    titles |= {key: names[key] if by == "market" else words.industry(key) for key in order if key not in titles}
    colour = plans.colours(order, "hubs")
    left, right = st.columns(2, gap="medium")
    millions = money.loc[order] / MILLION
    with left:
        st.subheader(_("Where the money goes"))
        _stack(millions, titles, colour, "plan_money", _("Million US$ a year"), _("{market}, {year}: {value}"), answer)
    with right:
        st.subheader(_("Where the people work"))
        _stack(
            people.loc[[key for key in order if key in people.index]],
            titles,
            colour,
            "plan_people",
            _("People"),
            _("{market}, {year}: {value} people"),
            answer,
        )


def _stack(
    table: pd.DataFrame,
    titles: dict[str, str],
    colour: dict[str, str],
    name: str,
    axis: str,
    template: str,
    answer: Answer,
) -> None:
    money = name == "plan_money"
    hover = {
        key: [
            template.format(
                market=titles[key], year=year, value=usd(value * MILLION) if money else number(float(value), 9)
            )
            for year, value in row.items()
        ]
        for key, row in table.iterrows()
    }
    components.chart(
        plans.stacked(table, titles, colour, components.look(), axis, hover, _("others")),
        lambda: answer.plan.rows.round(0) if money else table.reset_index(names="market"),
        name,
        _("Stacked bars, a bar a year: {axis}").format(axis=axis),
        source(answer),
    )


def source(answer: Answer) -> str:
    """What the figures stand on."""
    return _("Source: this plan, on {draws} simulations of untapped spending.").format(draws=answer.problem.draws)


def frontier(answer: Answer, problem: Problem) -> None:
    """What less risk costs: five more plans, at once where they come fast, else on request."""
    st.subheader(_("Price of lower risk"))
    key = "plan_frontier_for"
    if answer.plan.seconds > FAST_S and st.session_state.get(key) != problem:
        st.write(_("Five more plans, from the mean alone to the bad cases alone."))
        wait = answer.plan.seconds * answer.problem.draws * TIMES_A_DRAW
        st.button(
            _("Work out the frontier (about {seconds} s)").format(seconds=number(max(wait, 1), 1)),
            key="plan_frontier",
            on_click=lambda: st.session_state.update({key: problem}),
        )
        return
    with st.spinner(_("Working out the frontier"), show_time=True):
        table = load.plan_frontier(problem, brought=bool(state.now().file))
    points = table.assign(mean_usd=table["mean_usd"] / MILLION, cvar_usd=table["cvar_usd"] / MILLION)
    dial = _dial_labels(table)
    plan = answer.plan
    components.chart(
        plans.frontier(
            points,
            (plan.cvar_usd / MILLION, plan.mean_usd / MILLION),
            components.look(),
            (
                _("In bad cases (worst {share}), million US$").format(share=share(answer.problem.cvar_tail)),
                _("Expected, million US$"),
            ),
            _("this plan"),
            dial,
        ),
        table,
        "plan_frontier",
        _("Expected gain against gain in bad cases, by risk preference"),
        _("On the {draws} simulations used to make the plans; the figures above are on new ones.").format(
            draws=number(answer.problem.draws, 9)
        ),
    )
    if not table["reached"].all():
        st.caption(
            _(
                "At {count} of {all} positions the search stopped early: up to {gap} below the best there can be."
            ).format(count=int((~table["reached"]).sum()), all=len(table), gap=words.percent(table["gap"].max()))
        )
    spread = table["mean_usd"].max() - table["mean_usd"].min()
    if spread <= 0.005 * table["mean_usd"].max():
        st.caption(_("All positions give nearly the same plan: here, caution costs nothing."))


def _dial_labels(table: pd.DataFrame) -> list[str]:
    """One label a point of the frontier: positions of the dial that give the same plan share the first one's."""
    same = table[["mean_usd", "cvar_usd"]].round(-3).apply(tuple, axis=1)
    risks = table["risk"].groupby(same).transform(lambda group: ", ".join(f"{risk:g}" for risk in group))
    pairs = zip(same.duplicated(), risks, strict=True)
    return ["" if again else _("risk {risk}").format(risk=text) for again, text in pairs]


def limits(answer: Answer, names: Names) -> None:
    """What binds, and what it would be worth to give way."""
    st.subheader(_("Bottlenecks"))
    for sentence in words.binding(answer, names):
        st.markdown(f"- {literal(sentence)}")
    st.caption(
        _("Prices are for small changes with markets and offices as they are; another market might open for more.")
    )


def rivals(answer: Answer, names: Names) -> None:
    """The plan against simpler ones, on draws it was not made with."""
    st.subheader(_("Is it better than simpler plans?"))
    titles, whole = words.plans(), answer.comparison.table
    columns = ["mean_usd", "cvar_usd", "cost_usd", "people", "markets", "p_plan_beats"]
    table = whole.reindex(columns=columns).assign(plan=[titles[key] for key in whole.index])
    for name in columns[:3]:
        table[name] = [f"{value:.1f}" for value in table[name] / MILLION]
    for name in columns[3:5]:
        table[name] = [number(value, 9) for value in table[name]]
    table["p_plan_beats"] = [words.wins(row) for _key, row in whole.iterrows()]
    titled = {
        "plan": _("Plan"),
        "mean_usd": _("Expected, mn US$"),
        "cvar_usd": _("Bad cases, mn US$"),
        "cost_usd": _("Cost, mn US$"),
        "people": _("People"),
        "markets": _("Markets"),
        "p_plan_beats": _("This plan wins in"),
    }
    st.table(table[list(titled)].rename(columns=titled).set_index(_("Plan")).T.rename(literal))
    told = [
        f"{titles[key]}: {words.rival_note(row['note'], names)}"
        for key, row in whole.drop(index="optimised").iterrows()
    ]
    told.append(_("Tested on {draws} new simulations, discounted.").format(draws=number(answer.comparison.draws, 9)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(literal(" ".join(told)), width="stretch")
        components.download(whole.reset_index(names="plan"), "plan-rivals")


def offices(answer: Answer, names: Names) -> None:
    """Which market is served from where, and how candidate sites compare."""
    placed, problem = answer.layout, answer.problem
    if not problem.hubs:
        return
    st.subheader(_("Who is served from where, in {year}").format(year=placed.year))
    if len(placed.hubs):
        st.write(literal(words.offices(placed, names)))
    hover = {}
    for row in placed.links.itertuples():
        hover[row.market] = _(
            "<b>{market}</b>, served from {office}<br>{people} people, {hours} shared hours a day<br>{language}"
        ).format(
            market=names[row.market],
            office=names[row.hub],
            people=row.people,
            hours=number(row.overlap_hours),
            language=language_name(row.language),
        )
    for row in placed.hubs.itertuples():
        hover[f"hub:{row.site}"] = _("<b>Office in {office}</b> since {year}<br>{staff} people<br>{languages}").format(
            office=names[row.site],
            year=row.since,
            staff=row.staff,
            languages=listing([language_name(code) for code in row.languages]),
        )
    for row in placed.unserved.itertuples():
        hover[row.market] = _("<b>{market}</b>, not served<br>{reason}").format(
            market=names[row.market], reason=words.unserved(row.reason)
        )
    labels = {"office": _("Office"), "served": _("Served market"), "unserved": _("Not served")}
    columns = ["market", "hub", "overlap_hours", "shared_days", "language", "people", "gain_usd"]
    components.chart(
        plans.offices(
            placed.hubs,
            placed.links,
            placed.unserved,
            hover,
            {code: names[code] for code in {*placed.links["market"], *placed.hubs["site"], *placed.unserved["market"]}},
            load.markets()[["latitude", "longitude"]],
            load.map_markets(),
            components.look(),
            labels,
        ),
        placed.links[columns].round(2),
        "plan_offices",
        _("World map of offices and the markets they serve"),
        _("Working hours 9 to 17 on both clocks, on {day}.").format(day=placed.clocks_on),
        config=maps.CONFIG,
    )
    if told := words.not_served(placed, names):
        st.caption(literal(told))
    _sites(answer, names)


def _sites(answer: Answer, names: Names) -> None:
    sites = answer.layout.candidates
    opened = set(answer.layout.hubs["site"])
    table = pd.DataFrame(
        {
            "site": [names[site] for site in sites["site"]],
            "open": [site in opened for site in sites["site"]],
            "score": sites["score"],
            "hours": sites["overlap_hours"],
            "markets": [len(markets) for markets in sites["markets"]],
            "languages": [len(codes) for codes in sites["languages"]],
            "cost": sites["cost_usd"],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "site": _("Candidate site"),
            "open": st.column_config.CheckboxColumn(_("In the plan")),
            "score": st.column_config.ProgressColumn(_("Score, 0–100"), min_value=0, max_value=100, format="%.0f"),
            "hours": st.column_config.NumberColumn(
                _("Shared hours"), format="%.1f", help=_("Of a working day, weighted by what is untapped.")
            ),
            "markets": st.column_config.NumberColumn(_("Could serve"), format="%d"),
            "languages": st.column_config.NumberColumn(_("Languages"), format="%d"),
            "cost": st.column_config.NumberColumn(_("US$ a year"), format="localized"),
        },
    )
    weights = answer.layout.weights
    st.caption(
        _("Score: shared hours {overlap}, reach {reach}, languages {languages}, cheapness {cost}.").format(
            **{part: share(weight / sum(weights.values())) for part, weight in weights.items()}
        )
    )


def refused(refusal: Refusal, names: Names) -> None:
    """Why no plan keeps all limits, and the least that would have to give."""
    if isinstance(refusal.reason, TimeoutError):
        st.title(_("No plan was found in time"))
        st.error(
            _("Leave some markets, industries or years out, or allow the search more time in the file."),
            icon=":material/timer_off:",
        )
        return
    st.title(_("No plan keeps all limits"))
    for sentence in words.conflicts(refusal.reason, names):
        st.error(literal(sentence), icon=":material/block:")
    told = words.repairs(refusal.reason, names)
    if told:
        is_least = not refusal.reason.repairs_gap
        st.subheader(
            _("Smallest change that would make a plan possible")
            if is_least
            else _("A change that would make a plan possible")
        )
        for sentence in told:
            st.markdown(f"- {literal(sentence)}")


def other_ways() -> None:
    """A plan without the atlas's estimates: a file, or the worked example."""
    with st.expander(_("Or plan with figures of your own"), icon=":material/upload_file:", key="plan_other"):
        st.write(
            _("A file that follows docs/schemas/allocation.schema.json, such as one saved here; or the worked example.")
        )
        toolbar.upload("page")
        toolbar.example("page")


def nothing_to_plan(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """Nothing untapped is known: why, and what to do instead."""
    st.title(_("There is nothing to plan with yet"))
    for sentence in words.left_out(material, wish, names):
        st.info(literal(sentence), icon=":material/info:")
    st.page_link(navigation.file("data"), label=_("Fetch or import data"), icon=":material/download:")
    other_ways()


def unfit(error: DocumentError) -> None:
    """What is asked does not fit together: which parts, each with its place."""
    st.title(_("These limits do not fit together"))
    st.error(spelt(error), icon=":material/error:")
    st.write(_("Change them on the left, or undo the last change."))


def against(material: PlanInputs, wish: PlanRequest, answer: Answer, under: Scenario, names: Names) -> None:
    """What the scenario does to the plan: the best plan without it, and who moves."""
    try:
        before = inputs.solved(state.problem(material, wish))
    except DocumentError:
        return
    if isinstance(before, Answer):
        st.info(literal(words.against(before, answer, under.name, names)), icon=":material/tune:")


def take_away(answer: Answer, names: Names, name: str) -> None:
    """The plan for a board, and its rows."""
    st.subheader(_("Take it away"))
    made = board.maker(answer, names, name)
    with st.container(horizontal=True):
        board_downloads(made, name)
        components.download(answer.plan.rows, "plan")


def whole(answer: Answer, problem: Problem, material: PlanInputs, wish: PlanRequest, names: Names, name: str) -> None:
    """Everything below the finding."""
    figures(answer, names)
    notices(answer, material, wish, names)
    if answer.plan.rows.empty:
        limits(answer, names)
        return
    bars(answer, names)
    left, right = st.columns(2, gap="medium")
    with left:
        frontier(answer, problem)
    with right:
        limits(answer, names)
    offices(answer, names)
    rivals(answer, names)
    take_away(answer, names, name)
