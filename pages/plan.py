"""Where should money and people go, how sure is that, and what holds it back?"""

from dataclasses import replace

import streamlit as st

from analytics.allocation.solution import Refusal
from analytics.json_documents import DocumentError
from dashboard import components, filters, plan_bar, plan_controls, plan_ground, plan_parts, plan_state, plan_words
from dashboard import plan_tables as tables
from dashboard.language import _
from dashboard.markup import literal

trouble = plan_state.take_address()
choice = filters.market_filters()


@st.fragment  # a slider draws this part again, not the whole page
def body() -> None:
    if trouble:
        st.error(trouble, icon=":material/link_off:")
    draft = plan_state.now()
    above = st.container()
    left, right = st.columns([1, 2], gap="large")
    below = st.container()
    with left:
        controls = components.controls()
    file = plan_state.file_material(draft.file) if draft.file else None
    with controls:
        industries = plan_controls.industries(draft.wish, choice.recipe, file)
    wish = replace(draft.wish, industries=industries)
    if file is None and (missing := plan_ground.missing(choice, industries)):
        with above:
            plan_bar.bar("")
        with right:
            st.title(_("Where should money and people go?"))
            plan_controls.ask_for_potential(missing, choice.year)
            plan_parts.other_ways()
        return
    material = file or plan_ground.material(choice, industries, None)
    names = plan_words.names_of(material)
    if material.offers.empty:
        with above:
            plan_bar.bar("")
        with right:
            plan_parts.nothing_to_plan(material, wish, names)
        return
    wish = plan_ground.whole(choice, material, wish)
    with controls:
        shocked = plan_ground.shocked(choice, wish, industries)
        plan_controls.all_of(material, wish, names)
        tables.parameters(material, wish)
    with below:
        tables.tables(material, wish, names)
    under = material if shocked is None else shocked[0]
    try:
        problem = plan_state.problem(under, wish)
        with above:
            plan_bar.bar(plan_state.file_of(problem, plan_bar.title(wish.name)))
            plan_state.publish()
        with right:
            found = plan_ground.solved(problem)
            if isinstance(found, Refusal):
                plan_parts.refused(found, names)
                return
            components.answer(literal(plan_words.headline(found, names)))
            st.write(literal(plan_words.verdict(found)))
            if shocked is not None:
                plan_parts.against(material, wish, found, shocked[1], names)
            plan_parts.whole(found, problem, under, wish, names, plan_bar.title(wish.name))
    except DocumentError as error:
        with right:
            plan_parts.unfit(error)


body()
