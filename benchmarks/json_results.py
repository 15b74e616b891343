"""Benchmark results as JSON files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rwkeras.images.files import whole_file


def write_results(folder: str, name: str, results: Mapping[str, Any]) -> None:
    """Prints results and writes them atomically to a folder, which is created if missing."""
    text = json.dumps(results, indent=1) + "\n"
    Path(folder).mkdir(parents=True, exist_ok=True)
    with whole_file(Path(folder) / name) as path:
        path.write_text(text)
    print(text)
