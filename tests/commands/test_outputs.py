"""What every tool refuses before it computes anything: to write over what it reads, or twice."""

import json
import os
import subprocess
import sys

import pytest

import rwkeras
from tests.conftest import waves
from tests.tools import ROOT

# Runs tools one after another, each with several lists of arguments, and prints what they refuse.
SCRIPT = """
import importlib, json, sys
from absl import flags
from absl.testing import flagsaver

for tool, lists in json.loads(sys.argv[1]).items():
    module = importlib.import_module(f"rwkeras.commands.{tool}")
    for arguments in lists:
        with flagsaver.flagsaver():
            flags.FLAGS([tool, *arguments])
            try:
                module.main()
                print("nothing")
            except ValueError as error:
                print(error)
    # Tools have flags of the same names; those of modules that they share stay.
    own = flags.FLAGS.flags_by_module_dict()
    for flag in list(own.get(module.__name__, [])):
        delattr(flags.FLAGS, flag.name)
"""
LONG = "a" * 246
INVERT = ["--image=photo.png", "--network=toy_vgg", "--output=out.png"]
STYLE = ["--content=photo.png", "--style=painting.png", "--network=toy_vgg", "--output=out.png"]
QUERY = ["--address=localhost:1", "--content=photo.png", "--style=painting.png"]


def another(name, owner, value):
    return name, f"a different file from that of `{owner}`", value


def derived(path, owner, value="out.png"):
    return "output", f"a value for which {path} does not overwrite the file of `{owner}`", value


# By tool, in an order in which no two have a flag of one name that stays: arguments, and the name,
# the expectation and the value of what is refused.
CASES = {
    "experiment": {
        "--experiment=convergence --output_dir=out --images=out/convergence": (
            "images",
            "files outside the folder of the page, out/convergence",
            "out/convergence",
        ),
        "--experiment=morph --output_dir=linked --images=photo.png": (
            "output_dir",
            "a value for which figure.png does not overwrite the file of `images`",
            "linked/morph",
        ),
        "--experiment=convergence --output_dir=out --network=a.keras --alexnet_weights=x/a.keras": (
            "alexnet_weights",
            "a file with a different name from that of `network`",
            "x/a.keras",
        ),
    },
    "sweep": {
        "--images=out/images/photo.png --output_dir=out": (
            "output_dir",
            "a value for which photo.png does not overwrite the file of `images`",
            "out",
        ),
        "--images=photo.png --output_dir=linked": (
            "output_dir",
            "a value for which results.csv does not overwrite the file of `images`",
            "linked",
        ),
        "--images=painting.png --output_dir=linked --networks=d.keras": (
            "output_dir",
            "a value for which d.keras does not overwrite the file of `networks`",
            "linked",
        ),
    },
    "query": {
        f"{' '.join(QUERY)} --output=hard.png": another("output", "content", "hard.png"),
        f"{' '.join(QUERY)} --output=painting.png": another("output", "style", "painting.png"),
    },
    "decode": {
        "--image=photo.png --decoder=d.keras --output=link.png": another(
            "output", "image", "link.png"
        ),
        "--image=photo.png --decoder=d.keras --output=out.png --report=d.keras": another(
            "report", "decoder", "d.keras"
        ),
        "--image=photo.png --decoder=d.keras --output=out.png --report=./out.png": another(
            "report", "output", "out.png"
        ),
    },
    "stack": {
        "--reference=photo.png --output=photo.json": another("output", "reference", "photo.json"),
        "--reference=photo.png --output=r.json --report=r.json": another(
            "report", "output", "r.json"
        ),
    },
    "export": {
        "--reference=photo.png --output_dir=photo.png": (
            "folder",
            "a writable folder",
            "photo.png (Not a directory)",
        ),
    },
    "train_decoder": {
        "--images=photos --output=new.keras --report=photos/sub/0.png": another(
            "report", "images", "photos/sub/0.png"
        ),
        "--network=d.keras --output=d.keras": another("output", "network", "d.keras"),
        "--network=vgg19 --backup_dir=state --output=state/backup/new.keras": (
            "output",
            "a file outside the training state, state/backup",
            "state/backup/new.keras",
        ),
        "--network=vgg19 --backup_dir=state --output=n.keras --report=state/backup/r.json": (
            "report",
            "a file outside the training state, state/backup",
            "state/backup/r.json",
        ),
        "--network=vgg19 --output=n.keras --logdir=photo.png": (
            "logdir",
            "a folder",
            "photo.png",
        ),
    },
    "invert": {
        "--output=photo.png": another("output", "image", "photo.png"),
        "--output=hard.png": another("output", "image", "hard.png"),
        "--output=link.png": another("output", "image", "link.png"),
        "--report=photo.png": another("report", "image", "photo.png"),
        "--report=out.png": another("report", "output", "out.png"),
        "--report=d.keras --init=d.keras": another("report", "init", "d.keras"),
        "--report=d.keras --network=d.keras": another("report", "network", "d.keras"),
        "--rescale_images=. --output=hard.png": another("output", "image", "hard.png"),
        "--save_every=5 --image=out-00005.png": derived("out-00005.png", "image"),
        "--save_every=5 --output=o.png --report=o-00005.png": another(
            "report", "output", "o-00005.png"
        ),
        "--save_every=5 --output=o.png --filmstrip=./o-00010.png": another(
            "filmstrip", "output", "o-00010.png"
        ),
        "--variations=2 --seed=4 --image=out_seed5.png": derived("out_seed5.png", "image"),
        "--variations=2 --report=out_seed1.png": another("report", "output", "out_seed1.png"),
        "--checkpoint_dir=state --report=state/checkpoint": (
            "report",
            "a name that differs from those of checkpoint files in `checkpoint_dir`",
            "state/checkpoint",
        ),
        "--checkpoint_dir=state --image=state/ckpt-1.index": (
            "image",
            "a name that differs from those of checkpoint files in `checkpoint_dir`",
            "state/ckpt-1.index",
        ),
        "--logdir=photo.png": ("logdir", "a folder", "photo.png"),
        "--output=pipe.png --save_every=5": (
            "output",
            "a value for which pipe-00005.png, not a regular file, is not written",
            "pipe.png",
        ),
        f"--output={LONG}1234567890.png": (
            "output",
            "a valid file name",
            f"{LONG}1234567890.png (File name too long)",
        ),
        f"--output={LONG}.png --save_every=5": (
            "output",
            "a valid file name",
            f"{LONG}-99999.png (File name too long)",
        ),
        f"--output={LONG}.png --variations=2": (
            "output",
            "a valid file name",
            f"{LONG}_seed0.png (File name too long)",
        ),
    },
    "style": {
        "--output=painting.png": another("output", "style", "painting.png"),
        "--content_masks=out.png": another("output", "content_masks", "out.png"),
        "--init=strip.png --filmstrip=strip.png": another("filmstrip", "init", "strip.png"),
    },
}
COMMON = {"invert": INVERT, "style": STYLE}


