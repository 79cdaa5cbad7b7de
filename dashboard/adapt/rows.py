"""The Adapt page before a training: which rows, what the checks say of them, how to train."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import components, engineers, fitness_words, load, widgets
from dashboard.adapt import state, training
from dashboard.charts import texts
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, locale, number
from dashboard.inference import text as language_lab_answers
from dashboard.inference import text_files
from dashboard.inference.text_files import Sheet, TableError
from dashboard.markup import literal
from models.text.adapter_request import AdapterRequest

if TYPE_CHECKING:
    from models.text.adapter_checks import Checked
    from models.text.adapter_rows import LabelledRows

EXAMPLE = (
    "text,label\nNimefurahia viatu hivi.,positive\nBetri inaisha haraka.,negative\nBegi lina mifuko mitatu.,neutral\n"
)
LABELS_IN = ("label", "sentiment", "class", "target")
RANKS, RATES = (1, 2, 4, 8, 16), (5e-4, 1e-3, 2e-3, 4e-3, 8e-3)
DONE, FINE = ":material/check_circle: ", ":material/check: "
SHEET, CHECKED = "adapt_sheet", "adapt_checked"
EXAMPLES_KEPT = 32
ENGINEERS = "engineers"
"""The note that is folded away: why something could not be checked, with its commands."""
FEW_TESTS = 100
"""Test rows below which the page says that the figures will be rough."""
DETECTOR_TIMEOUT_S = 60


def origin() -> str:
    """Where the rows come from, kept in the address."""
    named = {"example": _("Our example"), "shared": _("Shared sample"), "file": _("My own file")}
    return widgets.segmented(_("Rows"), tuple(named), "rows", "example", named.get)


def prepare(where: str) -> None:
    """Choose model, language and rows; look at the checks; train."""
    names = state.candidates()
    heading = st.empty()
    heading.title(_("Which market should the model learn from?"))
    if not names:
        engineers.problem(
            _("There is no sentiment model with an encoder to adapt. Make it with: `python -m models train sentiment`"),
            _("There is no sentiment model to adapt on this machine."),
        )
        return
    _registered()
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        base = widgets.selectbox(_("Model to adapt"), names, "base", names[0], language_lab_answers.model_title)
    with right:
        language = _language(where)
    if fault := load.model_fault(base):
        engineers.problem(
            language_lab_answers.fault(fault), _("The model to adapt is damaged and is not loaded."), stops=True
        )
        return
    market = _market(where, language)
    if market is None:
        return
    checked, notes = _check(base, language, market, own=where == "file")
    heading.title(_headline(checked, language))
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        fitness_words.banner(language_lab_answers.fit(base, language), _name(language))
        st.subheader(_("Checks"))
        _findings(checked, notes)
    with right:
        if checked.balance:
            _balance(checked, market)
    if checked.usable:
        _train(base, language, checked, market)


def _headline(checked: "Checked", language: str) -> str:
    if not checked.usable:
        return _("These rows cannot be learned from yet")
    return _("{n} {language} examples ready for training").format(
        n=number(len(checked.rows), 9), language=_name(language)
    )


def _registered() -> None:
    """What was just registered, and where to go on with it."""
    name = st.session_state.get(state.REGISTERED)
    if name is None or name not in load.model_names():
        return
    from dashboard import navigation

    with st.container(border=True, horizontal=True, vertical_alignment="center", key="adapt_done"):
        st.markdown(
            DONE + _("The adapter {name} is saved and answers from now on.").format(name=f"**{name}**"),
            width="stretch",
        )
        st.page_link(
            navigation.file("cards"), label=_("Its card"), icon=":material/badge:", query_params={"model": name}
        )
        st.page_link(navigation.file("language"), label=_("Try it in the Language lab"), icon=":material/translate:")


# ------------------------------------------------------------------ language and rows


def _name(code: str) -> str:
    from models.text import languages

    found = languages.name(code, locale())
    return found


def _language(where: str) -> str:
    """The market's language, BCP 47; "" while it is none."""
    from models.errors import ModelError
    from models.text import adapter_rows, languages

    def named(code: str) -> str:
        return languages.name(code, locale())

    if where == "example":
        code = adapter_rows.EXAMPLE_LANGUAGE
        return st.selectbox(_("Language"), [code], key="adapt_language_of_example", format_func=named, disabled=True)
    if where == "shared":
        try:
            known = sorted(adapter_rows.languages(), key=named)
        except ModelError:
            st.selectbox(_("Language"), [], key="adapt_language_none", disabled=True, placeholder="–")
            return ""
        first = known.index("ti") if "ti" in known else 0
        return st.selectbox(
            _("Language"),
            known,
            first,
            key="adapt_language_shared",
            format_func=named,
            persist_state="session",
            filter_mode=widgets.SEARCH,
        )
    known = sorted({languages.bcp47(code) for code in languages.FLORES}, key=named)
    typed = st.selectbox(
        _("Language"),
        known,
        index=None,
        key="adapt_language",
        format_func=named,
        accept_new_options=True,
        filter_mode=widgets.SEARCH,
        persist_state="session",
        placeholder=_("Choose one, or write a code such as sw-KE"),
    )
    if not typed:
        return ""
    code = {named(code).casefold(): code for code in known}.get(typed.strip().casefold())
    code = code or language_lab_answers.language_code(typed)
    if code is None:
        st.error(
            _("{code} is no language code. Write one such as sw, sw-KE or zh-Hans.").format(code=literal(typed[:40])),
            icon=":material/error:",
        )
    return code or ""


