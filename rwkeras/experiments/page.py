"""Files of a report: figures as PNG and PDF, the table as CSV, and an HTML page."""

import html
import inspect
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rwkeras.experiments.claim_list import CLAIMS
from rwkeras.experiments.figures import ReportFigure
from rwkeras.experiments.registry import EXPERIMENTS
from rwkeras.experiments.report import Report
from rwkeras.experiments.results import claims_table
from rwkeras.experiments.table import as_csv
from rwkeras.experiments.verdicts import verdicts
from rwkeras.images.files import write_bytes

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
img { max-width: 100%; } figcaption, .source { color: #555; font-size: 90%; }
table { border-collapse: collapse; font-size: 85%; border: 0; }
td, th { padding: .15em .6em; text-align: left; vertical-align: top; }
tr:nth-child(even) { background: #f4f4f4; } .scroll { max-height: 30em; overflow: auto; }
"""


def _table(table: pd.DataFrame) -> str:
    text = table.to_html(index=False, border=0, na_rep="", float_format="{:.4g}".format)
    return f"<div class='scroll'>{text}</div>"


def page(name: str, report: Report, notes: Sequence[str], settings: Mapping[str, Any]) -> str:
    """Returns the HTML page of a report, which links to figures and table in the same folder.

    Args:
        name: The experiment's name.
        report: The report.
        notes: Notes on what could not be done.
        settings: The experiment's settings by name.
    """
    title, _, text = (inspect.getdoc(EXPERIMENTS[name]) or name).partition("\n")
    claims = [claim for claim in CLAIMS if claim.experiment == name]
    figures = "".join(
        f"<figure id='{f.name}'><img src='{f.name}.png' alt='{html.escape(f.caption)}'>"
        f"<figcaption>{html.escape(f.caption)} <a href='{f.name}.pdf'>PDF</a></figcaption></figure>"
        for f in report.figures
    )
    introduction = "".join(f"<p class='source'>{html.escape(note)}</p>" for note in notes)
    if claims:
        found = verdicts(claims, report.table)
        introduction += f"<h2>Claims</h2>{_table(claims_table(claims, found))}"
    listed = pd.DataFrame({"setting": list(settings), "value": list(map(str, settings.values()))})
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'>"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>{introduction}"
        f"<h2>Figures</h2>{figures}<h2>Data (<a href='{name}.csv'>CSV</a>)</h2>"
        f"{_table(report.table.dropna(axis=1, how='all'))}"
        f"<h2>Settings</h2>{_table(listed)}</html>\n"
    )


def _image(shown: ReportFigure, kind: str) -> bytes:
    buffer = io.BytesIO()
    # Without a date, files of the same figure are equal.
    undated = {"CreationDate": None} if kind == "pdf" else None
    shown.figure.savefig(buffer, format=kind, dpi=160, metadata=undated)
    return buffer.getvalue()


def write_page(
    folder: str, name: str, report: Report, notes: Sequence[str], settings: Mapping[str, Any]
) -> str:
    """Writes a report's files and returns the path of its page.

    Args:
        folder: The folder; any path that `tf.io.gfile` takes.
        name: The experiment's name.
        report: The report.
        notes: Notes on what could not be done.
        settings: The experiment's settings by name.
    """
    for shown in report.figures:
        for kind in ("png", "pdf"):
            write_bytes(os.path.join(folder, f"{shown.name}.{kind}"), _image(shown, kind))
    write_bytes(os.path.join(folder, f"{name}.csv"), as_csv(report.table).encode())
    path = os.path.join(folder, "index.html")
    write_bytes(path, page(name, report, notes, settings).encode())
    return path
