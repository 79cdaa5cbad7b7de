"""What our own code never does with bytes of others, and where the server stands."""

import ast
from pathlib import Path

import pytest
import streamlit as st

ROOT = Path(__file__).parents[1]
FOLDERS = ("analytics", "dashboard", "data", "models", "pages")
NEVER = {"eval", "exec", "pickle.load", "pickle.loads", "torch.load", "joblib.load", "yaml.load", "marshal.loads"}
NEVER |= {"os.system", "pd.read_pickle", "shelve.open"}
BETWEEN_OURSELVES = {"data/apart.py": {"pickle.load"}}
"""A process and the one it started, over pipes that nobody else holds."""


def called(call: ast.Call) -> str:
    return ast.unparse(call.func)


def dangers(source: str) -> list[str]:
    """Calls that run or unpickle what they are given."""
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if called(call) in NEVER or given.get("shell") == "True":
            found.append(f"line {call.lineno}: {called(call)}")
        if called(call) == "np.load" and given.get("allow_pickle") != "False":
            found.append(f"line {call.lineno}: np.load without allow_pickle=False")
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_of_others_is_run_or_unpickled(folder):
    found = {str(file.relative_to(ROOT)): dangers(file.read_text("utf-8")) for file in (ROOT / folder).rglob("*.py")}
    left = {
        file: [line for line in lines if line.partition(": ")[2] not in BETWEEN_OURSELVES.get(file, ())]
        for file, lines in found.items()
    }
    assert {file: lines for file, lines in left.items() if lines} == {}


def test_a_danger_would_be_found():
    assert dangers("import torch\ntorch.load(x)\nnp.load(x)\nrun(y, shell=True)\nnp.load(x, allow_pickle=False)") == [
        "line 2: torch.load",
        "line 3: np.load without allow_pickle=False",
        "line 4: run",
    ]


def test_the_server_answers_this_machine_alone_and_shows_no_faults_in_full():
    assert st.get_option("server.address") == "127.0.0.1"
    assert set(st.get_option("server.allowedHosts")) == {"127.0.0.1", "localhost"}
    assert st.get_option("client.showErrorDetails") == "none"
    assert st.get_option("server.enableXsrfProtection") is True
