"""What a page hands to the browser for sliders that are answered there, and what it takes back."""

import json
import math

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.live import component as live

SLIDER = live.Slider("k", "Size", "", 0.0, 3.0, 0.1, -1.0, 5.0, 1.0, 2.0, {"kind": "weight", "target": "size"})


def page() -> None:
    import math

    import pandas as pd
    import streamlit as st

    from dashboard.live import component

    shock = {"kind": "weight", "target": "size", "how": "set", "place": "size"}
    slider = component.Slider("k", "Size", "", 0.0, 3.0, 0.1, -1.0, 5.0, 1.0, 2.0, shock)
    component.switch()
    if component.is_on():
        component.base("page", '{"markets": ["DEU"]}', ["Germany"], ["Size"])
        component.sliders("page", "weights", [slider], [], lambda values, is_same: None)
        component.answer("page", pd.DataFrame({"low": [1.0, math.nan], "high": [3.0, math.nan]}))
    else:
        st.write("plain")


@pytest.fixture
def opened(monkeypatch) -> AppTest:
    monkeypatch.delenv("ATLAS_LIVE")
    app = AppTest.from_function(page).run()
    assert not app.exception
    return app


def told(app: AppTest) -> dict[str, object]:
    """By component, what it was handed."""
    protos = [one.proto for one in app.get("bidi_component")]
    return {one.component_name: json.loads(one.bytes or one.json) for one in protos}


def test_what_is_large_is_handed_over_apart_from_what_moves(opened):
    handed = told(opened)
    assert handed["lepton_base"]["base"] == {"markets": ["DEU"]}
    assert handed["lepton_base"]["names"] == ["Germany"]
    assert handed["lepton_sliders"]["controls"][0]["value"] == 2.0
    assert handed["lepton_answer"]["intervals"] == [[1, 3], None]
    [script] = [one.proto.js_content for one in opened.get("bidi_component") if len(one.proto.js_content) > 2000]
    assert "LeptonIndex" in script


def test_a_session_keeps_its_mark_from_run_to_run_and_another_has_another(opened, monkeypatch):
    mark = told(opened)["lepton_sliders"]["session"]
    assert told(opened.run())["lepton_sliders"]["session"] == mark
    assert told(AppTest.from_function(page).run())["lepton_sliders"]["session"] != mark


def test_a_reader_or_whoever_runs_it_can_have_plain_sliders(opened, monkeypatch):
    opened.toggle(key=live.SWITCH).set_value(False).run()
    assert [text.value for text in opened.markdown] == ["plain"]
    monkeypatch.setenv("ATLAS_LIVE", "off")
    assert [text.value for text in AppTest.from_function(page).run().markdown] == ["plain"]


@pytest.mark.parametrize(
    ("sent", "taken"), [(2.5, 2.5), (99, 5.0), (-99, -1.0), (math.nan, 1.0), ("2", 1.0), (None, 1.0), (math.inf, 5.0)]
)
def test_a_value_from_the_browser_stays_within_what_may_be_typed(sent, taken):
    assert live._within(SLIDER, sent) == taken
