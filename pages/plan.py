"""Where should money and people go, how sure is that, and what holds it back?"""

from dataclasses import replace

import streamlit as st

from analytics.allocation.solution import Refusal
from analytics.json_documents import DocumentError
from dashboard import components, filters
from dashboard.i18n.translation import _
from dashboard.markup import literal
from dashboard.plan import controls as plan_controls
from dashboard.plan import inputs, parts, state, tables, toolbar, words

trouble = state.take_address()
choice = filters.market_filters()


@st.fragment  # a slider draws this part again, not the whole page
def body() -> None:
    if trouble:
        st.error(trouble, icon=":material/link_off:")
    draft = state.now()
    above = st.container()
    left, right = st.columns([1, 2], gap="large")
    below = st.container()
    with left:
        controls = components.controls()
    file = state.file_material(draft.file) if draft.file else None
    with controls:
        industries = plan_controls.industries(draft.wish, choice.recipe, file)
    wish = replace(draft.wish, industries=industries)
    if file is None and (missing := inputs.missing(choice, industries)):
        with above:
            toolbar.bar("")
        with right:
            st.title(_("Where should money and people go?"))
            plan_controls.ask_for_potential(missing, choice.year)
            parts.other_ways()
        return
    material = file or inputs.material(choice, industries, None)
    names = words.names_of(material)
    if material.offers.empty:
        with above:
            toolbar.bar("")
        with right:
            parts.nothing_to_plan(material, wish, names)
        return
    wish = inputs.whole(choice, material, wish)
    with controls:
        shocked = inputs.shocked(choice, wish, industries)
        plan_controls.all_of(material, wish, names)
        tables.parameters(material, wish)
    with below:
        tables.tables(material, wish, names)
    under = material if shocked is None else shocked[0]
    try:
        problem = state.problem(under, wish)
        with above:
            toolbar.bar(state.file_of(problem, toolbar.title(wish.name)))
            state.publish()
        with right:
            found = inputs.solved(problem)
            if isinstance(found, Refusal):
                parts.refused(found, names)
                return
            components.answer(literal(words.headline(found, names)))
            st.write(literal(words.verdict(found)))
            if shocked is not None:
                parts.against(material, wish, found, shocked[1], names)
            parts.whole(found, problem, under, wish, names, toolbar.title(wish.name))
    except DocumentError as error:
        with right:
            parts.unfit(error)


body()
