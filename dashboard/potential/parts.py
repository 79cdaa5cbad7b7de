"""The parts of the Potential page, each one question."""

import pandas as pd
import streamlit as st

from analytics.index.composite import NotRanked
from analytics.potential import panel, validation
from analytics.potential.fit import MIN_EXPLAINED, PotentialFit
from analytics.potential.panel import PotentialError
from dashboard import components, load, widgets
from dashboard.charts import potentials, rankings
from dashboard.filters import MarketFilters
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, compact, ends, in_sentence, listing, number, sentence, share

SHOWN_REASONS = 8
ICONS = {"PASS": ":material/check_circle:", "REVIEW": ":material/visibility:", "FAIL": ":material/error:"}


def own_outcome() -> pd.Series | None:
    """The reader's own outcome, such as revenue in markets already entered; None when none is given."""
    with st.expander(_("Use your own outcome (revenue in markets you are in)"), icon=":material/upload_file:"):
        st.write(
            _("A CSV file with the columns iso3 and value. The model learns from these markets and predicts the rest.")
        )
        upload = st.file_uploader(_("File"), type=["csv"], key="own_outcome", max_upload_size=5)
        if upload is None:
            return None
        try:
            rows = pd.read_csv(upload, encoding="utf-8-sig", keep_default_na=False, dtype=str)
            return panel.own_outcome(rows, list(load.markets().index))
        except (PotentialError, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            st.error(spelt(error), icon=":material/error:")
            return None


def fitted(choice: MarketFilters, own: pd.Series | None) -> PotentialFit | None:
    """The fit for the industry, None while it is worked out; or for the reader's own outcome. Raises PotentialError."""
    if own is None:
        ready = load.potential_if_ready(choice.recipe, choice.year)
        if isinstance(ready, PotentialError):
            raise ready
        return ready
    kept = st.session_state.get("own_fit")
    key = (choice.recipe, choice.year, tuple(own.items()))
    if kept is None or kept[0] != key:
        with st.spinner(
            _("Fitting six learners and testing them on markets they have not seen; about half a minute, once")
        ):
            kept = (key, load.own_potential(choice.recipe, choice.year, own))
        st.session_state["own_fit"] = kept
    return kept[1]


def candidates(choice: MarketFilters, fit: PotentialFit) -> pd.Index:
    """The estimated markets that may be named: the ranked ones; all but home where nothing can be ranked."""
    try:
        ranked = load.ranking(choice.recipe, choice.year).scores.index
    except NotRanked:
        return fit.estimates.index.drop(load.settings()["home_market"], errors="ignore")
    return fit.estimates.index.intersection(ranked)


def headline(fit: PotentialFit, names: pd.Series, among: pd.Index) -> str:
    """The answer: who has clearly less than countries like it; nobody where no interval lies above zero."""
    if not fit.explained >= MIN_EXPLAINED:
        return (
            _("How far countries lie below similar ones cannot be said: nothing tells how well the model explains them")
            if pd.isna(fit.explained)
            else _("No country can be named: the model explains only {r2} of the differences between countries").format(
                r2=share(max(fit.explained, 0.0))
            )
        )

    def spoken(codes: pd.Index) -> str:
        return listing([in_sentence(iso3, names.get(iso3, iso3)) for iso3 in codes[:3]])

    clear = fit.clear_gaps(among)
    if len(clear):
        return sentence(_("{markets} have clearly less than countries like them").format(markets=spoken(clear.index)))
    largest = fit.untapped.index[fit.untapped.index.isin(among)]
    return _("No country is clearly below what is usual for it; the largest gaps, all uncertain: {markets}").format(
        markets=spoken(largest)
    )


def _within(row: pd.Series) -> str:
    low, high = ends(row["low"], row["high"])
    return _("90 %: {low} to {high}").format(low=low, high=high)


def answer(fit: PotentialFit, iso3: str, names: pd.Series) -> None:
    """One country: what is usual for countries like it, what it has, and whether the gap is clear."""
    row, gap = fit.estimates.loc[iso3], fit.untapped.loc[iso3]
    unit = "US$" if fit.estimates["untapped_usd"].notna().any() else _(fit.outcome_unit)
    usual, reported, gaps = st.columns(3)
    usual.metric(
        _("Usual for countries like it"),
        compact(row["predicted"]),
        _within(row),
        delta_color="off",
        delta_arrow="off",
        help=_("{outcome}, {unit}").format(outcome=_(fit.outcome_title), unit=_(fit.outcome_unit)),
    )
    reported.metric(_("Reported, {year}").format(year=fit.year), compact(row["actual"]))
    gaps.metric(
        _("Gap, {unit}").format(unit=unit),
        compact(gap["amount"]),
        _within(gap),
        delta_color="off",
        delta_arrow="off",
    )
    name = sentence(in_sentence(iso3, names.get(iso3, iso3)))
    if pd.isna(gap["amount"]):
        st.write(_("{market} reports no figure, so there is no gap to speak of.").format(market=name))
    elif gap["low"] > 0:
        st.write(
            _("{market} has clearly less than countries like it: the whole interval is above zero.").format(market=name)
        )
    elif gap["high"] < 0:
        st.write(_("{market} has clearly more than countries like it: little may be left to win.").format(market=name))
    else:
        st.write(_("{market} is within what is usual: the interval includes zero.").format(market=name))


def trust(fit: PotentialFit) -> None:
    """Can it be trusted? One line, and the checks behind it."""
    passed = sum(check.verdict == "PASS" for check in fit.checks)
    words = {
        "PASS": _("Yes: {passed} of {count} checks pass, all of those on the estimates."),
        "REVIEW": _("Mostly: {passed} of {count} checks pass; none on the estimates fails."),
        "FAIL": _("Not as it is: {passed} of {count} checks pass, and at least one on the estimates fails."),
    }
    st.write(words[fit.verdict].format(passed=passed, count=len(fit.checks)))
    weak, small = validation.weak_groups(fit.coverage_by)
    if len(weak):
        told = [
            _("{group} ({share})").format(group=_(row.group), share=share(row.coverage)) for row in weak.itertuples()
        ]
        st.write(_("The 90 % intervals hold less often in {groups}.").format(groups=listing(told)))
    if len(small):
        told = [_("{group} ({n} countries)").format(group=_(row.group), n=row.n) for row in small.itertuples()]
        st.write(_("Too few countries to judge: {groups}.").format(groups=listing(told)))
    with st.expander(_("Show the {count} checks").format(count=len(fit.checks))):
        verdicts(fit)


def verdicts(fit: PotentialFit) -> None:
    """One card a check: verdict, figure, a sentence of advice."""
    st.caption(
        _("{outcome}, {unit}, {year}; based on {before} data for {n} countries; {learner}.").format(
            outcome=_(fit.outcome_title),
            unit=_(fit.outcome_unit),
            year=fit.year,
            before=fit.year - fit.horizon,
            n=fit.n,
            learner=_(fit.learner),
        )
    )
    order = {"FAIL": 0, "REVIEW": 1, "PASS": 2}
    checks = sorted(fit.checks, key=lambda check: order[check.verdict])
    columns = st.columns(3)
    for position, check in enumerate(checks):
        with columns[position % 3], st.container(border=True, key=f"check_{check.name.replace(' ', '_')}"):
            st.markdown(f"{ICONS[check.verdict]} **{_(check.title)}**: {number(check.figure, 2)}")
            st.caption(_(check.advice))


def scatter(fit: PotentialFit, iso3: str, names: pd.Series) -> None:
    """Every market's estimate against what it reports, the furthest named."""
    template = _(
        "<b>{market}</b><br>Reported {actual}, expected {predicted}<br>90 %: {low} to {high}<br>Imputed: {imputed}"
    )
    hover = {
        row.Index: template.format(
            market=names.get(row.Index, row.Index),
            actual=compact(row.actual),
            predicted=compact(row.predicted),
            low=low,
            high=high,
            imputed=share(row.imputed_share),
        )
        for row in fit.estimates.itertuples()
        for low, high in [ends(row.low, row.high)]
    }
    unit = _(fit.outcome_unit)
    components.chart(
        potentials.predicted_against_actual(
            fit.estimates,
            names,
            pd.Series(hover),
            iso3,
            (_("Reported, {unit}").format(unit=unit), _("Expected, {unit}").format(unit=unit)),
            fit.transform == "log",
            components.look(),
        ),
        fit.estimates.drop(columns="trained")
        .reset_index(names="iso3")
        .assign(market=lambda rows: rows["iso3"].map(names)),
        "potential",
        _("Expected against reported outcome of each market"),
        load.source_line(tuple(fit.features.columns)),
    )


def reasons(fit: PotentialFit, iso3: str, names: pd.Series) -> None:
    """What the estimate of one country is associated with, and the countries most like it."""
    table = load.potential_reasons(fit, iso3).head(SHOWN_REASONS)
    titles = {key: _(title) for key, title in table["title"].items()}
    components.chart(
        rankings.bars(table["contribution"], titles, _("Against the average country"), components.look()),
        table.assign(title=pd.Series(titles)).round(3),
        "reasons",
        _("What the estimate is associated with"),
        _("Associated with, not caused by: features overlap."),
    )
    alike = load.potential_analogues(fit, iso3)
    st.write(_("Most similar markets: {markets}.").format(markets=listing([names.get(c, c) for c in alike.index])))


def honesty(fit: PotentialFit) -> None:
    """Learners and baselines side by side, coverage by group, coefficients and influence."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(_("**Learners and naive baselines**"))
        table = fit.comparison.reset_index(names="learner")
        table["learner"], table["kind"] = table["learner"].map(_), table["kind"].map(_)
        numbers = {
            "r2_random": _("R², random folds"),
            "r2_leave_region_out": _("R², region left out"),
            "r2_time_split": _("R², later years"),
            "mae_log": _("Mean error"),
        }
        titles = {key: st.column_config.NumberColumn(title, format="%.3f") for key, title in numbers.items()}
        st.dataframe(table, hide_index=True, column_config={"learner": _("Learner"), "kind": _("Kind")} | titles)
        components.download(table, "learners")
    with right:
        st.markdown(_("**Coverage of the 90 % intervals: {coverage} overall**").format(coverage=share(fit.coverage_90)))
        by = fit.coverage_by.assign(
            kind=fit.coverage_by["kind"].map(_), group=fit.coverage_by["group"].map(_)
        ).sort_values("coverage")
        coverage = st.column_config.ProgressColumn(_("Coverage"), min_value=0, max_value=1, format="percent")
        st.dataframe(
            by,
            hide_index=True,
            column_config={"kind": _("Kind"), "group": _("Group"), "n": _("Markets"), "coverage": coverage},
        )
        components.download(by, "coverage-by-group")


def least_squares(fit: PotentialFit) -> None:
    """Coefficients of the plain model, and the market that carries most."""
    with st.expander(_("Least squares: coefficients and influence")):
        coefficients = fit.coefficients.assign(title=fit.titles.map(_)).round(4)
        st.dataframe(coefficients, hide_index=True)
        components.download(coefficients, "coefficients")
        top = fit.influence.iloc[0]
        st.write(
            _("Without {market} the coefficient of {feature} goes from {before} to {after}.").format(
                market=load.markets()["name"].get(fit.influence.index[0], fit.influence.index[0]),
                feature=_(fit.titles.get(top["feature"], top["feature"])),
                before=number(top["estimate"]),
                after=number(top["without"]),
            )
        )


def over_time(fit: PotentialFit) -> None:
    """Elasticities with market and year effects: what goes with the outcome inside one market over the years."""
    with st.expander(_("Over time: each market compared with itself")):
        try:
            found = load.elasticities(fit.recipe.name, fit.year)
        except PotentialError as error:
            st.write(spelt(error))
            return
        table = found.coefficients.assign(title=fit.titles.reindex(found.coefficients.index).map(_, na_action="ignore"))
        st.dataframe(table.round(3), hide_index=True)
        st.caption(
            _("{n} figures of {markets} markets, {first} to {last}; market and year effects; within R² {r2}.").format(
                n=found.n, markets=found.markets, first=found.years[0], last=found.years[-1], r2=number(found.r2_within)
            )
        )
        components.download(table, "elasticities")


def curve(fit: PotentialFit) -> None:
    """How the estimate goes with one feature."""
    features = tuple(fit.features.columns)
    feature = widgets.selectbox(
        _("How the estimate goes with"), features, "feature", fit.importance.idxmax(), lambda key: _(fit.titles[key])
    )
    table = load.potential_effect(fit, feature)
    components.chart(
        potentials.effect(table, (_(fit.titles[feature]), _("Accumulated local effect")), components.look()),
        table.round(4),
        "ale",
        _("How the estimate goes with one feature"),
        load.source_line((feature,)) + " " + _("Associated with, not caused by: features overlap."),
    )
