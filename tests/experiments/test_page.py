import csv

from rwkeras.experiments.figures import bar_plot, picture_grid
from rwkeras.experiments.page import page, write_page
from rwkeras.experiments.report import Claim, Report, Shown
from rwkeras.experiments.statistics import Interval
from tests.conftest import waves


def report() -> Report:
    return Report(
        "A <title>",
        "What was done.",
        [
            Shown("first", "Of a & b.", bar_plot({"a": Interval(1, 0, 2)}, x="x")),
            Shown("second", "Pictures.", picture_grid(["a"], {"": [("", waves(8, 8))]})),
        ],
        {"numbers": [{"layer": "conv1", "value": 0.123456}, {"layer": "a,b", "value": 2.0}]},
        [Claim("That it holds.", "section 1", "refuted", "It does not: 3 < 4.", "first")],
        ["A note."],
    )


def test_files(tmp_path):
    path = write_page(str(tmp_path / "out"), report(), {"samples": 3})
    names = {file.name for file in (tmp_path / "out").iterdir()}
    figures = {f"{name}.{kind}" for name in ("first", "second") for kind in ("png", "pdf")}
    assert names == {"index.html", "numbers.csv", *figures}
    assert path == str(tmp_path / "out" / "index.html")
    assert (tmp_path / "out" / "first.pdf").read_bytes().startswith(b"%PDF")
    with (tmp_path / "out" / "numbers.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"layer": "conv1", "value": "0.123456"},
            {"layer": "a,b", "value": "2.0"},
        ]


def test_same_report_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_page(str(tmp_path / name), report(), {})
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_page_shows_everything_and_escapes_it():
    text = page(report(), {"samples": 3, "image": "<b>"})
    assert "<h1>A &lt;title&gt;</h1>" in text
    for expected in (
        "<img src='first.png' alt='Of a &amp; b.'>",
        "<a href='second.pdf'>",
        "<b class='refuted'>refuted</b>: That it holds.",
        "It does not: 3 &lt; 4.",
        "<a href='#first'>",
        "<td>0.1235</td>",
        "<a href='numbers.csv'>",
        "A note.",
        "<td>samples</td><td>3</td>",
        "<td>&lt;b&gt;</td>",
    ):
        assert expected in text


def test_without_claims_there_is_no_heading_for_them():
    assert "Claims" not in page(report()._replace(claims=()), {})
