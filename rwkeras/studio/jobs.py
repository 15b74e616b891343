"""Jobs: a recipe with its state and result, stored as JSON."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from rwkeras.studio.names import is_job_name
from rwkeras.studio.recipes import Recipe, recipe_from_dict
from rwkeras.validation import check_choice, invalid_argument

WAITING, RUNNING, DONE, STOPPED, FAILED = "waiting", "running", "done", "stopped", "failed"
STATES = (WAITING, RUNNING, DONE, STOPPED, FAILED)


@dataclass(frozen=True)
class Job:
    """A recipe with its state and result.

    Attributes:
        name: Name of the job and of its folder; sorts by creation time.
        recipe: The recipe; after the run, with its stop or its served model filled in.
        state: "waiting", "running", "done", "stopped" or "failed".
        group: Name of the first job of the variations submitted together; the own name of a single
            job.
        expected_file: SHA-256 and format of the file that the result should reproduce; empty
            strings if there is none. Its JSON key is "wanted".
        digest: SHA-256 of the result's PNG file; empty until there is one.
        error: Error message of a job that ended without a picture.
        seconds: Duration of the run in seconds.
    """

    name: str
    recipe: Recipe
    state: str = WAITING
    group: str = ""
    expected_file: tuple[str, str] = ("", "")
    digest: str = ""
    error: str = ""
    seconds: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether the job is done, stopped or failed."""
        return self.state in (DONE, STOPPED, FAILED)

    def to_json(self) -> str:
        """Returns the job as JSON."""
        values = {key: getattr(self, name) for name, key in _json_keys().items()}
        return json.dumps({**values, "recipe": self.recipe.as_dict()}, indent=1)


def parse_job(text: str) -> Job:
    """Parses the JSON that `Job.to_json` returns.

    Raises:
        ValueError: The text is not valid JSON of a job.
    """
    parsed: Any = json.loads(text)
    if not isinstance(parsed, dict) or not is_job_name(parsed.get("name")):
        raise invalid_argument("job", "the JSON of a job", text[:60])
    check_choice("state", parsed.get("state"), STATES)
    values = {name: parsed[key] for name, key in _json_keys().items() if key in parsed}
    recipe, expected_file = recipe_from_dict(parsed["recipe"]), tuple(parsed["wanted"])
    return Job(**{**values, "recipe": recipe, "expected_file": expected_file})


def _json_keys() -> dict[str, str]:
    """Returns the JSON keys of a job's fields by their names."""
    names = [field.name for field in dataclasses.fields(Job)]
    return {name: "wanted" if name == "expected_file" else name for name in names}