def _market(where: str, language: str) -> "LabelledRows | None":
    """The rows, as they are given; None while there are none."""
    from models.errors import ModelError
    from models.text import adapter_rows

    if where == "example":
        st.caption(
            _(
                "72 product reviews in Swahili, written for this program; a third each negative, neutral and positive. "
                "Enough to see how it works, too few to be sure of the figures."
            )
        )
        return adapter_rows.example()
    if where == "shared":
        try:
            found = adapter_rows.shared(language or adapter_rows.languages()[0])
        except ModelError as error:
            st.info(_("There is no shared sample on this machine."), icon=":material/folder_off:")
            engineers.details(spelt(error))
            return None
        st.caption(
            _(
                "{n} rows of {source} ({licence}) that the model has not learned from: some to learn, some to test."
            ).format(
                n=number(len(found.rows), 9), source=literal(found.source.name), licence=literal(found.source.licence)
            )
        )
        return found
    return _uploaded(language)


def _uploaded(language: str) -> "LabelledRows | None":
    upload = st.file_uploader(
        _("A CSV, TSV, TXT, XLSX or Parquet file with the columns text and label, and split if you wish"),
        type=["csv", "tsv", "txt", "xlsx", "parquet"],
        key="adapt_file",
        max_upload_size=text_files.MAX_MB,
        help=_("Labels: {labels}. A split column says train, dev or test; without one the rows are split here.").format(
            labels="negative, neutral, positive"
        ),
    )
    if upload is None:
        for key in (SHEET, CHECKED):
            st.session_state.pop(key, None)
        st.caption(_("The first row names the columns. The file is read on this machine and not kept."))
        st.download_button(
            _("An example file"),
            EXAMPLE.encode("utf-8-sig"),
            "labelled.csv",
            "text/csv",
            icon=":material/description:",
            type="tertiary",
            on_click="ignore",
        )
        return None
    try:
        sheet = _sheet(upload)
    except TableError as error:
        st.error(spelt(error), icon=":material/error:")
        return None
    if sheet.cut:
        st.warning(
            _("The file has more rows; the first {rows} are read. Split it for the others.").format(
                rows=number(text_files.MAX_ROWS, 9)
            ),
            icon=":material/content_cut:",
        )
    chosen = _columns(sheet)
    if not language:
        st.info(_("Choose above which language the examples are in."), icon=":material/translate:")
        return None
    from models.cards import Source
    from models.text.adapter_rows import LabelledRows, digest

    others = [name for name in sheet.rows.columns if name not in {*chosen.values(), "text", "label", "split"}]
    rows = sheet.rows[[*chosen.values(), *others]].set_axis([*chosen, *others], axis=1)
    key = f"{digest(upload.getvalue())} {sorted(chosen.items())}"
    return LabelledRows(key, rows, Source(sheet.name, "", "", len(rows)))


