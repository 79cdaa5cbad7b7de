"""The training loop: what it minimises, when it stops, and that a run broken off goes on as if it had not been."""

import pytest
import torch
from torch import nn

from models import devices
from models.errors import Stopped, TrainingError
from models.training import loop
from models.training.settings import Settings

X = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
Y = X @ torch.tensor([1.0, -2.0, 0.5])


def line() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.1))


def batches(epoch: int):
    order = torch.randperm(64, generator=torch.Generator().manual_seed(epoch))
    return [(X[part], Y[part]) for part in order.split(16)]


def fitted(module, settings, **options):
    def loss(batch):
        return ((module(batch[0])[:, 0] - batch[1]) ** 2).mean()

    return loop.fit(module, batches, 4, loss, settings, **options)


@pytest.mark.parametrize(
    ("able", "found"),
    [({"avx2": True, "avx512_bf16": False}, False), ({"avx512_bf16": True}, True), ({"amx_bf16": True}, True),
     ({"architecture": "aarch64", "bf16": True}, True), ({}, False)],
)  # fmt: skip
def test_bf16_is_used_only_where_the_processor_computes_in_it(able, found, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert devices.computes_bf16("cpu") is found
    with devices.precision("cpu"):
        assert torch.is_autocast_enabled("cpu") is found
    with devices.precision("cpu", bf16=False):
        assert not torch.is_autocast_enabled("cpu")


def test_a_line_is_found():
    module = nn.Linear(3, 1)
    fitted(module, Settings(epochs=120, rate=0.05, weight_decay=0, bf16=False))
    assert module.weight[0].tolist() == pytest.approx([1, -2, 0.5], abs=0.02)


def test_a_run_resumed_from_its_checkpoint_ends_where_one_never_broken_off_ends(tmp_path):
    settings = Settings(epochs=5, rate=0.05, bf16=False, save_every_s=0)
    whole, broken = line(), line()
    fitted(whole, settings)
    asked = iter(range(100))
    with pytest.raises(Stopped):
        fitted(broken, settings, checkpoint=tmp_path, should_stop=lambda: next(asked) == 10)
    again = line()
    result = fitted(again, settings, checkpoint=tmp_path)
    assert result.ended == "all epochs"
    assert torch.equal(whole[0].weight, again[0].weight)


def test_a_table_with_sparse_gradients_resumes_too(tmp_path):
    def run(stop_at: int | None, checkpoint=None):
        torch.manual_seed(0)
        module = nn.EmbeddingBag(10, 1, mode="sum", sparse=True)
        asked = iter(range(100))
        return module, loop.fit(
            module, lambda epoch: [torch.tensor([[epoch, 9 - epoch]])] * 3, 3,
            lambda batch: (module(batch) - 1).pow(2).mean(),
            Settings(epochs=4, sparse_rate=0.1, bf16=False), checkpoint=checkpoint,
            should_stop=(lambda: next(asked) == stop_at) if stop_at else None,
        )  # fmt: skip

    whole, _ = run(None)
    with pytest.raises(Stopped):
        run(5, tmp_path)
    again, _ = run(None, tmp_path)
    assert torch.equal(whole.weight, again.weight)


def test_the_best_weights_are_kept_not_the_last():
    module = nn.Linear(3, 1)
    scores = iter([0.1, 0.9, 0.5])
    seen = []

    def score():
        seen.append(module.weight.detach().clone())
        return next(scores)

    result = fitted(module, Settings(epochs=3, rate=0.05, bf16=False), score=score)
    assert result.best_epoch == 1
    assert torch.equal(module.weight, seen[1])


def test_a_module_that_no_epoch_makes_better_is_left_as_it_came(tmp_path):
    module = nn.Linear(3, 1)
    came = module.weight.detach().clone()
    scores = iter([0.9, 0.1, 0.5])
    result = fitted(module, Settings(epochs=2, rate=0.05, bf16=False), score=lambda: next(scores), score_first=True)
    assert (result.best, result.best_epoch) == (0.9, None)
    assert result.curve[0][::2] == (0, 0.9)
    assert torch.equal(module.weight, came)


def test_training_stops_early_when_dev_no_longer_improves():
    result = fitted(line(), Settings(epochs=50, rate=0.01, patience=2, bf16=False), score=lambda: 0.5)
    assert result.ended == "no better for 2 epochs"


def test_weight_decay_is_apart_from_the_gradient():
    """Loshchilov and Hutter 2019: with no gradient a weight still shrinks by rate x decay."""
    module = nn.Linear(3, 2)
    before = module.weight.detach().clone()
    loop.fit(module, lambda epoch: [0], 1, lambda batch: (module.weight * 0).sum(),
                 Settings(epochs=1, rate=0.1, weight_decay=0.5, warmup=0, bf16=False))  # fmt: skip
    assert torch.allclose(module.weight, before * (1 - 0.1 * 0.5))


def test_a_loss_that_is_not_finite_names_the_learning_rate():
    module = nn.Linear(3, 1)
    with pytest.raises(TrainingError, match="lower the learning rate"):
        loop.fit(module, lambda epoch: [0], 1, lambda batch: module.weight.sum() * torch.inf, Settings(bf16=False))


def test_a_checkpoint_of_other_settings_is_not_resumed(tmp_path):
    fitted(line(), Settings(epochs=1, bf16=False), checkpoint=tmp_path)
    with pytest.raises(TrainingError, match="other settings"):
        fitted(line(), Settings(epochs=2, bf16=False), checkpoint=tmp_path)


def test_a_frozen_network_cannot_be_trained():
    with pytest.raises(TrainingError, match="frozen"):
        fitted(line().requires_grad_(False), Settings(bf16=False))


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(TrainingError, match="epochs >= 1"):
        Settings(epochs=0)


def test_progress_says_how_far_and_how_long_to_go(tmp_path):
    seen = []
    fitted(line(), Settings(epochs=2, bf16=False), on_progress=seen.append, every=2, log=tmp_path, score=lambda: 0.5)
    assert [p.step for p in seen] == [2, 4, 4, 6, 8, 8]
    assert seen[-1].eta_s == 0
    assert seen[0].eta_s > 0
    assert list(tmp_path.glob("events*"))


def test_the_rate_warms_up_then_falls():
    factor = loop._schedule(Settings(warmup=0.1), 100)
    assert factor(0) == pytest.approx(0.1)
    assert factor(10) == pytest.approx(1)
    assert factor(10) > factor(50) > factor(99) > 0
