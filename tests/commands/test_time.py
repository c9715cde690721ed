"""``cnncalc time``: what is printed, what is measured with a clock of the test, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from cnncalc.analysis.memory.gpus import CARDS_FILE
from cnncalc.report.time import TimeRow, sum_row
from tests.commands.conftest import Cnncalc

SMALL = ("conv 3x3x64 p1 - relu - flatten", "--input", "32x32x64")


def test_the_table(cnncalc: Cnncalc) -> None:
    """Each bound with its arithmetic: 2·32·32·64·3·3·64·64 FLOP at 165.2 TFLOP/s, and bytes at 1.008 TB/s."""
    done = cnncalc("time", *SMALL, "--gpu", "rtx4090", "--precision", "bf16", "--batch", "64")
    assert done.status == 0
    assert done.out == (
        "name    layer                                                   compute                                  "
        "                               memory   at least   bound by    share\n"
        "─────────────────────────────────────────────────────────────────────────────────────────────────────────"
        "───────────────────────────────────────────────────────────────────────────────────\n"
        "conv1   conv 3x3x64 p1   2·37,748,736·64 FLOP / 165.2 TFLOP/s = 29.2 µs   (input 8.39 + weights 0.074 + o"
        "utput 8.39) MB / 1.008 TB/s = 16.7 µs    29.2 µs   compute     63.7%   ███████▋\n"
        "relu1   relu                                                        0 s                   (input 8.39 + o"
        "utput 8.39) MB / 1.008 TB/s = 16.6 µs    16.6 µs   memory      36.3%   ████▍\n"
        "\n"
        "total                                                           29.2 µs                                  "
        "                              33.4 µs    45.9 µs   compute    100.0%   ████████████\n"
        "\n"
        "at least  45.9 µs for 64 images, so at most 1,394,564 images/s\n"
        "of        a forward pass of 64 images in bf16\n"
        "bound by  compute for 63.7% and memory for 36.3% of that time\n"
        "machine   rtx4090 in bf16: 165.2 TFLOP/s and 1.008 TB/s (NVIDIA Ada GPU architecture white paper V2.1, ap"
        "pendix A); layers below 164 FLOP per byte are bound by memory\n"
        "this is a bound for direct convolution, layer by layer, and for nothing else: Winograd's algorithm comput"
        "es less, and caches and fused layers move less\n"
        "if all layers were fused and nothing between them crossed the memory, the bound would be 29.2 µs\n"
    )


def test_json_has_the_seconds_of_every_pass_and_their_sums(cnncalc: Cnncalc) -> None:
    """Everything, with the sums; seconds are what they say."""
    call = ("time", *SMALL, "--gpu", "RTX 3060", "--batch", "2", "--training", "--format", "json")
    data = json.loads(cnncalc(*call).out)
    first, second, third = data["layers"]
    forward, backward = first["passes"]
    assert (forward["flops"], backward["flops"]) == (2 * 37_748_736 * 2, 2 * 37_748_736 * 2)
    assert forward["compute_seconds"] == forward["flops"] / 12.7e12
    assert forward["compute_sum"] == "2·37,748,736·2 FLOP / 12.7 TFLOP/s"
    assert forward["traffic"] == {"input": 524_288, "weights": 147_712, "output": 524_288}
    assert forward["memory_sum"] == "(input 524 + weights 148 + output 524) kB / 360 GB/s"
    assert second["passes"][1]["traffic"] == {
        "gradient_of_output": 524_288,
        "saved": 524_288,
        "gradient_of_input": 524_288,
    }
    assert (third["seconds"], third["bound_by"]) == (0, None)
    assert data["step"]["traffic"] == {"gradients": 147_712, "parameters": 295_424, "state": 295_424}
    layers = sum(layer["seconds"] for layer in data["layers"])
    assert data["total"]["seconds"] == pytest.approx(layers + data["step"]["seconds"])
    assert data["measured"] is None
    assert data["machine"]["peak_flops_per_second"] == 12.7e12


def test_csv_has_numbers(cnncalc: Cnncalc) -> None:
    """Seconds, FLOPs and bytes, exact; of a training step both passes."""
    out = cnncalc("time", *SMALL, "--gpu", "a100", "--training", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["name"] for row in rows] == ["conv1", "relu1", "optimizer"]
    assert float(rows[0]["seconds"]) == pytest.approx(
        float(rows[0]["forward_seconds"]) + float(rows[0]["backward_seconds"])
    )
    assert int(rows[0]["flops"]) == 2 * 2 * 37_748_736


def test_blocks_fold(cnncalc: Cnncalc) -> None:
    """A row has the times of all its layers; together they are the total."""
    call = ("time", "resnet18", "--gpu", "h100", "--batch", "32")
    folded = list(csv.DictReader(io.StringIO(cnncalc(*call, "--fold", "--format", "csv").out)))
    every = list(csv.DictReader(io.StringIO(cnncalc(*call, "--all", "--format", "csv").out)))
    assert len(folded) < len(every) / 2
    total = sum(float(row["seconds"]) for row in every)
    assert sum(float(row["seconds"]) for row in folded if row["seconds"]) == pytest.approx(total)


def test_what_bounds_a_sum_is_that_of_its_passes() -> None:
    """Of 13 s the only pass that is bound by arithmetic takes 4, although it is most of its own layer."""
    layer = TimeRow(compute=4, memory=3, forward=3, backward=4, seconds=7, by_compute=4, measured=None)
    other = TimeRow(compute=0, memory=6, forward=6, backward=0, seconds=6, by_compute=0, measured=None)
    assert (layer.bound_by, other.bound_by) == ("compute", "memory")
    assert sum_row([layer, other]) == TimeRow(4, 9, 9, 4, 13, 4, None)
    assert sum_row([layer, other]).bound_by == "memory"


def test_a_table_of_cards_of_ones_own(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """It takes the place of the built-in one, whatever comes first on the command line."""
    path = tmp_path / "cards.csv"
    path.write_text("name,memory_mib,bandwidth_gb_s,fp16_tflops,source\nmine,1024,1,1,a guess\n")
    call = ("time", "conv 1x1x8", "--input", "8x8x8", "--gpu", "mine", "--precision", "fp16", "--cards", str(path))
    out = cnncalc(*call).out
    assert "mine in fp16: 1 TFLOP/s and 1 GB/s (a guess); layers below 1,000 FLOP per byte are bound by memory" in out
    refused = cnncalc(*call[:5], "h100", *call[6:])
    assert refused.err == (
        "error[usage]: Invalid value for '--gpu': there is no card 'h100'; --cards has mine. "
        "Or measure here: --measure\n  = see `cnncalc time --help`\n"
    )


def test_a_network_without_parameters_has_no_step_of_training(cnncalc: Cnncalc) -> None:
    done = cnncalc("time", "input 4x4x1\nrelu", "--gpu", "h100", "--training")
    assert (done.status, done.err) == (
        1,
        "error[nothing-to-train]: the network has no parameters, so there is nothing to train\n",
    )


def test_the_built_in_table_can_be_copied(cnncalc: Cnncalc) -> None:
    assert cnncalc("time", "--show-cards").out == CARDS_FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [("--show-cards", "--cards", "mine.csv"), ("--cards", "mine.csv", "--show-cards")])
def test_a_table_of_ones_own_is_not_the_built_in_one(
    cnncalc: Cnncalc, options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text("name,memory_mib\nmine,1024\n")
    done = cnncalc("time", *options)
    assert (done.status, done.out, done.err) == (
        2,
        "",
        "error[usage]: --show-cards prints the built-in table; leave out --cards\n  = see `cnncalc time --help`\n",
    )


EITHER = "give either --gpu, such as --gpu h100, or --measure for this machine"
ONE_THREAD = "processor time is that of one thread of the CPU: give device cpu and threads 1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), EITHER),
        (("--gpu", "h100", "--measure"), EITHER),
        (("--gpu", "h100", "--threads", "2"), "--threads has no effect without --measure; leave it out"),
        (("--gpu", "h100", "--momentum", "0"), "--momentum has no effect without --training; leave it out"),
        (("--measure", "--cards", str(CARDS_FILE)), "--cards has no effect without --gpu; leave it out"),
        (("--measure", "--precision", "int8"), "time is measured in float32, bf16 and fp16 on cpu, not in int8"),
        (("--measure", "--precision", "tf32"), "time is measured in float32, bf16 and fp16 on cpu, not in tf32"),
        (("--measure", "--device", "mps"), "time is measured on cpu and cuda, not on mps"),
        (("--measure", "--processor-time", "--threads", "2"), ONE_THREAD),
        (("--measure", "--processor-time", "--device", "cuda"), ONE_THREAD),
    ],
)
def test_calls_that_are_refused(cnncalc: Cnncalc, options: tuple[str, ...], message: str) -> None:
    done = cnncalc("time", *SMALL, *options)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error[usage]: {message}\n  = see `cnncalc time --help`\n"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (
            ("--gpu", "v100", "--precision", "bf16"),
            "error[no-precision]: the table of cards has no peak of v100 in bf16; it has float32, fp16\n"
            "  = give one of these as the precision, such as float32\n",
        ),
        (
            ("--gpu", "h100", "--precision", "int8", "--training"),
            "error[bad-option]: nothing is trained in int8\n  = a training step is in bf16, float32, fp16, tf32\n",
        ),
    ],
)
def test_options_without_effect_and_wrong_values_are_refused(
    cnncalc: Cnncalc, options: tuple[str, ...], error: str
) -> None:
    done = cnncalc("time", *SMALL, *options)
    assert (done.status, done.out, done.err) == (1, "", error)


def test_what_does_not_fit_is_not_begun(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without memory ends other programs."""
    pytest.importorskip("torch")
    monkeypatch.setattr("cnncalc.train.engine.step_memory.free_bytes", lambda device: 2**20)
    done = cnncalc("time", *SMALL, "--measure", "--batch", "1000")
    assert done.status == 1
    assert done.err == (
        "error[out-of-memory]: 1,000 images take 500 MiB by prediction, and 1.0 MiB are free\n"
        "  = give a smaller batch\n"
    )


