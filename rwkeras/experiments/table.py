"""Tidy tables of measurements, with one row for each value.

The sampling unit is the draw: an image with networks, noises and trainings that no other draw
shares.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

COLUMNS = (
    "experiment",
    "draw",
    "network",
    "network_seed",
    "image",
    "layer",
    "iteration",
    "measure",
    "value",
    "censored",
)


class Sample(NamedTuple):
    """Identification of what was measured.

    Attributes:
        draw: The index of the draw.
        network: The condition: the kind of network, or of decoder.
        network_seed: The seed of the network's weights and of the noise.
        image: The image's name.
        layer: The layer's label.
    """

    draw: int
    network: str
    network_seed: int
    image: str
    layer: str = ""


def row(
    sample: Sample,
    measure: str,
    value: float,
    *,
    iteration: float | None = None,
    censored: bool = False,
) -> dict[str, Any]:
    """Returns a row of a table.

    Args:
        sample: Identification of what was measured.
        measure: The measure's name, with its unit.
        value: The value; for a censored time, the time of observation.
        iteration: The iteration, step or other position within the run; None for the end.
        censored: Whether the value is a right-censored time.
    """
    value = float(value)
    given = {"iteration": iteration, "measure": measure, "value": value, "censored": censored}
    return {**sample._asdict(), **given}


def frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Returns rows as a table with all of `COLUMNS` in order."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    kinds = {"draw": "int64", "network_seed": "int64", "value": "float64", "iteration": "float64"}
    return table.astype({**kinds, "censored": "bool"})


def select_rows(table: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    """Returns the rows of a table that match a selection.

    Args:
        table: The table.
        where: A value, or a tuple of allowed values, by column; None matches missing values, such
            as the iteration of final values.
    """
    for column, wanted in where.items():
        several = wanted if isinstance(wanted, tuple) else (wanted,)
        fits = table[column].isin([each for each in several if each is not None])
        if None in several:
            fits |= table[column].isna()
        table = table[fits]
    return table


def as_csv(table: pd.DataFrame) -> str:
    """Returns a table as CSV text, with six significant digits and without empty columns.

    The column `censored` is left out if nothing is censored.
    """
    empty = [name for name in table.columns if table[name].isna().all()]
    if "censored" in table and not table["censored"].any():
        empty.append("censored")
    return table.drop(columns=empty).to_csv(index=False, float_format="%.6g", lineterminator="\n")


def read_csv(file: Any) -> pd.DataFrame:
    """Returns the table of a CSV file written by `as_csv`.

    Args:
        file: A path or a file object.
    """
    words = ("experiment", "network", "image", "layer", "measure")
    table = pd.read_csv(
        file, dtype=dict.fromkeys(words, str), keep_default_na=False, na_values=[""]
    )
    table[[*set(words) & set(table)]] = table[[*set(words) & set(table)]].fillna("")
    table = table.reindex(columns=list(COLUMNS))
    table["layer"] = table["layer"].fillna("")
    table["censored"] = table["censored"].eq(True)
    return table.astype({"iteration": "float64"})
