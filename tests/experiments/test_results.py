import json
from pathlib import Path

from rwkeras.experiments import results
from rwkeras.experiments.claim_list import CLAIMS
from rwkeras.experiments.table import Sample, frame, row
from rwkeras.experiments.verdicts import verdicts
from tests.tools import ROOT

BY_KEY = {claim.key: claim for claim in CLAIMS}


def test_documents_are_made_of_the_committed_results():
    for path, text in results.documents(ROOT).items():
        assert path.read_text() == text, f"{path}: run python -m rwkeras.experiments.results"


def rivals_table(ratio):
    rows = []
    for n in range(10):
        for network, value in (("untrained twin", ratio), ("trained on ImageNet", 1.0)):
            sample = Sample(n, network, n, f"i{n}", "stride 4")
            rows.append(row(sample, "distance", value * (1 + 0.01 * n * (value != 1))))
    return frame(rows).assign(experiment="rivals")


def save_rivals(folder, ratio):
    run = {"command": "rwkeras-experiment", "date": "2020-01-01", "seconds": 60, "settings": {}}
    results.save_result(str(folder), "rivals", rivals_table(ratio), run)


def test_results_are_kept_with_their_origin_and_replaced(tmp_path):
    save_rivals(tmp_path / "results", 0.5)
    save_rivals(tmp_path / "results", 2.0)
    runs = json.loads((tmp_path / "results" / "runs.json").read_text())
    assert list(runs) == ["rivals"]
    assert " cores of " in runs["rivals"]["machine"]
    assert runs["rivals"]["revision"]
    table, _ = results.read_results(tmp_path / "results")
    assert len(table) == 20
    assert verdicts([BY_KEY["rivals-twin"]], table)["verdict"].tolist() == ["refuted"]


def test_documents_say_what_the_results_do(tmp_path):
    save_rivals(tmp_path / "results", 0.5)
    (tmp_path / "README.md").write_text(
        f"Before.\n{results._TABLE_MARKERS[0]}{results._TABLE_MARKERS[1]}\nAfter.\n"
    )
    made = {path.name: text for path, text in results.documents(tmp_path).items()}
    assert "| holds | factor 0.522 [" in made["claims.md"]
    assert "1 holds" in made["claims.md"]
    assert "rivals-twin,rivals,holds,0.5" in made["claims.csv"]
    assert made["README.md"].startswith(f"Before.\n{results._TABLE_MARKERS[0]}\n| claim |")
    assert made["README.md"].endswith(f"{results._TABLE_MARKERS[1]}\nAfter.\n")
    assert "| holds |" in made["README.md"]
    Path(tmp_path / "README.md").write_text(made["README.md"])
    assert results.documents(tmp_path)[tmp_path / "README.md"] == made["README.md"]