def _sheet(upload: Any) -> Sheet:
    kept = st.session_state.get(SHEET)
    if kept is None or kept[0] != upload.file_id:
        with st.spinner(_("Opening the file"), show_time=True):
            kept = (upload.file_id, text_files.read(upload.getvalue(), upload.name))
        st.session_state[SHEET] = kept
    return kept[1]


def _columns(sheet: Sheet) -> dict[str, str]:
    """Which column is what: text, label and, where there is one, split -> column. Only what is said."""
    columns = list(sheet.rows.columns)
    by_lower = {name.lower(): name for name in reversed(columns)}
    guesses = {
        "text": by_lower.get("text"),
        "label": next((by_lower[name] for name in LABELS_IN if name in by_lower), None),
        "split": by_lower.get("split"),
    }
    labels = {"text": _("Text in column"), "label": _("Label in column"), "split": _("Split in column")}
    found = {}
    for cell, (field, guess) in zip(st.columns(3), guesses.items(), strict=True):
        with cell:
            options = [name for name in columns if name not in found.values()]
            picked = st.selectbox(
                labels[field],
                options,
                index=options.index(guess) if guess in options else None,
                key=f"adapt_column_{field}_{sheet.name}",
                placeholder=_("none: split here") if field == "split" else _("Choose a column"),
                filter_mode=widgets.SEARCH,
            )
        if picked:
            found[field] = picked
    return found


# ------------------------------------------------------------------ checks


class _Detector:
    """The language model as `adapter.check` asks it."""

    def predict(self, rows: list[str]) -> Any:
        return load.text_server(language_lab_answers.LANGUAGE).ask(rows, timeout_s=DETECTOR_TIMEOUT_S).answers


def _check(base: str, language: str, market: "LabelledRows", own: bool) -> tuple["Checked", dict[str, str]]:
    """What the checks found, and which of them could not be made; kept until another file, model or language.

    own: whether the rows are the reader's; of those that come with the program it is kept for all readers.
    """
    key = (base, language, market.key, language_lab_answers.LANGUAGE in load.model_names(), locale())
    kept = st.session_state.setdefault(CHECKED, {}) if own else _of_examples()
    if (found := kept.get(key)) is None:
        with st.spinner(_("Looking the rows over"), show_time=True):
            found = kept[key] = _checked(base, language, market)
        while len(kept) > (1 if own else EXAMPLES_KEPT):
            kept.pop(next(iter(kept)), None)
    return found


@st.cache_resource(show_spinner=False)
def _of_examples() -> dict[tuple, tuple["Checked", dict[str, str]]]:
    """What was found in rows that come with the program or lie beside it."""
    return {}


def _checked(base: str, language: str, market: "LabelledRows") -> tuple["Checked", dict[str, str]]:
    from models.errors import ModelError, ServingError
    from models.text import adapter_checks, adapter_rows

    labels, notes = load.model_card(base).labels, {}
    try:
        seen = adapter_rows.seen()
    except ModelError as error:
        seen = frozenset()
        notes[ENGINEERS] = language_lab_answers.fault(error)
        notes["leakage"] = _("Not checked: whether rows stand in the general test data, which is not on this machine.")
    try:
        found = adapter_checks.check(market.rows, labels, language, _Detector(), seen)
    except (ModelError, ServingError) as error:
        found = adapter_checks.check(market.rows, labels, language, None, seen)
        notes["language"] = _("Not checked: whether the rows are in this language.")
        notes[ENGINEERS] = language_lab_answers.fault(error)
    return found, notes


