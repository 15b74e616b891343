"""Committed results and the documents generated from them.

    python -m rwkeras.experiments.results

in a checkout regenerates `results/claims.csv`, `docs/claims.md` and the README's table from the
tables in `results/`.
"""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import tensorflow as tf

from rwkeras.experiments.claim_list import CLAIMS
from rwkeras.experiments.claims import Claim
from rwkeras.experiments.table import as_csv, frame, read_csv
from rwkeras.experiments.verdicts import NOT_TESTED, verdicts
from rwkeras.sweeps.local import cores

_RUNS_FILE = "runs.json"
# Keys of the claims in the README's table.
HEADLINES = (
    "rivals-twin",
    "convergence-twin",
    "variation-twin",
    "textures-twin",
    "styles-twin",
    "decoders-accurate-twin",
    "decoders-sooner-twin",
    "layers-photographic",
)
_TABLE_MARKERS = "<!-- claims: by rwkeras.experiments.results -->", "<!-- claims end -->"

# Names of the estimates by kind of contrast.
_ESTIMATE_NAMES = {
    "value": "mean",
    "difference": "difference",
    "log_ratio": "factor",
    "log_spread_ratio": "factor",
    "earlier": "share",
}

_CLAIMS_HEADER = """# Claims

Generated from the tables in `results/` by `python -m rwkeras.experiments.results`; do not edit.
[Experiments](experiments.md) describes the methods.

The sampling unit is the draw: an image with its own random networks, starting noise and training
runs. The ImageNet weights are the same in all draws, so claims about them concern that one trained
network. Values for several layers are averaged within each draw, unless a claim is about each of
them. Intervals are 95 % t intervals over draws, or exact binomial intervals for shares, and are not
corrected for the number of claims. p combines two one-sided tests and is corrected by Holm's method
for all claims that were tested, whose number follows it. A claim holds or is refuted if the
corrected p is below 0.05; it is not tested with fewer than 10 draws.
"""


def claims_table(claims: Sequence[Claim], found: pd.DataFrame) -> pd.DataFrame:
    """Returns a table of verdicts in words, with a row for each claim.

    Args:
        claims: The claims.
        found: The result of `verdicts` for these claims.
    """
    rows = []
    for claim, each in zip(claims, found.to_dict("records"), strict=True):
        tested = each["verdict"] != NOT_TESTED
        measured = f"{_ESTIMATE_NAMES[claim.contrast.kind]} {each['estimate']:.3g}"
        if pd.notna(each["low"]):
            measured += f" [{each['low']:.3g}, {each['high']:.3g}]"
        p = f"{each['p_corrected']:.2g} of {each['family']}" if tested else ""
        ties = f", {each['ties']} ties" if each["ties"] else ""
        rows.append(
            {
                "claim": claim.sentence,
                "verdict": each["verdict"],
                "measured": measured if each["draws"] else "",
                "estimand": claim.estimand,
                "refuted by": claim.refuted_by,
                "reason for the margin": claim.margin.reason,
                "draws": f"{each['draws']}{ties}",
                "p": p,
                "source": claim.source,
            }
        )
    return pd.DataFrame(rows)


def _markdown(table: pd.DataFrame, columns: Sequence[str]) -> str:
    lines = [list(columns), ["---"] * len(columns), *table[list(columns)].to_numpy().tolist()]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _claims_page(table: pd.DataFrame, runs: Mapping[str, Any]) -> str:
    """Returns the text of `docs/claims.md`.

    Args:
        table: The tables of all experiments, concatenated.
        runs: The contents of `runs.json`.
    """
    found = verdicts(CLAIMS, table)
    text = claims_table(CLAIMS, found).assign(experiment=found["experiment"])
    counts = found["verdict"].value_counts()
    parts = [_CLAIMS_HEADER, ", ".join(f"{n} {verdict}" for verdict, n in counts.items()) + ".\n"]
    for name, rows in text.groupby("experiment", sort=False):
        run = runs.get(str(name))
        how = f"`{run['command']}`, {_run_origin(run)}.\n" if run else "Not run in full yet.\n"
        parts.append(f"## {name}\n\n{how}")
        parts.append(_markdown(rows, ("claim", "verdict", "measured", "draws", "p")))
        parts.append(
            "".join(
                f"- *{row['claim']}* ({row['source']}): {row['estimand']}; refuted by values "
                f"{row['refuted by']}. Margin: {row['reason for the margin']}.\n"
                for row in rows.to_dict("records")
            )
        )
    return "\n".join(parts)


