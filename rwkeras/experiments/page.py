"""A report as files: figures in PNG and PDF, tables in CSV, and one HTML page that shows them."""

import html
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

from rwkeras.experiments.jobs.table import csv_bytes
from rwkeras.experiments.report import Report, Row, Shown
from rwkeras.images.files import write_bytes

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
img { max-width: 100%; } figcaption, .source { color: #555; font-size: 90%; }
table { border-collapse: collapse; font-size: 85%; }
td, th { padding: .15em .6em; text-align: left; }
tr:nth-child(even) { background: #f4f4f4; } .scroll { max-height: 30em; overflow: auto; }
.supported { color: #060; } .refuted { color: #a00; } .undecided { color: #555; }
"""


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    heading = "".join(f"<th>{html.escape(str(name))}</th>" for name in rows[0])
    lines = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_shown(v))}</td>" for v in row.values()) + "</tr>"
        for row in rows
    )
    return f"<div class='scroll'><table><tr>{heading}</tr>{lines}</table></div>"


def _claims(report: Report) -> str:
    if not report.claims:
        return ""
    items = "".join(
        f"<li><b class='{claim.verdict}'>{claim.verdict}</b>: {html.escape(claim.text)} "
        f"<span class='source'>({html.escape(claim.source)})</span><br>"
        f"{html.escape(claim.evidence)} <a href='#{claim.figure}'>figure</a></li>"
        for claim in report.claims
    )
    return f"<h2>Claims</h2><ul>{items}</ul>"


def page(report: Report, settings: Mapping[str, Any]) -> str:
    """Returns a report as HTML, whose pictures and tables are files beside it.

    Args:
        report: The report.
        settings: With what it was made, by name.
    """
    figures = "".join(
        f"<figure id='{f.name}'><img src='{f.name}.png' alt='{html.escape(f.caption)}'>"
        f"<figcaption>{html.escape(f.caption)} <a href='{f.name}.pdf'>PDF</a></figcaption></figure>"
        for f in report.figures
    )
    tables = "".join(
        f"<h3>{html.escape(name)} (<a href='{name}.csv'>CSV</a>)</h3>{_table(rows)}"
        for name, rows in report.tables.items()
    )
    notes = "".join(f"<p class='source'>{html.escape(note)}</p>" for note in report.notes)
    rows = [{"setting": name, "value": str(value)} for name, value in settings.items()]
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'>"
        f"<title>{html.escape(report.title)}</title><style>{_STYLE}</style>"
        f"<h1>{html.escape(report.title)}</h1><p>{html.escape(report.text)}</p>{notes}"
        f"{_claims(report)}<h2>Figures</h2>{figures}<h2>Data</h2>{tables}"
        f"<h2>Settings</h2>{_table(rows)}</html>\n"
    )


def _image(shown: Shown, kind: str) -> bytes:
    buffer = io.BytesIO()
    # Without the date the same figure is the same file.
    undated = {"CreationDate": None} if kind == "pdf" else None
    shown.figure.savefig(buffer, format=kind, dpi=160, metadata=undated)
    return buffer.getvalue()


def write_page(folder: str, report: Report, settings: Mapping[str, Any]) -> str:
    """Writes a report's files and returns the path of its page.

    Args:
        folder: Where they go; any path that `tf.io.gfile` takes.
        report: The report.
        settings: With what it was made, by name.
    """
    for shown in report.figures:
        for kind in ("png", "pdf"):
            write_bytes(os.path.join(folder, f"{shown.name}.{kind}"), _image(shown, kind))
    for name, rows in report.tables.items():
        write_bytes(os.path.join(folder, f"{name}.csv"), csv_bytes(rows))
    path = os.path.join(folder, "index.html")
    write_bytes(path, page(report, settings).encode())
    return path
