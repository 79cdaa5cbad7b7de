"""Who is ranked, as a line on every page: the company profile, and the form that changes it."""

import streamlit as st

from dashboard import load, settings_form, widgets
from dashboard.i18n.translation import _, compact, in_sentence
from dashboard.markup import literal
from dashboard.ranking_words import NAMED, listing

SIZES = (0, 100_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000)
SHARES = (0, 60, 70, 80, 90, 95)


def told() -> str:
    """Which countries are left out everywhere, as a sentence."""
    profile = load.settings()
    names = load.markets()["name"]
    present = [code for code in profile["present_markets"].split(",") if code in names.index]
    parts = [_("without {home} (home)").format(home=in_sentence(profile["home_market"], names[profile["home_market"]]))]
    if present:
        shown = listing([in_sentence(code, names[code]) for code in present[:NAMED]])
        parts.append(
            _("without {count} countries you are in ({countries})").format(count=len(present), countries=shown)
            if len(present) > 1
            else _("without {country}, where you are already").format(country=shown)
        )
    if size := int(profile["minimum_population"]):
        parts.append(_("at least {people} people").format(people=compact(float(size))))
    if known := int(profile["minimum_known_pct"]):
        parts.append(_("at least {share} % of the figures known").format(share=known))
    rules = _("; ").join(parts)
    if product := profile["product"]:
        return _("For {product}. Countries ranked: {rules}").format(product=product, rules=rules)
    return _("Countries ranked: {rules}").format(rules=rules)


def line() -> None:
    """Which countries are left out everywhere, and a button that opens the profile."""
    text, profile = told(), load.settings()
    with st.container(horizontal=True, vertical_alignment="center", key="profile_line"):
        st.caption(literal(text), width="content")
        change = st.popover(_("Change them"), icon=":material/tune:", type="tertiary", on_change="rerun", key="profile")
        if change.open:  # every page has the line: its form is a quarter of the Overview's work
            with change:
                form(profile)


def form(profile: dict[str, str]) -> None:
    """The company profile: what is sold, and who is ranked; it holds for everybody who uses this dashboard."""
    names = load.markets()["name"].sort_values()
    languages = load.languages()
    settings_form.follow(
        "profile",
        {
            "home_market": ("profile_home", str),
            "present_markets": ("profile_present", lambda codes: [code for code in codes.split(",") if code in names]),
            "minimum_population": ("profile_size", int),
            "minimum_known_pct": ("profile_known", int),
            "product": ("profile_product", str),
            "product_languages": (
                "profile_languages",
                lambda codes: [code for code in codes.split(",") if code in languages],
            ),
        },
    )
    with st.form("profile_form", border=False):
        product = st.text_input(_("Product"), max_chars=60, key="profile_product")
        spoken = st.multiselect(
            _("Languages it speaks"),
            tuple(languages),
            format_func=languages.get,
            key="profile_languages",
            filter_mode=widgets.SEARCH,
            select_all=False,
            placeholder=_("none chosen"),
        )
        home = st.selectbox(
            _("Home market"),
            tuple(names.index),
            format_func=names.get,
            key="profile_home",
            filter_mode="contains",
        )
        present = st.multiselect(
            _("Countries you are in already"),
            tuple(names.index),
            format_func=names.get,
            key="profile_present",
            filter_mode="contains",
            select_all=False,
            placeholder=_("none chosen"),
        )
        sizes = tuple(sorted({*SIZES, int(profile["minimum_population"])}))
        size = st.selectbox(
            _("Smallest population"),
            sizes,
            format_func=lambda people: compact(float(people)) if people else _("any size"),
            key="profile_size",
            filter_mode=widgets.SEARCH,
        )
        shares = tuple(sorted({*SHARES, int(profile["minimum_known_pct"])}))
        known = st.selectbox(
            _("Minimum share of figures known, %"),
            shares,
            key="profile_known",
            filter_mode=widgets.SEARCH,
        )
        st.caption(_("The others still set the scales, so that nobody's score changes. This holds for all users."))
        refusal = st.empty()  # above the button: what stands under it lies beyond the edge of the popover
        if st.form_submit_button(_("Save"), type="primary", key="profile_save"):
            chosen = {
                "home_market": home,
                "present_markets": ",".join(present),
                "minimum_population": str(size),
                "minimum_known_pct": str(known),
                "product": product.strip(),
                "product_languages": ",".join(spoken),
            }
            if trouble := settings_form.keep("profile", chosen):
                refusal.error(trouble, icon=":material/error:")
            else:
                st.rerun()
