import pytest

from rwkeras.experiments.figures import ReportFigure, picture_grid
from rwkeras.experiments.page import page, write_page
from rwkeras.experiments.report import Report
from rwkeras.experiments.table import Sample, frame, read_csv, row
from tests.conftest import waves


def report() -> Report:
    rows = [
        row(Sample(n, network, n, "<image>", "conv5_1"), "distance", value)
        for n in range(10)
        for network, value in (
            ("stacked on the image itself", 1.0 + 0.01 * n),
            ("stacked on another photograph", 1.01),
        )
    ]
    figures = [
        ReportFigure("first", "Of a & b.", picture_grid(["a"], {"": [("", waves(8, 8))]})),
        ReportFigure("second", "Pictures.", picture_grid(["a"], {"": [("", waves(8, 8))]})),
    ]
    return Report(frame(rows).assign(experiment="transfer"), figures)


def test_files(tmp_path):
    path = write_page(str(tmp_path / "out"), "transfer", report(), ["A note."], {"samples": 3})
    names = {file.name for file in (tmp_path / "out").iterdir()}
    figures = {f"{name}.{kind}" for name in ("first", "second") for kind in ("png", "pdf")}
    assert names == {"index.html", "transfer.csv", *figures}
    assert path == str(tmp_path / "out" / "index.html")
    assert (tmp_path / "out" / "first.pdf").read_bytes().startswith(b"%PDF")
    assert len(read_csv(tmp_path / "out" / "transfer.csv")) == 20


def test_same_report_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_page(str(tmp_path / name), "transfer", report(), [], {})
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


@pytest.mark.parametrize(
    "expected",
    [
        "<h1>Transfer between reference images.</h1>",
        "Networks are stacked on the image",
        "<img src='first.png' alt='Of a &amp; b.'>",
        "<a href='second.pdf'>",
        "<td>Any reference image will do to stack a network on.</td>",
        "<td>holds</td>",
        "<td>below 0.909 or above 1.1</td>",
        "<td>&lt;image&gt;</td>",
        "<a href='transfer.csv'>",
        "A note.",
        "<td>samples</td>",
        "<td>&lt;b&gt;</td>",
    ],
)
def test_page_shows_everything_and_escapes_it(expected):
    settings = {"samples": 3, "image": "<b>"}
    assert expected in page("transfer", report(), ["A note."], settings)


def test_without_claims_there_is_no_heading_for_them():
    assert "Claims" not in page("morph", report(), [], {})
