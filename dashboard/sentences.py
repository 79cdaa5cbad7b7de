"""Sentences that data/, analytics/ and models/ fill in themselves (faults, refusals, cards), in the reader's language.

They know no languages. Their sentences are recognised here by their template, and said again by its translation; one
that is not listed stays English.
"""

import re
from collections.abc import Callable
from functools import cache

from dashboard.language import _, current
from dashboard.markup import literal
from data.faults import Fault

LAYOUTS = ("tidy", "atlas export")
NOTES = ("comes with the program", "{count} indicators fetched", "{count} faults skipped", "failed: {codes}")
SOURCES = ("embedded reference", "World Bank API", "file {name}")
LICENCES = ("see data/reference/sources.csv", "as its publisher states", "not stated")
SCENARIOS = (
    "Only indicators without data are left with a weight. Give another one a weight, or import data.",
    "{target} has no weight in the recipe {recipe}. Name one of its dimensions ({names}) or indicators.",
    "No dimension is left with a weight. Give one of them a weight above zero.",
    "{target}: {value} makes figures too large to compute with. Give a smaller number.",
    "No ranked market lies in the region {region}. Use UN M49 codes such as 142.",
    "{markets} is not ranked by this recipe: too little is known of it. Choose another market, or import data on it.",
    "{markets} is not ranked by this recipe: too little is known of it. Choose another market.",
    "{target} is no figure of the recipe {recipe} that the store holds. It uses: {codes}.",
    "There is no rank {rank}: {count} markets are ranked. Choose another.",
    "A score of {score} is not between 0 and 100. Choose another.",
    "There is no potential to seek: no model was fitted, or it does not know this market.",
    "A potential of {potential} is not positive. Choose another.",
    "{target} has {count} yearly changes on record for these markets, and a bootstrap needs {least}. Name more "
    "markets, or give it a triangular or normal distribution.",
    "The {what} is too long for a link ({found} characters, {most} fit). Save it and send the file instead.",
    "The link is {found} characters long; one of ours has at most {most}. Ask for the file.",
    "The link holds more than a {what}, or only a part of one. Ask for the file.",
    "The link is damaged: it was cut off or changed on the way. Copy it again.",
    "The {document} is not valid JSON: {error}. Export it again.",
    "The {document} has version {version}; this program reads version 1. Export it again with the program that wrote "
    "it, or mend it after docs/schemas.",
    "There is one called {name} already. Choose another name, or replace it.",
    "There is none called {name}.",
    "A name has 1 to {most} characters. Choose another one.",
    "{name} was saved by somebody else meanwhile, at {time} UTC. Nothing was changed. Open it first, or choose another "
    "name.",
    "Somebody else is saving. Nothing was changed; try again.",
    "{most} are saved already. Remove some of them first.",
    "The name is too long for a file. Choose a shorter one.",
    "{name} cannot be read: {error}. It may have been removed; save it again.",
    "{name} cannot be saved: {error}. Free some space, or mend the folder's rights.",
    "{name} cannot be removed: {error}. Mend the folder's rights.",
)
MODELS = (
    "The model {name} is busy: {requests} requests with {items} items wait for it already. Try again in some seconds, "
    "or send a smaller file.",
    "The model {name} did not answer within {seconds} s ({done} of {all} items done): the machine is slow or others "
    "are ahead. Try again, or send less at once.",
    "The server of the model {name} was closed: the model was replaced or the program ends. Ask again.",
    "The model {name} gave {found} answers to {wanted} items. Train it again.",
    "The model {name} has too little memory for even one item. Close other programs, or send shorter texts or "
    "smaller pictures.",
    "There is no model {name}. Make it with: python -m models train {again}",
    "The card is not JSON: {error}. Train the model again, or restore its folder.",
    "The card is not a JSON object. Train the model again, or restore its folder.",
    "The card lacks or does not know: {fields}. Train the model again.",
    "The card's {fields} must be objects. Train the model again.",
    "The card's lists are not whole: {error}. Train the model again.",
    "The card's {fields} are not of their kind. Train the model again.",
    "The card of {name} cannot be read: {error}.",
    "The card of {name} lists no {file}. Make it again with: python -m models train {again}",
    "The files of {name} cannot be read: {error}. Train it again, or restore its folder.",
    "{file} of {name} is over {mb} MB and is not read.",
    "{file} of {name} cannot be read: {error}. Train it again, or restore the file.",
    "{file} of {name} is not the file that its card describes: the sha256 differs. It was altered or damaged and is "
    "not loaded; restore it, or train the model again.",
    "The weights of {name} are not safetensors: {error}. Train the model again.",
    "{name} cannot be built from its card: {error}. Train it again.",
    "There is nothing to explain: the text is empty.",
)
ADAPTERS = (
    "The file lacks the columns {columns}; it has {have}.",
    "{n} rows: only the first {most} are used.",
    "{n} rows without a text or a label are left out.",
    "{n} rows have labels that the model does not know ({names}); it knows {labels}.",
    "{n} rows have the same text under different labels and are left out.",
    "{n} rows repeat an earlier text and are left out.",
    "{n} rows stand in the general test data and are left out, so that tests stay honest.",
    "{n} usable rows: at least {fewest} are needed.",
    "Every example is labelled {label}: there is nothing to tell apart.",
    "Every training example is labelled {label}: there is nothing to tell apart.",
    "The split column does not hold train, dev and test each: the rows are split here.",
    "{n} rows are neither train, dev nor test in the split column and are left out.",
    "Too few rows to learn and to test: {names}; each class needs {fewest}, better 50.",
    "No row is {labels}: the adapter will not learn it.",
    "{most} has {many} rows and {least} only {few}: expect {again} to be found less well.",
    "{n} of {sampled} sampled rows look as if they were not in {language}, most of them {other}.",
    "There is no training text in {folder}. Name the folder that holds sentiment.parquet, topics.parquet and "
    "intents.parquet with --data-dir or ATLAS_TEXT_DATA.",
    "{name} is no model's name: lower-case letters, digits, '.', '_' and '-' only.",
    "There is a model {name} already. Choose another name.",
    "There is no model {name} of your own to remove.",
    "{name} cannot be saved in {folder}: {error}.",
    "{name} was trained on another {base} than the one here. Train it again.",
    "The adapter was made for another network: its layers differ. Train it again.",
    "The card's adapter settings are not whole: {error}. Train it again.",
    "Another training runs since {time} UTC. One training runs at a time: wait until it has ended.",
    "Another training runs since {time} UTC, step {step} of {steps}. One training runs at a time: wait until it has "
    "ended.",
    "{n} trained adapters wait for their readers to register or discard them. Try again later: each is let go an hour "
    "after it ended.",
    "The training was broken off. Start it again.",
    "The loss is {loss} at step {step}: lower the learning rate ({rate}) or look for broken rows.",
    "{language} adapter ({name})",
    "{purpose} Adapted to one market's rows in {language}.",
    "Learned from {n} rows; judged on {tests}.",
)
TABLES = (
    "{file} has over {mb} MB. Split it, or leave out columns that are not needed.",
    "{file} is empty. Choose a file with a header and rows below it.",
    "{file} has a header and no rows below it. Choose a file with rows.",
    "{file} is neither CSV, XLSX nor Parquet. Save it as one of these and choose it again.",
    "{file} is a web page or XML, not a table. Save it as CSV or XLSX and choose it again.",
    "{file} cannot be read as a table ({error}). Check its quotes and save it again.",
    "{file} cannot be read as a Parquet file ({error}). Save it again, or as CSV.",
    "{file} unfolds to over {mb} MB and is not opened. Save it as CSV.",
    "{file} has a cell of over {most} characters. Shorten it, or leave its column out.",
    "{file} has over {most} cells. Save the rows that are needed as CSV.",
)
KNOWLEDGE = (
    "There is no entry in it.",
    "Add at least one question with its answer.",
    "The file has {size} MB; at most {most} MB are read.",
    "Split it, or leave out what nobody asks for.",
    "This is not a text file.",
    "Save a table as 'CSV UTF-8', a document as Markdown, and upload that.",
    "Not UTF-8 text.",
    "In Excel, choose 'CSV UTF-8 (comma delimited)' when saving.",
    "There is a null byte: this is not a text file.",
    "Export it again as text.",
    "The file is empty.",
    "The column {name} is missing; the file has: {columns}.",
    "Rename the column that holds it to {name}.",
    "The column {name} stands there twice.",
    "Keep one of them.",
    "{count} columns where the header has {expected}.",
    "Put text that holds the separator between quotation marks.",
    "The row cannot be read ({error}).",
    "Check its quotation marks.",
    "There is no heading in it.",
    "Begin every entry with a heading such as '## How much does it cost?'.",
    "The heading {heading} has no text below it.",
    "Write its answer, or remove it.",
    "There are {count} entries; at most {most} are read.",
    "Split the file.",
    "The {field} is empty.",
    "Fill it in, or remove the entry.",
    "The {field} has {count} characters; at most {most} fit.",
    "Shorten it, or make two entries of it.",
    "{language} is no language code.",
    "Use a code such as en, zh, es, fr or sw.",
    "The id {id} stands on line {line} already, in the same language.",
    "Give it an id of its own, or another language.",
)
HUB = (
    "{name} is no model id. Set {variable} to one such as {example}.",
    "{name} is neither a model id nor a folder. Set {variable} to one such as {example}.",
    "The model {name} needs packages that are not installed ({package}). Install them with: {command}",
    "The model {name} needs more packages than requirements-hub.txt installs ({error}). Choose another one, or unset "
    "{variable}.",
    "The model {name} cannot be loaded ({error}). Check its id and the internet connection, or unset {variable}.",
    "The model in the folder {name} cannot be loaded ({error}). Save it there again with save_pretrained, or unset "
    "{variable}.",
    "The folder {name} lacks {files}. A model is read from config.json and safetensors, never from a pickle: save it "
    "there with save_pretrained, or unset {variable}.",
    "The model {name} was not trained for this: its file lacks {count} of the network's tensors ({first}). Choose "
    "another one, or unset {variable}.",
    "The model {name} cannot look at this picture ({error}). Bring another picture, or set {variable} to another "
    "model.",
    "{name} was trained over the hub model {model}, and {variable} names {other}. Set {again}, or train it again.",
    "The hub model {model} gives vectors of {found} numbers, and {name} was trained over {wanted}. Train it again.",
    "Reads every text with a model of the hub as well: slower than our own, and only where its packages are installed.",
    "What the hub's model learned from is not known here: texts like those of the test split may have been among it.",
)
TEMPLATES = LAYOUTS + NOTES + SOURCES + LICENCES + SCENARIOS + MODELS + ADAPTERS + TABLES + KNOWLEDGE + HUB


