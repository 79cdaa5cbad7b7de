"""Choices stand in the address as codes: links restore them, unknown ones are told, not replaced; pages keep them."""

import ast
from pathlib import Path

from streamlit.testing.v1 import AppTest

from dashboard import widgets


def script() -> None:
    import streamlit as st

    from dashboard import widgets

    widgets.enter("page")
    labels = {"a": "Apples", "b": "Berries", "c": "Cherries"}
    pin = st.session_state.get("pin", False)
    one = widgets.selectbox("One", tuple(labels), "one", "a", labels.get, pinned=pin)
    number = widgets.selectbox("Number", (2024, 2023, 2022), "number", 2023)
    many = widgets.multiselect("Many", tuple(labels), "many", ("a",), labels.get, pin, max_selections=2)
    part = widgets.segmented("Part", tuple(labels), "part", "a", labels.get)
    st.json({"one": one, "number": number, "many": many, "part": part})
    st.session_state["untold"] = [(found.key, found.asked, found.shown) for found in widgets.untold()]


def opened(**address: str) -> AppTest:
    app = AppTest.from_function(script)
    app.query_params.update(address)
    app.run()
    assert not app.exception
    return app


def values(app: AppTest) -> list:
    return [app.session_state[key] for key in ("one", "number", "many", "part")]


def test_without_an_address_the_defaults_hold_and_the_address_stays_empty():
    app = opened()
    assert values(app) == ["a", 2023, ["a"], "a"]
    assert dict(app.query_params) == {}


def test_an_address_restores_every_choice_exactly():
    app = opened(one="b", number="2022", many="c,b", part="c")
    assert values(app) == ["b", 2022, ["c", "b"], "c"]
    assert dict(app.query_params) == {"one": "b", "number": "2022", "many": "c,b", "part": "c"}


def test_a_pinned_default_stands_in_the_address():
    app = opened()
    app.session_state["pin"] = True
    app.run()
    assert dict(app.query_params) == {"one": "a", "many": "a"}


NONSENSE = {"one": "<script>alert(1)</script>", "number": "two thousand", "many": "x,b,y", "part": "z" * 5000}


def test_unknown_codes_show_the_defaults_and_say_so():
    app = opened(**NONSENSE)
    assert values(app) == ["a", 2023, ["b"], "a"]
    assert app.session_state["untold"] == [
        ("one", NONSENSE["one"], "Apples"),
        ("number", "two thousand", "2023"),
        ("many", "x,y", "Berries"),
        ("part", NONSENSE["part"], "Apples"),
    ]


def test_what_is_refused_stays_in_the_address_until_the_reader_chooses():
    app = opened(**NONSENSE)
    app.run()
    assert dict(app.query_params) == NONSENSE
    app.selectbox(key="one").set_value("c").run()
    app.multiselect(key="many").set_value(["b", "c"]).run()
    assert dict(app.query_params) == NONSENSE | {"one": "c", "many": "b,c"}
    assert [key for key, *_ in app.session_state["untold"]] == ["number", "part"]
    app.selectbox(key="number").set_value(2022).run()
    app.segmented_control(key="part").set_value("b").run()
    assert dict(app.query_params) == {"one": "c", "many": "b,c", "number": "2022", "part": "b"}
    assert app.session_state["untold"] == []


def picky() -> None:
    """Two pages: one knows more than the other. The reader can take what is shown."""
    import streamlit as st

    from dashboard import widgets

    page = st.session_state.get("on", "few")
    widgets.enter(page)
    options = ("a", "b", "zebra") if page == "many" else ("a", "b")
    if st.session_state.get("taken"):
        widgets.accept("one")
    value = widgets.selectbox("One", options, "one", "a", str.upper, strict=page == "strict")
    st.session_state["found"] = value, widgets.refused("one"), widgets.untold()


def test_a_strict_box_is_empty_while_something_is_refused():
    app = AppTest.from_function(picky)
    app.session_state["on"] = "strict"
    app.query_params["one"] = "zebra"
    for _again in range(2):
        app.run()
        assert app.session_state["found"] == (None, "zebra", [])
        assert app.query_params["one"] == "zebra"
    app.selectbox(key="one").set_value("a").run()
    assert app.session_state["found"] == ("a", None, [])
    assert dict(app.query_params) == {}


def test_what_another_page_knows_and_this_one_does_not_is_refused_and_comes_back_there():
    app = AppTest.from_function(picky)
    app.session_state["on"] = "many"
    app.query_params["one"] = "zebra"
    app.run()
    assert app.session_state["found"] == ("zebra", None, [])
    app.session_state["on"] = "few"
    app.query_params.clear()  # the navigation opens a page without an address
    app.run()
    assert app.session_state["found"] == ("a", "zebra", [])
    assert app.query_params["one"] == "zebra"
    app.session_state["on"] = "many"
    app.run()
    assert app.session_state["found"] == ("zebra", None, [])


def test_taking_what_is_shown_writes_it_into_the_address():
    app = AppTest.from_function(picky)
    app.query_params["one"] = "zebra"
    app.run()
    app.session_state["taken"] = True
    app.run()
    assert app.session_state["found"] == ("a", None, [])
    assert dict(app.query_params) == {}


def test_labels_are_not_codes():
    assert values(opened(one="Berries", many="Cherries"))[::2] == ["a", ["a"]]


def test_more_codes_than_allowed_are_cut_and_repeated_ones_taken_once():
    assert values(opened(many="b,b,c,a"))[2] == ["b", "c"]


def test_a_choice_is_written_into_the_address_and_leaves_it_with_the_default():
    app = opened()
    app.selectbox(key="one").set_value("c").run()
    app.multiselect(key="many").set_value(["a", "b"]).run()
    assert dict(app.query_params) == {"one": "c", "many": "a,b"}
    app.selectbox(key="one").set_value("a").run()
    assert dict(app.query_params) == {"many": "a,b"}


def test_a_choice_outlives_other_reruns():
    app = opened(one="b")
    app.selectbox(key="number").set_value(2024).run()
    app.selectbox(key="one").set_value("c").run()
    app.segmented_control(key="part").set_value("b").run()
    assert values(app) == ["c", 2024, ["a"], "b"]


def test_a_changed_address_wins_over_the_widget():
    app = opened(one="b")
    app.query_params["one"] = "c"
    app.run()
    assert values(app)[0] == "c"


def test_what_is_typed_must_stand_in_the_name_in_every_box_to_choose_from():
    """Streamlit's own search takes letters in order: "Thailand" and Enter then add the Northern Mariana Islands too."""
    root = Path(widgets.__file__).parents[1]
    found = []
    for file in sorted([*(root / "dashboard").rglob("*.py"), *(root / "pages").glob("*.py")]):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in {"selectbox", "multiselect"}:
                given = {keyword.arg for keyword in call.keywords}
                ours = isinstance(call.func.value, ast.Name) and call.func.value.id == "widgets"
                if not ours and not {"filter_mode", "disabled"} & given:
                    found.append(f"{file.name}:{call.lineno}")
    assert found == []