def _run_origin(run: Mapping[str, Any]) -> str:
    # The seconds are left out: a resumed run counts only those since its last start.
    return f"at {run['revision'][:10]} on {run['machine']}, {run['date']}"


def _readme_table(table: pd.DataFrame) -> str:
    """Returns the README's table of claims, between its markers."""
    found = verdicts(CLAIMS, table)
    text = claims_table(CLAIMS, found)[found["claim"].isin(HEADLINES)]
    rows = _markdown(text, ("claim", "verdict", "measured"))
    return f"{_TABLE_MARKERS[0]}\n{rows}{_TABLE_MARKERS[1]}"


def read_results(folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Returns the concatenated tables and the contents of `runs.json` of a folder of results."""
    runs = _read_runs(folder)
    tables = [read_csv(folder / f"{name}.csv") for name in sorted(runs)]
    return (pd.concat(tables, ignore_index=True) if tables else frame([])), runs


def _read_runs(folder: Path) -> dict[str, Any]:
    path = folder / _RUNS_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def save_result(folder: str, name: str, table: pd.DataFrame, run: Mapping[str, Any]) -> None:
    """Writes an experiment's table and its origin to a folder of results.

    Args:
        folder: The folder, created if it is missing.
        name: The experiment's name.
        table: The table.
        run: The command, date, settings and seconds; revision and machine are added.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{name}.csv").write_text(as_csv(table), encoding="utf-8")
    runs = {**_read_runs(target), name: {**run, "revision": _revision(), "machine": _machine()}}
    text = json.dumps(dict(sorted(runs.items())), indent=1) + "\n"
    (target / _RUNS_FILE).write_text(text, encoding="utf-8")


def _revision() -> str:
    """Returns the checkout's revision, followed by "+" if files were modified, or "unknown".

    The environment variable `RWKERAS_REVISION` takes precedence, for copies without a repository.
    """
    if "RWKERAS_REVISION" in os.environ:
        return os.environ["RWKERAS_REVISION"]
    try:
        found, changed = (
            subprocess.check_output(["git", *arguments], cwd=Path(__file__).parent, text=True)
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "-uno"])
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.strip() + ("+" if changed.strip() else "")


def _machine() -> str:
    """Returns the number of cores this process may use, the processor's name, and the GPUs."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        name = models[0] if models else name
    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "a GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return ", ".join([f"{cores()} cores of {name}", *gpus])


def documents(root: Path) -> dict[Path, str]:
    """Returns the text of each file generated from a checkout's results, by path."""
    table, runs = read_results(root / "results")
    readme = (root / "README.md").read_text(encoding="utf-8")
    before, _, rest = readme.partition(_TABLE_MARKERS[0])
    after = rest.partition(_TABLE_MARKERS[1])[2]
    return {
        root / "results" / "claims.csv": verdicts(CLAIMS, table).to_csv(
            index=False, float_format="%.4g", lineterminator="\n"
        ),
        root / "docs" / "claims.md": _claims_page(table, runs),
        root / "README.md": before + _readme_table(table) + after,
    }


if __name__ == "__main__":
    for _path, _text in documents(Path.cwd()).items():
        _path.parent.mkdir(exist_ok=True)
        _path.write_text(_text, encoding="utf-8")