@pytest.fixture
def folder(tmp_path):
    """Returns a folder with files of many kinds, none of which is to change."""
    folders = ("out/images", "out/convergence", "photos/sub", "state/backup", "linked/morph")
    for path in (*folders, "linked/networks"):
        (tmp_path / path).mkdir(parents=True)
    for path in ("photo", "painting", "out", "strip", "photos/sub/0", "out/images/photo"):
        rwkeras.write_image(tmp_path / f"{path}.png", waves(8, 8))
    rwkeras.write_image(tmp_path / "out/convergence/figure.png", waves(8, 8))
    (tmp_path / "d.keras").write_bytes(b"a decoder")
    (tmp_path / "state/checkpoint").touch()
    (tmp_path / "state/ckpt-1.index").write_bytes((tmp_path / "photo.png").read_bytes())
    os.symlink("photo.png", tmp_path / "link.png")
    os.symlink("../photo.png", tmp_path / "linked/results.csv")
    os.symlink("../../photo.png", tmp_path / "linked/morph/figure.png")
    os.link(tmp_path / "d.keras", tmp_path / "linked/networks/d.keras")
    os.mkfifo(tmp_path / "pipe-00005.png")
    for name in ("hard.png", "photo.json", "out-00005.png", "out_seed5.png"):
        os.link(tmp_path / "photo.png", tmp_path / name)
    return tmp_path


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_refused_before_anything_is_computed(folder):
    before = contents(folder)
    lists = {
        tool: [[*COMMON.get(tool, []), *given.split()] for given in cases]
        for tool, cases in CASES.items()
    }
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(lists)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    expected = [
        f"Invalid value for argument `{name}`. Expected {wanted}. Received: {name}={value}"
        for cases in CASES.values()
        for name, wanted, value in cases.values()
    ]
    assert process.stdout.splitlines() == expected
    assert contents(folder) == before
