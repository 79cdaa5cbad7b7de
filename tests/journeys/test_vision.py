"""What a reader does in the Vision lab, in a real browser, with a small nuclei model trained here."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOADING_MS = 60_000


METRICS = {
    "n": 60, "dice": 0.9, "count_within": {"nucleus": 0.1}, "per_kind": {"fluorescence": {"ap50": 0.9, "n": 60}},
}  # fmt: skip


def discs(seed: int, side: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Six bright discs on a dark ground, apart from each other, as uint8 RGB; and which pixel is whose."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    truth = np.zeros((side, side), np.int32)
    for place in range(6):
        middle = np.array((24 + 48 * (place % 2), 16 + 32 * (place // 2))) + random.integers(-3, 4, 2)
        truth[np.hypot(y - middle[0], x - middle[1]) < random.integers(8, 12)] = place + 1
    light = np.where(truth > 0, 170, 20) + random.normal(0, 6, truth.shape)
    return np.repeat(light.clip(0, 255).astype(np.uint8)[..., None], 3, 2), truth


@pytest.fixture(scope="module")
def app(synthetic, serve, tmp_path_factory):
    """The dashboard, and in its folder a nuclei network that learned for some seconds."""
    from models import cards
    from models import tensors as model_tensors
    from models.vision import novelty, unet
    from models.vision.corpora import Segmented
    from models.vision.nuclei import instances
    from models.vision.nuclei import network as nuclei_network
    from models.vision.nuclei import training as nuclei_training

    torch.set_num_threads(1)
    plan = nuclei_training.TrainingConfig(
        settings=nuclei_training.Settings(epochs=1, rate=5e-3, bf16=False), batch=4, crops=200
    )
    config = unet.Config(widths=(12, 16, 24), outputs=8)
    learnt = [Segmented(str(seed), "train", *discs(seed)) for seed in range(8)]
    network, _fit = nuclei_training.fit(plan, config, learnt, [])
    network.eval()
    features = np.stack([nuclei_network.maps(network, one.pixels, "cpu", False).features for one in learnt])
    bank = novelty.reference_features(features, features, margin=20.0)
    card = cards.Card(
        name="nuclei", task="nuclei", title="Small", purpose="Tests.", family="U-Net", labels=("nucleus",),
        languages=(), data=(), splits={}, metrics=METRICS, training={}, limits=(),
        config=nuclei_network.settings(config, instances.InstanceRule(odds=(*(0.0,) * instances.FEATURES, 3.0)))
        | {"far": bank.threshold, "counts": {"nucleus": [-1.0, 2.0]}},
    )  # fmt: skip
    home = tmp_path_factory.mktemp("vision")
    (home / "atlas.duckdb").write_bytes((synthetic / "atlas.duckdb").read_bytes())
    tensors = network.state_dict() | {"bank.features": torch.from_numpy(bank.features)}
    model_tensors.save(card, tensors, root=home / "models")
    with serve(synthetic, ATLAS_HOME=str(home)) as address:
        yield address


def png(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(discs(seed)[0]).save(out, "PNG")
    return out.getvalue()


def bring(reader, name: str, content: bytes) -> None:
    reader.page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )


def outlines(reader) -> int:
    """Things that can be pointed at on the picture."""
    return reader.page.evaluate("document.querySelector('.js-plotly-plot').data.at(-1).x.length")


def test_a_picture_is_brought_counted_redrawn_and_taken_away(app, visit):
    reader = visit(app)
    reader.go("/vision?from=file")
    assert reader.title() == "What would you like looked at?"
    bring(reader, "wrong.png", b"this is no picture")
    reader.page.get_by_text("This is not a PNG, JPEG or TIFF picture").wait_for()
    bring(reader, "discs.png", png(100))
    expect(reader.page.locator("h1")).to_have_text(
        re.compile(r"^\d+ nucle(us|i) counted; usually right within "), timeout=LOADING_MS
    )
    reader.settle()
    assert reader.title().startswith("6 nuclei ")
    reader.page.wait_for_selector(".js-plotly-plot image", state="attached")
    assert outlines(reader) == 6
    expect(reader.page.locator(".js-plotly-plot image").first).to_be_visible()

    slider = reader.page.get_by_role("slider", name="Hide below, %")
    slider.focus()
    reader.page.keyboard.press("End")
    reader.page.get_by_text("Showing 0 of 6").wait_for()
    assert outlines(reader) == 0
    slider.focus()
    reader.page.keyboard.press("Home")
    reader.page.get_by_text("Showing 6 of 6").wait_for()
    assert reader.title().startswith("6 nuclei ")

    reader.page.get_by_role("button", name=re.compile("Table, CSV and picture")).first.click()
    reader.page.get_by_role("button", name="Download CSV").first.wait_for()
    reader.settle()
    with reader.page.expect_download() as taken:
        reader.page.get_by_role("button", name="Download CSV").first.click()
    rows = Path(taken.value.path()).read_text("utf-8-sig").splitlines()
    assert rows[0].startswith('"number","kind","confidence","x","y","area_px"') and len(rows) == 7
    dialog = reader.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    with reader.page.expect_download() as taken:
        reader.page.get_by_role("button", name="Download PNG").click()
    width, height = Image.open(taken.value.path()).size
    assert width == 96 and height > 96  # under the picture stands that this is no medical device


def test_where_the_network_looked_changes_the_picture(app, visit):
    reader = visit(app)
    reader.go("/vision?from=file")
    bring(reader, "discs.png", png(101))
    expect(reader.page.locator("h1")).to_have_text(re.compile("nuclei"), timeout=LOADING_MS)
    reader.settle()
    reader.page.wait_for_selector(".js-plotly-plot image", state="attached")
    source = "document.querySelector('.js-plotly-plot')?.layout?.images?.[0]?.source"  # none while it is drawn anew
    before = reader.page.evaluate(source)
    reader.page.get_by_text("Heat map", exact=True).click()
    reader.page.wait_for_function(f"before => {source} && {source} !== before", arg=before, timeout=LOADING_MS)


def test_several_files_become_a_table_with_the_bad_one_in_it(app, visit):
    reader = visit(app)
    reader.go("/vision?from=files")
    files = [("a.png", png(102)), ("b.png", b"rubbish"), ("c.png", png(103))]
    reader.page.locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in files]
    )
    reader.page.get_by_role("button", name="Look at all 3 pictures").click()
    reader.page.get_by_role("button", name="Download the table as CSV").wait_for(timeout=LOADING_MS)
    reader.settle()
    assert reader.title() == "12 nuclei on 2 of 3 pictures"
    with reader.page.expect_download() as taken:
        reader.page.get_by_role("button", name="Download the table as CSV").click()
    rows = Path(taken.value.path()).read_text("utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in rows] == ['"file"', '"a.png"', '"b.png"', '"c.png"']
    assert "This is not a PNG" in rows[2]


def test_what_is_looked_for_and_the_market_stand_in_the_address(app, visit):
    reader = visit(app)
    reader.go("/vision")
    reader.page.get_by_text("Price tags", exact=True).click()
    reader.page.wait_for_url(re.compile("look=tags"))
    reader.settle()
    reader.page.get_by_role("combobox", name="Market").click()
    reader.page.keyboard.type("Japan")
    reader.page.get_by_role("option", name=re.compile("^Japan")).click()
    reader.page.wait_for_url(re.compile("market=JPN"))
    other = visit(app)
    other.go(reader.page.url.removeprefix(app))
    assert other.title() == reader.title()
    assert other.page.get_by_role("combobox", name="Market").input_value().startswith("Japan")