def told(sentence: str | Exception, **known_as: str) -> str:
    """A refusal, or a sentence of data/, analytics/ or models/, in the reader's language; as it is where there is none.

    What fills the places of a Fault is told too, if it is a message of ours or a Fault. known_as: what stands in
    places instead.
    """
    if isinstance(sentence, Fault):
        return _(sentence.template).format(**_values(sentence, told, str) | known_as)
    return said(str(sentence), **known_as)


def spelt(sentence: str | Exception, **known_as: str) -> str:
    """The same for Markdown: what fills a template, or a sentence that is none of ours, is shown as it is written."""
    if isinstance(sentence, Fault):
        shown = {field: literal(value) for field, value in known_as.items()}
        return _(sentence.template).format(**_values(sentence, spelt, literal) | shown)
    text = str(sentence)
    if text in _ours():
        return _(text)
    for template, pattern in _patterns():
        if found := pattern.fullmatch(text):
            parts = {field: known_as.get(field) or said(part) for field, part in found.groupdict().items()}
            return _(template).format(**{field: literal(part) for field, part in parts.items()})
    return literal(said(text))


def _values(fault: Fault, tell: Callable[[Fault], str], shown: Callable[[str], str]) -> dict[str, str]:
    return {
        field: tell(value) if isinstance(value, Fault) else shown(_(str(value)) if value != "" else "")
        for field, value in fault.values.items()
    }


def said(sentence: str, **known_as: str) -> str:
    """A text that is stored in English - a source, a note, a card - in the reader's language.

    known_as: what stands in places of its template, for names that the sentence has in English.
    """
    if current() == "en" or not isinstance(sentence, str):
        return sentence
    known = _(sentence)
    if known != sentence:
        return known
    for template, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            parts = {field: known_as.get(field) or said(part) for field, part in found.groupdict().items()}
            return _(template).format(**parts)
    return sentence


@cache
def _ours() -> frozenset[str]:
    """Sentences of ours with no place to fill."""
    return frozenset(template for template in TEMPLATES if "{" not in template)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Templates with places to fill, the longest first: it fits the least by chance."""
    open_ones = sorted((t for t in TEMPLATES if "{" in t), key=len, reverse=True)
    return [(template, re.compile(_as_pattern(template), re.DOTALL)) for template in open_ones]


def _as_pattern(template: str) -> str:
    parts = re.split(r"(\{\w+\})", template)
    return "".join(f"(?P<{part[1:-1]}>.+?)" if part.startswith("{") else re.escape(part) for part in parts)
