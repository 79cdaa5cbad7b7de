"""Models from the command line: python -m models list | train | evaluate | predict | card | search |
compress | adapt."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models import cards, tensors
from models.errors import ModelError, TrainingError
from models.training.settings import Progress

PICTURES = ("nuclei", "blood_cells", "reader")
ASSISTANT = "assistant"
PICTURE_TASKS = ("nuclei", "cells", "reader")
SHOWN = 200
"""Characters of a text that are said again beside its answer."""
JUDGED_ON = 1_000
"""Most test rows of a language that `adapt` judges on."""
MEASURES = ("macro_f1", "map50", "ap50", "exact_match")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 when done, 1 when it cannot be, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="every model, its task, size and score")
    train = commands.add_parser("train", help="train a model by its recipe")
    train.add_argument("name")
    train.add_argument("--data-dir", type=Path, help="folder of the training data (default: ATLAS_TEXT_DATA, or "
                       "ATLAS_VISION_DATA)")  # fmt: skip
    train.add_argument("--working", type=Path, help="folder for checkpoints and TensorBoard scalars; resumes from it")
    train.add_argument("--to", type=Path, help="folder to save the model in (default: models in the data folder)")
    evaluate = commands.add_parser("evaluate", help="judge a model on a test split or on a file")
    evaluate.add_argument("name", help="a model; 'intent': the intent model that knows the file's "
                          "intents; or 'assistant': its search across languages")  # fmt: skip
    evaluate.add_argument("--data", type=Path, help="parquet of language, text, label (or text, intent; text, topic; "
                          "image, instances_png; image, labels, boxes_xyxy; image, text)")  # fmt: skip
    evaluate.add_argument("--data-dir", type=Path, help="folder of the training data, for the recipe's test split")
    evaluate.add_argument("--fast", action="store_true", help="our own network alone, without the encoder beside it")
    evaluate.add_argument("--json", action="store_true")
    predict = commands.add_parser("predict", help="classify texts, or look at pictures")
    predict.add_argument("name")
    predict.add_argument("--text", action="append", help="may be given several times")
    predict.add_argument(
        "--image",
        action="append",
        type=Path,
        help="PNG, JPEG or TIFF, of a stack every page; may be given several times",
    )
    predict.add_argument("--market", default="US", help="for the reader: ISO code of the market the picture is from")
    predict.add_argument("--language", help="BCP 47 code; found out where it is not given")
    predict.add_argument("--fast", action="store_true", help="our own network alone, without the encoder beside it")
    predict.add_argument("--explain", action="store_true", help="the attribution of every word")
    predict.add_argument("--json", action="store_true")
    card = commands.add_parser("card", help="a model's card as JSON")
    card.add_argument("name")
    compress = commands.add_parser("compress", help="measure the int8, bf16 and ONNX forms and note them in the card")
    compress.add_argument("name")
    compress.add_argument("--data-dir", type=Path)
    compress.add_argument("--rows", type=int, default=5_000, help="test rows that the forms are judged on")
    compress.add_argument("--to", type=Path, help="folder to write two of the forms to: NAME-onnx.onnx, NAME-int8.onnx")
    adapt = commands.add_parser("adapt", help="an adapter against full fine-tuning on a language's shared sample")
    adapt.add_argument("name")
    adapt.add_argument("language", nargs="+", help="BCP 47 codes")
    search = commands.add_parser("search", help="search families and hyper-parameters within a time budget (Optuna)")
    search.add_argument("name")
    search.add_argument("--minutes", type=float, default=20)
    search.add_argument("--study", type=Path, help="SQLite file to go on from (default: in the data folder)")
    search.add_argument("--rows", type=int, default=40_000, help="training rows a trial sees at most")
    search.add_argument("--data-dir", type=Path)
    options = parser.parse_args(arguments)
    run = {
        "list": _list, "train": _train, "evaluate": _evaluate, "predict": _predict, "card": _card, "search": _search,
        "compress": _compress, "adapt": _adapt,
    }[options.command]  # fmt: skip
    try:
        return run(options)
    except (ModelError, TrainingError, ValueError, OSError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1


def _list(options: argparse.Namespace) -> int:
    for name in cards.names():
        try:
            card, size = cards.card(name), tensors.size(name)
        except ModelError as error:
            print(f"{name}: {error}")
            continue
        measure = next((name for name in MEASURES if name in card.metrics), None)
        print(
            f"{name:20} {card.task:10} {len(card.languages) or 1:4} languages  {size['bytes'] / 1e6:6.1f} MB  "
            f"{size['parameters'] / 1e6:6.2f} M parameters  "
            + (f"{measure} {card.metrics[measure]:.3f}" if measure else "")
        )
    return 0


def _train(options: argparse.Namespace) -> int:
    from models.text import hub, hub_training, load, pretraining, training
    from models.text.recipes import RECIPES

    report = _Bar()
    if options.name in PICTURES:
        from models.vision import train_evaluate

        made = train_evaluate.train(options.name, options.data_dir, root=options.to, working=options.working,
                             say=report.say, on_progress=report)  # fmt: skip
        print(f"saved in {made}")
        return 0
    if options.name == "encoder":
        pretraining.make(options.data_dir, root=options.to, say=report.say, on_progress=report, working=options.working)
        return 0
    partners = {name + hub.PARTNER: recipe for name, recipe in RECIPES.items() if recipe.task == "intent"}
    if options.name in partners:
        made = hub_training.make(partners[options.name], options.data_dir, root=options.to, say=report.say,
                                on_progress=report)  # fmt: skip
        print(f"saved in {made}")
        return 0
    if options.name == "base":
        from models.text import fusion

        made = fusion.make(options.data_dir, root=options.to, say=report.say, on_progress=report,
                           working=options.working)  # fmt: skip
        print(f"saved in {made}")
        return 0
    if options.name not in RECIPES:
        known = ", ".join(("encoder", "base", *RECIPES, *partners, *PICTURES))
        raise ModelError(
            "There is no recipe {name}. Choose from: {names}.",
            name=repr(options.name),
            names=known,
        )
    recipe = RECIPES[options.name]
    tokenizer = start = None
    if recipe.reads_tokens:
        tokenizer, start = load.tokenizer("encoder"), tensors.weights("encoder")
    made = training.make(
        recipe, options.data_dir, tokenizer=tokenizer, start=start, root=options.to, say=report.say,
        on_progress=report, working=options.working,
    )  # fmt: skip
    print(f"saved in {made}")
    return 0


class _Bar:
    """One line that is written over: what is trained, how far, loss, score, time to go."""

    def __init__(self) -> None:
        self.last = 0.0

    def __call__(self, title: str, progress: Progress) -> None:
        if time.monotonic() - self.last < (1 if sys.stderr.isatty() else 30):
            return
        self.last = time.monotonic()
        share = progress.step / progress.steps
        score = f" dev {progress.score:.4f}" if progress.score is not None else ""
        line = (
            f"{title[:44]:44} [{'#' * int(20 * share):20}] {share:4.0%} loss {progress.loss:.3f}{score} "
            f"{progress.eta_s / 60:.1f} min to go"
        )
        print(f"\r{line}" if sys.stderr.isatty() else line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr)

    def say(self, line: str) -> None:
        print(f"\n{line}" if sys.stderr.isatty() else line, flush=True)


def _evaluate(options: argparse.Namespace) -> int:
    if options.name == ASSISTANT:
        return _evaluate_assistant(options)
    if options.name in cards.names() and cards.card(options.name).task in PICTURE_TASKS:
        return _evaluate_pictures(options)
    from models.text import evaluation, evaluation_files, load
    from models.text.recipes import RECIPES

    if options.data:
        rows, name = evaluation_files.read(options.data, options.name)
        if name != options.name:
            print(f"evaluate: these are the intents of {name}", file=sys.stderr)
    else:
        name = options.name
        card = cards.card(name)
        base = card.base or card.config.get("hub", {}).get("base", name)
        if base not in RECIPES:
            raise ModelError(
                "{name} has no recipe and so no test split of its own: give a file with --data.",
                name=repr(name),
            )
        rows = RECIPES[base].corpus(options.data_dir).split("test")
    model = load.classifier(name, fast=options.fast)
    unknown = rows.loc[~rows["label"].isin((*model.labels, model.abstention.outside)), "label"].value_counts()
    if len(unknown):
        named = ", ".join(f"{label} ({count})" for label, count in unknown.head(6).items())
        print(f"evaluate: {unknown.sum()} of {len(rows)} rows have labels that {name} cannot give and count as wrong: "
              f"{named}", file=sys.stderr)  # fmt: skip
    metrics = evaluation.evaluate(model, rows)
    if options.json:
        print(json.dumps({"model": name, **metrics}, ensure_ascii=False))
        return 0
    print(f"{name}: {metrics['n']} rows, macro-F1 {metrics['macro_f1']:.4f}, accuracy {metrics['accuracy']:.4f}, "
          f"calibration error {metrics['ece']:.4f}")  # fmt: skip
    for key in ("in_scope_accuracy", "out_of_scope_recall", "out_of_scope_precision"):
        if key in metrics:
            print(f"{key.replace('_', ' ')} {metrics[key]:.4f}")
    for code, entry in sorted(metrics.get("per_language", {}).items(), key=lambda item: item[1]["macro_f1"]):
        print(f"{code:12} {entry['macro_f1']:.3f} [{entry['low']:.3f}, {entry['high']:.3f}]  {entry['n']} rows")
    return 0


def _evaluate_assistant(options: argparse.Namespace) -> int:
    """Questions in one language against entries in another, pair by pair."""
    from models.assistant import pairs
    from models.text.base import place, shared

    found = pairs.summary(pairs.judge(*pairs.clinic(), shared.opened().vectors))
    if options.json:
        print(json.dumps({"model": ASSISTANT, "embedder": place.NAME, **found}, ensure_ascii=False))
        return 0
    print("asked  held  first  answered  offered  wrong  refused")
    for one in found["per_pair"]:
        shares = "  ".join(f"{one[name]:.2f}" for name in pairs.SHARES)
        print(f"{one['kind']:12} {one['asked']:6} {one['held']:6} {shares}")
    return 0


def _evaluate_pictures(options: argparse.Namespace) -> int:
    from models.vision import train_evaluate

    metrics = train_evaluate.evaluate(options.name, options.data, options.data_dir)
    if options.json:
        print(json.dumps({"model": options.name, **metrics}, ensure_ascii=False))
        return 0
    single = {key: value for key, value in metrics.items() if isinstance(value, int | float)}
    print(f"{options.name}: " + ", ".join(f"{key} {value:.4g}" for key, value in single.items()))
    for by in ("per_kind", "per_class", "per_script", "per_condition", "per_crowding"):
        for group, entry in metrics.get(by, {}).items():
            figures = {key: value for key, value in entry.items() if isinstance(value, int | float)}
            print(f"{group:20} " + ", ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    return 0


def _predict(options: argparse.Namespace) -> int:
    if cards.card(options.name).task in PICTURE_TASKS:
        return _look(options)
    if not options.text:
        raise ValueError(f"{options.name} reads texts: give --text.")
    from models.text import clauses, languages, load

    model = load.classifier(options.name, fast=options.fast)
    for given in options.text:
        text = given.encode("utf-8", "replace").decode()  # bytes that are no UTF-8 come as half characters
        language = options.language
        if language is None and model.card.languages and model.card.task != "language":
            heard = load.classifier("language").predict([text])[0]
            language = languages.settled(heard.probabilities, model.card.languages)
        answer = model.predict([text], [language])[0]
        reasons = model.explain(text, language=language) if options.explain and text.strip() else []
        both = set(clauses.SIGNS) <= set(model.labels)
        read = clauses.opposed([text], [language], model.predict)[0] if both else ()
        notes = _notes(model.card, text, language, answer.note)
        if options.json:
            words = [{"word": text[r.start : r.end], "weight": r.weight} for r in reasons]
            line = {"text": text, "language": language, "label": answer.label, "sure": answer.sure,
                    "note": answer.note, "notes": notes, "probabilities": answer.probabilities,
                    "reasons": words,
                    "clauses": [{"text": one.text, "label": one.answer.label, "sure": one.answer.sure,
                                 "probabilities": one.answer.probabilities} for one in read]}  # fmt: skip
            print(json.dumps(line, ensure_ascii=False))
            continue
        best = ", ".join(f"{label} {share:.2f}" for label, share in list(answer.probabilities.items())[:3])
        said = "mixed: positive and negative" if read else answer.label if answer.sure else "not sure"
        about = "".join(f", {word}" for word in (answer.note, language) if word)
        print(f"{said}{about} ({best}): {text if len(text) <= SHOWN else text[:SHOWN] + ' ...'}")
        for note in notes:
            print(f"  note: {note}")
        for one in read:
            print(f"  {one.sign or 'not sure'} ({one.answer.confidence:.2f}): {one.text}")
        for reason in reasons:
            print(f"  {reason.weight:+.3f}  {text[reason.start : reason.end]}")
    return 0


def _notes(card: cards.Card, text: str, language: str | None, note: str) -> list[str]:
    """What to know before the answer to a text is believed, as the page tells it."""
    from models import fitness
    from models.text import languages
    from models.text.classifier import MAX_CHARACTERS

    found = []
    if note == "cut":
        found.append(f"the text has {len(text)} characters; the first {MAX_CHARACTERS} are read")
    if note == "windowed":
        found.append(f"the text has {len(text)} characters: the encoder reads it window by window, our n-grams the "
                     f"first {MAX_CHARACTERS}")  # fmt: skip
    if not language:
        return found
    if missing := languages.not_offered(card.config.get("network", {}), language):
        found.append(f"{' and '.join(missing)} is not offered in {language}: its training texts had none")
    judged = fitness.of_language(card.metrics, language, tested=card.languages)
    if judged.verdict == fitness.WEAK:
        found.append(
            f"the model is not good enough in {language} to rely on it: {judged.score:.2f} on {judged.n} {judged.of}"
        )
    return found


def _look(options: argparse.Namespace) -> int:
    """Each file and each page of a stack for itself: what cannot be looked at is told, and the others are looked at."""
    if not options.image:
        raise ValueError(f"{options.name} reads pictures: give --image.")
    from models.vision import describe, images

    failed = 0
    for path in options.image:
        try:
            content = path.read_bytes()
            pages = images.pages(content)
        except (OSError, ValueError) as error:
            failed = _not_looked_at(path, error)
            continue
        for number, frame in enumerate(pages, start=1):
            page = {"page": number, "pages": len(pages)} if len(pages) > 1 else {}
            named = f"{path}, page {number} of {len(pages)}" if page else str(path)
            try:
                found = describe.at(options.name, content, options.market, frame if page else None)
            except (OSError, ValueError) as error:
                failed = _not_looked_at(named, error)
                continue
            if options.json:
                print(json.dumps({"image": str(path), **page, **found}, ensure_ascii=False))
                continue
            notes = found.pop("notes", ())
            print(f"{named}: {found}", *(f"  note: {note}" for note in notes), sep="\n")
    return failed


def _not_looked_at(what: Path | str, error: Exception) -> int:
    print(f"predict: {what}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
    return 1


def _card(options: argparse.Namespace) -> int:
    print(cards.card(options.name).to_json(), end="")
    return 0


def _compress(options: argparse.Namespace) -> int:
    if options.name in PICTURES:
        from models.vision import variants as forms

        forms.measure(options.name, options.data_dir, to=options.to)
        return 0
    from models.text import variants
    from models.text.recipes import RECIPES

    if options.name not in RECIPES:
        raise ModelError(
            "{name} has no recipe and so no test split to judge its forms on.",
            name=repr(options.name),
        )
    rows = RECIPES[options.name].corpus(options.data_dir).split("test")
    variants.measure(options.name, rows.sample(min(options.rows, len(rows)), random_state=0), to=options.to)
    return 0


def _adapt(options: argparse.Namespace) -> int:
    """Both learn from the same rows, full fine-tuning at whichever of two rates does better on dev; forgetting is the
    macro-F1 lost on a sample of every other language."""
    from models.text import adapter_checks, adapter_rows, adapter_training

    for language in options.language:
        model = cards.card(options.name)
        checked = adapter_checks.check(adapter_rows.shared(language, judged_on=JUDGED_ON).rows, model.labels, language)
        general = adapter_rows.general(language)
        learned = int((checked.rows["split"] != "test").sum())
        settings = adapter_training.suggested(checked)
        for title, full, shares in (("adapter", False, (1,)), ("full fine-tuning", True, (1, 0.25))):
            tried = [
                adapter_training.train(options.name, checked, language, general, full=full,
                              settings=replace(settings, rate=share * settings.rate))
                for share in shares
            ]  # fmt: skip
            made = max(tried, key=lambda one: one.fit.best or 0.0)
            print(
                f"{language} {title}: macro-F1 {made.before['macro_f1']:.3f} -> {made.after['macro_f1']:.3f} on "
                f"{made.rows['test']} rows after {learned} rows, forgetting {made.forgetting:+.2f} points, "
                f"{made.share:.2%} of the parameters, {made.fit.seconds:.0f} s",
                flush=True,
            )
    return 0


def _search(options: argparse.Namespace) -> int:
    try:
        from models.text import automl
    except ModuleNotFoundError as error:
        raise ModelError(
            "{name} is missing: pip install -r requirements-train.txt",
            name=error.name,
        ) from error
    print(automl.run(options.name, options.minutes, options.study, options.data_dir, options.rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
