"""Whether a model is good enough, in words: a banner where it is not, and the figures behind it in one form."""

import math

import babel.numbers
import streamlit as st

from dashboard.i18n.translation import _, locale, number
from models import fitness
from models.fitness import Fitness


def score(value: float | None) -> str:
    """A score with two decimals, as 0.70; never rounded up to what is asked for."""
    if value is None or math.isnan(value):
        return "–"
    if value < fitness.MIN_SCORE <= round(value, 2):
        value = math.floor(value * 100) / 100
    if value < 1 <= round(value, 2):
        value = 0.99
    return babel.numbers.format_decimal(value, "0.00", locale())


def cases(of: str, n: int) -> str:
    """A number of test cases: 28 test texts."""
    template = {
        "texts": _("{n} test texts"),
        "lines": _("{n} test lines"),
        "pictures": _("{n} test pictures"),
        "cells": _("{n} test cells"),
    }[of]
    return template.format(n=number(n, 9))


def measure(of: str) -> str:
    """What the score over such cases is called."""
    return {
        "texts": _("F1"),
        "lines": _("share without an error"),
        "pictures": _("average precision"),
        "cells": _("average precision"),
    }[of]


def figure(judged: Fitness) -> str:
    """The score and what it rests on: F1 0.56 on 28 test texts."""
    if judged.score is None:
        return _("never tested")
    return _("{measure} {score} on {cases}").format(
        measure=measure(judged.of), score=score(judged.score), cases=cases(judged.of, judged.n)
    )


def warning(judged: Fitness, name: str) -> str:
    """Why not to rely on a model for what is named; "" where it is good enough."""
    if judged.ready:
        return ""
    if judged.score is None:
        return _("Never tested on {group}. Do not rely on it.").format(group=name)
    if judged.too_few:
        return _("Not proven for {group}: {figure}, and we ask for {least}. Do not rely on it.").format(
            group=name, figure=figure(judged), least=number(fitness.MIN_CASES[judged.of], 9)
        )
    return _("Not good enough for {group}: {figure}. Do not rely on it.").format(group=name, figure=figure(judged))


def banner(judged: Fitness, name: str) -> None:
    """The warning as a banner, where there is one."""
    if told := warning(judged, name):
        st.warning(told, icon=":material/gpp_maybe:")