def _findings(checked: "Checked", notes: dict[str, str]) -> None:
    """What was found, the worst first; what was looked at and is in order; what could not be looked at."""
    for finding in sorted(checked.findings, key=lambda finding: not finding.stops):
        show, icon = (st.error, ":material/block:") if finding.stops else (st.warning, ":material/warning:")
        show(spelt(finding.fault), icon=icon)
    tests = int((checked.rows["split"] == "test").sum()) if len(checked.rows) else 0
    if checked.usable and tests < FEW_TESTS:
        st.warning(
            _("Only {n} test examples: results are rough.").format(n=tests),
            icon=":material/straighten:",
        )
    for check, note in notes.items():
        if check != ENGINEERS:
            st.info(note, icon=":material/help:")
    engineers.details(notes.get(ENGINEERS, ""))
    asked = {
        "empty": _("empty rows"),
        "labels": _("unknown labels"),
        "contradictions": _("the same text under two labels"),
        "duplicates": _("repeated texts"),
        "leakage": _("leakage against the general test"),
        "language": _("rows in another language"),
    }
    found = {finding.check for finding in checked.findings} | set(notes)
    clean = [text for check, text in asked.items() if check not in found]
    if checked.balance and clean:
        st.markdown(FINE + _("Looked for and not found: {checks}.").format(checks=_("; ").join(clean)))


def _balance(checked: "Checked", market: "LabelledRows") -> None:
    """How many rows of each class, and where they go."""
    st.subheader(_("Split of examples"))
    titles = {"train": _("training set"), "dev": _("tuning set"), "test": _("test set")}
    if len(checked.rows):
        counts = pd.crosstab(checked.rows["split"], checked.rows["label"]).reindex(list(titles)).fillna(0).astype(int)
    else:
        counts = pd.DataFrame([checked.balance], index=["all"])
    order = [name for name in texts.SENTIMENT if name in counts] + [n for n in counts if n not in texts.SENTIMENT]
    counts = counts[order]
    components.chart(
        texts.stacked(
            counts.rename(index=titles | {"all": _("All rows")}),
            {name: language_lab_answers.label_name(state.TASK, name) for name in counts},
            _("Rows"),
            components.look(),
            shares=False,
        ),
        counts.reset_index(names="split"),
        "adapt_balance",
        _("Examples of each class in the training, tuning and test sets"),
        _("Source: {source}, {n} rows given.").format(source=_source(market), n=number(len(market.rows), 9)),
    )


def _source(market: "LabelledRows") -> str:
    """Whose rows these are; our own example in the reader's language."""
    from models.text import adapter_rows

    if market.source.name == adapter_rows.EXAMPLE_SOURCE[0]:
        return _("Lepton Atlas example: Swahili product reviews")
    return market.source.name


# ------------------------------------------------------------------ training


def _train(base: str, language: str, checked: "Checked", market: "LabelledRows") -> None:
    from models import errors
    from models.text import adapter_training
    from models.text.lora import Lora
    from models.training import jobs

    suggested = adapter_training.suggested(checked)
    with st.expander(_("How it is trained"), icon=":material/tune:"):
        columns = st.columns(3, gap="large")
        with columns[0]:
            rank = st.select_slider(
                _("Rank"),
                RANKS,
                Lora().rank,
                key="adapt_rank",
                help=_("How many directions each layer may move in. More can learn more, and forget more."),
            )
        with columns[1]:
            epochs = st.slider(
                _("Epochs"),
                1,
                adapter_training.MAX_EPOCHS,
                suggested.epochs,
                key=f"adapt_epochs_{suggested.epochs}",
                help=_(
                    "How often every row is read. It ends sooner when it gets no better on the rows for early stopping."
                ),
            )
        with columns[2]:
            rate = st.select_slider(
                _("Learning rate"), RATES, suggested.rate, key="adapt_rate", format_func=lambda value: f"{value:g}"
            )
    settings = replace(suggested, epochs=epochs, rate=rate)
    busy = jobs.running()
    if st.button(
        _("Train the adapter"),
        type="primary",
        icon=":material/model_training:",
        key="adapt_train",
        disabled=busy is not None,
    ):
        try:
            state.begin(AdapterRequest(base, language, checked, market.source, settings, rank))
        except errors.JobBusy as error:
            st.error(spelt(error), icon=":material/hourglass_top:")
            return
        st.rerun()
    if busy is None:
        st.caption(
            _("It runs in the background: other pages and other readers go on, and you can leave and come back.")
        )
    else:
        training.elsewhere(busy)