def test_measuring(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured stands beside the bound of the machine, and what was faster is named."""
    pytest.importorskip("torch")
    from cnncalc.analysis.roofline import Machine, Measured

    measured = Measured(Machine("this machine", 1e11, 1e10), [1e-3, 1e-5, 0.0], [], None, 0.0, 1.1e-3, 7)
    monkeypatch.setattr("cnncalc.model.timing.measure", lambda network, setup, options: measured)
    monkeypatch.setattr("cnncalc.model.timing.keep_freed_memory", lambda: True)
    done = cnncalc("time", *SMALL, "--measure", "--threads", "1")
    assert done.status == 0
    rows = [" ".join(line.split()) for line in done.out.splitlines()]
    assert rows[2].endswith("755 µs compute 93.5% 1.00 ms 75.5%")
    assert rows[3].endswith("52.4 µs memory 6.5% 10.0 µs 524.3% !")
    assert "measured 1.10 ms, 909 images/s: 73.4% of what the bound allows" in rows
    assert "sum the layers sum to 1.01 ms, 91.8% of the whole" in rows
    assert "relu1 beats its bound (!): its data lie in a cache, or another algorithm computes less" in rows
    data = json.loads(cnncalc("time", *SMALL, "--measure", "--threads", "1", "--format", "json").out)
    assert data["measured"]["faster_than_bound"] == ["relu1"]
    assert data["measured"]["share_of_bound"] == pytest.approx(data["total"]["seconds"] / 1.1e-3)
    assert data["layers"][1]["measured_seconds"] == 1e-5
    assert data["machine"]["source"] is None


@pytest.mark.parametrize("layer", [0.98e-3, 1.22e-3])
def test_a_sum_that_is_far_from_the_whole_says_what_to_do(
    cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch, layer: float
) -> None:
    """More than a tenth more, or less, than the whole: something else ran in one of the two."""
    pytest.importorskip("torch")
    from cnncalc.analysis.roofline import Machine, Measured

    measured = Measured(Machine("this machine", 1e11, 1e10), [layer, 0.0, 0.0], [], None, 0.0, 1.1e-3, 7)
    monkeypatch.setattr("cnncalc.model.timing.measure", lambda network, setup, options: measured)
    monkeypatch.setattr("cnncalc.model.timing.keep_freed_memory", lambda: True)
    said = " ".join(cnncalc("time", *SMALL, "--measure", "--threads", "1").out.split())
    share = 100 * layer / 1.1e-3
    assert (
        f"{share:.1f}% of the whole; they are that far apart on a machine that others use: "
        "give more --rounds, or --processor-time --threads 1"
    ) in said


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        (
            "name,memory_mib,bandwidth_gb_s\nmine,1024,100\n",
            "error[no-precision]: the table of cards has no peak of mine\n"
            "  = the peaks stand in its columns float32_tflops, tf32_tflops, bf16_tflops, fp16_tflops, int8_tops\n",
        ),
        (
            "name,memory_mib,float32_tflops\nmine,1024,5\n",
            "error[bad-cards]: the table of cards has no bandwidth of mine\n"
            "  = the bandwidth stands in its column bandwidth_gb_s\n",
        ),
    ],
)
def test_a_card_of_which_too_little_is_known(cnncalc: Cnncalc, tmp_path: Path, columns: str, error: str) -> None:
    path = tmp_path / "cards.csv"
    path.write_text(columns)
    done = cnncalc("time", "lenet5", "--gpu", "mine", "--cards", str(path))
    assert (done.status, done.out, done.err) == (1, "", error)
