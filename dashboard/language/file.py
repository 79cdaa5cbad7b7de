"""The Language lab's second section: a file of texts, read in chunks with progress, to preview and take away."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import components, engineers, fitness_words, widgets
from dashboard.charts import texts
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, number
from dashboard.inference import batch, text_files
from dashboard.inference import text as language_lab_answers
from dashboard.inference.text import LANGUAGE, SENTIMENT, TOPIC
from dashboard.inference.text_files import Answered, Sheet, TableError

CHUNK = 512
PREVIEW = 200
SHOWN_LANGUAGES = 12
UNFIT = ":material/gpp_maybe: "
KEY, SHEET = "lab", "lab_sheet"
EXAMPLE = "text,language\nWhat a lovely hotel,\nLa comida llegó fría,es\n"


def file_of_texts() -> None:
    """Choose, read, look, take away."""
    heading = st.empty()
    heading.title(_headline(None))
    upload = st.file_uploader(
        _("A CSV, TSV, TXT, XLSX or Parquet file with a column of texts, to {rows} rows").format(
            rows=number(text_files.MAX_ROWS, 9)
        ),
        type=["csv", "tsv", "txt", "xlsx", "parquet"],
        key="lab_file",
        max_upload_size=text_files.MAX_MB,
    )
    if upload is None:
        st.session_state.pop(SHEET, None)
        batch.forget(KEY)
        st.caption(
            _("The first row names the columns. The file is read on this machine, and forgotten when you remove it.")
        )
        st.download_button(
            _("An example"),
            EXAMPLE.encode("utf-8-sig"),
            "texts.csv",
            "text/csv",
            icon=":material/description:",
            type="tertiary",
            on_click="ignore",
        )
        return
    try:
        sheet = _sheet(upload)
    except TableError as error:
        st.error(spelt(error), icon=":material/error:")
        return
    if sheet.cut:
        st.warning(
            _("The file has more rows; the first {rows} are read. Split it for the others.").format(
                rows=number(text_files.MAX_ROWS, 9)
            ),
            icon=":material/content_cut:",
        )
    result = batch.taken_up(KEY, _wanted(upload.file_id, sheet))
    heading.title(_headline(result))
    result = _run(result)
    if result.answers:
        _unfit(result)
        _not_offered(result)
        _opposed(result)
        _summary(result)
        _preview(result)
    else:
        st.dataframe(sheet.rows.head(PREVIEW), hide_index=True, height=280)


def _unfit(result: Answered) -> None:
    """In which languages of the file the sentiment is not to be relied on, and in how many rows."""
    if SENTIMENT not in result.models or not (rows := result.unfit(SENTIMENT)):
        return
    told = st.container(border=True, key="lab_unfit")
    with told:
        st.markdown(
            UNFIT
            + _(
                "{rows} of {n} rows are in languages for which the sentiment is not good enough: do not rely on them."
            ).format(rows=number(rows, 9), n=number(len(result.labels(SENTIMENT)), 9))
        )
        if LANGUAGE not in result.models:
            return
        spoken = result.labels(LANGUAGE)
        for code in sorted(set(spoken), key=spoken.count, reverse=True)[:SHOWN_LANGUAGES]:
            judged = language_lab_answers.fit(SENTIMENT, code)
            if line := fitness_words.warning(judged, language_lab_answers.language_of(code)):
                st.caption(line)


def _not_offered(result: Answered) -> None:
    """How many rows are in languages in which the sentiment is never neutral."""
    if SENTIMENT not in result.models or LANGUAGE not in result.models:
        return
    spoken = result.labels(LANGUAGE)
    never = {code for code in set(spoken) if "neutral" in language_lab_answers.not_offered(SENTIMENT, code)}
    if never:
        st.caption(
            _(
                "{rows} of {n} rows are in languages in which “neutral” is not offered: the training texts there had "
                "none."
            ).format(rows=number(sum(code in never for code in spoken), 9), n=number(len(spoken), 9))
        )


def _opposed(result: Answered) -> None:
    """How many rows are positive and negative at once."""
    if result.opposed:
        st.caption(
            _("{rows} of {n} rows are mixed, positive and negative: the column {column} has their clauses.").format(
                rows=number(result.opposed, 9),
                n=number(len(result.labels(SENTIMENT)), 9),
                column=f"`{result.columns[-1]}`",
            )
        )


def _headline(result: Answered | None) -> str:
    if result is None or not result.answers:
        return _("What do all these texts say?")
    if SENTIMENT in result.models:
        read, sure = result.labels(SENTIMENT), result.labels(SENTIMENT, sure=True)
        template = (
            _("Perhaps {negative} of {n} texts are negative, {positive} positive and {unclear} unclear")
            if result.unfit(SENTIMENT)
            else _("{negative} of {n} texts are negative, {positive} positive and {unclear} unclear")
        )
        negative, positive, neutral = (sure.count(label) for label in ("negative", "positive", "neutral"))
        return template.format(
            negative=number(negative, 9),
            n=number(len(read), 9),
            positive=number(positive, 9),
            unclear=number(len(read) - negative - positive - neutral, 9),
        )
    return _("{n} texts read").format(n=number(len(result.answers), 9))


def _sheet(upload) -> Sheet:
    kept = st.session_state.get(SHEET)
    if kept is None or kept[0] != upload.file_id:
        with st.spinner(_("Opening the file"), show_time=True):
            kept = (upload.file_id, text_files.read(upload.getvalue(), upload.name))
        st.session_state[SHEET] = kept
        batch.forget(KEY)
    return kept[1]


def _wanted(file: str, sheet: Sheet) -> Answered:
    """Which column holds the text, which its language, which models are to read it."""
    columns = list(sheet.rows.columns)
    left, right = st.columns(2, vertical_alignment="bottom")
    guess = text_files.language_column(sheet.rows)
    with left:
        text = st.selectbox(
            _("Text in column"),
            columns,
            index=columns.index(text_files.text_column(sheet.rows)),
            key="lab_column",
            filter_mode=widgets.SEARCH,
        )
    with right:
        found_out = ""
        options = [found_out, *columns]
        language = st.selectbox(
            _("Its language in column"),
            options,
            index=options.index(guess) if guess else 0,
            key="lab_language_column",
            format_func=lambda name: name or _("Detect automatically"),
            help=_("Language codes such as sw or zh-Hans; empty cells are detected."),
            filter_mode=widgets.SEARCH,
        )
    models = st.pills(
        _("Answer"),
        [LANGUAGE, SENTIMENT, TOPIC, *language_lab_answers.INTENTS],
        selection_mode="multi",
        default=[LANGUAGE, SENTIMENT],
        key="lab_models_of_file",
        format_func=language_lab_answers.model_title,
        wrap=True,
    )
    fast = language_lab_answers.with_encoder() and st.toggle(
        _("Fast: our own n-grams alone"),
        key="lab_fast",
        help=_("Many times as fast, and right less often: the multilingual encoder is left out."),
    )
    return Answered(file, sheet, text, language or None, tuple(models), fast=fast)


def _run(result: Answered) -> Answered:
    """The button, and the work while it is on."""
    if result.problem:
        engineers.problem(result.problem, _("A model cannot answer at present."), stops=True)
    return batch.carry_on(
        KEY,
        result,
        _chunk,
        progress=_("{done} of {total} rows"),
        begin=_("Read all {n} rows"),
        take_away=lambda answered: components.download(answered.table, "texts", _("Download the answers as CSV")),
        can_begin=bool(result.models),
    )


def _chunk(result: Answered) -> Answered:
    """The answers to the next rows, or why there are none."""
    rows = result.sheet.rows.iloc[len(result.answers) : len(result.answers) + CHUNK]
    told = list(rows[result.language]) if result.language else [""] * len(rows)
    try:
        answers = language_lab_answers.answer_rows(result.models, list(rows[result.text]), told, result.fast)
    except language_lab_answers.Unanswered as error:
        return replace(result, problem=str(error))
    return replace(result, answers=(*result.answers, *answers))


def _summary(result: Answered) -> None:
    """How many texts of each language and sentiment."""
    if SENTIMENT not in result.models:
        return
    rows_by = LANGUAGE if LANGUAGE in result.models else SENTIMENT
    counts = result.counts(rows_by, SENTIMENT)
    if rows_by == SENTIMENT:
        counts = pd.DataFrame([counts.sum()], index=[_("All texts")])
        titled = counts
    else:
        counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False).index]
        titled = counts.head(SHOWN_LANGUAGES).rename(index=language_lab_answers.language_of)
        if len(counts) > SHOWN_LANGUAGES:
            titled.loc[_("other languages")] = counts.iloc[SHOWN_LANGUAGES:].sum()
    titled = titled[[name for name in texts.SENTIMENT if name in titled]]
    st.subheader(_("Sentiment by language"))
    components.chart(
        texts.stacked(
            titled,
            {name: language_lab_answers.label_name(SENTIMENT, name) for name in titled},
            _("Texts"),
            components.look(),
            shares=False,
        ),
        counts.reset_index(names="language"),
        "lab_counts",
        _("Texts by language and sentiment"),
        _("Source: {file}, {n} rows; unclear answers are counted too. {empty} rows hold no words.").format(
            file=result.sheet.name,
            n=number(len(result.answers), 9),
            empty=number(len(result.answers) - len(result.labels(SENTIMENT)), 9),
        ),
    )


def _preview(result: Answered) -> None:
    shown = result.table(PREVIEW)
    if len(result.answers) > PREVIEW:
        st.caption(
            _("The first {shown} of {n} rows; the download has all of them.").format(
                shown=PREVIEW, n=number(len(result.answers), 9)
            )
        )
    chances = {
        name: st.column_config.ProgressColumn(name, min_value=0, max_value=1, format="percent")
        for name in shown.columns
        if name.endswith("_probability")
    }
    st.dataframe(shown, hide_index=True, height=320, column_config=chances)
