"""What a fresh process imports before its first page: nothing that takes seconds and memory and is asked for later."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "skimage", "onnxruntime", "tokenizers", "sklearn", "statsmodels", "scipy.stats")


def heavy(code: str, **surroundings: str) -> str:
    """Which heavy packages a fresh process has imported after this code."""
    code += f"\nimport sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)} | surroundings, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def test_the_first_page_of_a_fresh_process_imports_nothing_heavy(home):
    page = (
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('dashboard/app.py', default_timeout=60).run()\n"
        "assert not app.exception and app.title"
    )
    assert heavy(page, ATLAS_HOME=str(home)) == "[]"


def test_cards_and_refusals_are_read_without_torch():
    known = "import models.cards, models.errors, models.fitness, models.training.jobs, models.assistant.replies"
    assert heavy(f"{known}\nassert models.cards.card('sentiment').labels") == "[]"
