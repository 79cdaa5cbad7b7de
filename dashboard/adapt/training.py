"""The Adapt page while a training runs: how far, the loss as it falls, and a button that stops it."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import components
from dashboard.adapt import state
from dashboard.charts import Drawn
from dashboard.charts import adapt as charts
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, number, share

if TYPE_CHECKING:
    from models.training.jobs import Job, Snapshot

EVERY_S, ELSEWHERE_S = 1.0, 5.0
RUNNING = ":material/hourglass_top: "


def watch(job: "Job") -> None:
    """This reader's training: drawn again every second while it runs."""
    running = job.snapshot.state == "running"
    st.fragment(run_every=EVERY_S if running else None)(_watched)(job, running)


def _watched(job: "Job", running: bool) -> None:
    now = job.snapshot
    if running and now.state != "running":
        st.rerun()
    title = state.title_of(now.title)
    if now.state == "running":
        st.title(_("Learning: {title}").format(title=title))
        st.progress(_part(now), text=_progress(now))
        st.button(
            _("Stopping") if now.stopping else _("Stop"),
            icon=":material/stop_circle:",
            key="adapt_stop",
            disabled=now.stopping,
            on_click=job.stop,
            help=_("It ends at its next step; nothing of it is kept."),
        )
        curves(now, live=True)
        st.caption(_("It goes on when you leave this page, and waits an hour with its result. Only you see it."))
        return
    if now.state == "stopped":
        st.title(_("Stopped: {title}").format(title=title))
        st.write(_("Nothing was registered and no model was changed."))
    else:
        st.title(_("It could not be trained: {title}").format(title=title))
        st.error(spelt(now.problem), icon=":material/error:")
        st.write(_("No model was changed. Change the rows or the settings, and train again."))
    curves(now, live=True)
    if st.button(_("Back to the rows"), icon=":material/arrow_back:", key="adapt_back", type="primary"):
        state.leave()
        st.rerun()


def _part(now: "Snapshot") -> float:
    return min(now.progress.step / max(now.progress.steps, 1), 1.0) if now.progress else 0.0


def _progress(now: "Snapshot") -> str:
    if now.progress is None:
        return _("Testing the current model for comparison")
    at = now.progress
    if at.step >= at.steps:
        return _("Judging what was learned")
    line = _("Step {step} of {steps}").format(step=number(at.step, 9), steps=number(at.steps, 9))
    left = at.eta_s
    if left < 90:
        return _("{line}, about {left} seconds left").format(line=line, left=number(left, 2))
    return _("{line}, about {left} minutes left").format(line=line, left=number(left / 60, 2))


def curves(now: "Snapshot", live: bool = False) -> None:
    """Loss by step, and the score on the rows to stop by. live: without their tables, which would close as it moves."""
    losses = [(step, loss) for step, loss, _score in now.curve if not math.isnan(loss)]
    scores = [(step, score) for step, _loss, score in now.curve if score is not None]
    if not losses:
        return
    look, step_axis = components.look(), _("Step")
    shown = (
        ("loss", losses, _("Loss"), _("Is the loss still falling?")),
        ("score", scores, _("Macro F1"), _("Does it help on examples it has not seen?")),
    )
    for cell, (name, points, axis, question) in zip(st.columns(2, gap="large"), shown, strict=True):
        if not points:
            continue
        with cell:
            st.markdown(f"**{question}**")
            steps, values = zip(*points, strict=True)
            hover = [
                _("Step {step}: {value}").format(step=number(step, 9), value=number(value, 3)) for step, value in points
            ]
            figure = charts.learning(steps, values, (step_axis, axis), hover, look)
            st.plotly_chart(
                Drawn(figure),
                theme=None,
                config={"displayModeBar": False},
                alt=_("{measure} by step of the training").format(measure=axis),
                key=f"chart_adapt_{name}_{'live' if live else 'done'}",
            )


def elsewhere(job: "Job") -> None:
    """Another reader's training: that it runs, looked at again every few seconds, until it is over."""
    st.fragment(run_every=ELSEWHERE_S)(_elsewhere)(job)


def _elsewhere(job: "Job") -> None:
    now = job.snapshot
    if now.state != "running":
        st.rerun()
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="adapt_elsewhere"):
        st.markdown(
            RUNNING
            + _(
                "Another reader's training is running, begun at {time}, {part} done. One runs at a time, so that "
                "answers stay fast; yours can start when it has ended."
            ).format(time=f"{now.began.astimezone():%H:%M}", part=share(_part(now))),
            width="stretch",
        )
