"""Jobs: a recipe with its state and result, stored as JSON."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from rwkeras.studio.names import is_job_name
from rwkeras.studio.recipes import Recipe, recipe_of
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
        wanted: SHA-256 and format of the file that the result should reproduce; empty strings if
            there is none.
        digest: SHA-256 of the result's PNG file; empty until there is one.
        error: Error message of a job that ended without a picture.
        seconds: Duration of the run in seconds.
    """

    name: str
    recipe: Recipe
    state: str = WAITING
    group: str = ""
    wanted: tuple[str, str] = ("", "")
    digest: str = ""
    error: str = ""
    seconds: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether the job is done, stopped or failed."""
        return self.state in (DONE, STOPPED, FAILED)

    def text(self) -> str:
        """Returns the job as JSON."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps({**values, "recipe": self.recipe.values()}, indent=1)


def read_job(text: str) -> Job:
    """Parses the JSON that `Job.text` returns.

    Raises:
        ValueError: The text is not valid JSON of a job.
    """
    found: Any = json.loads(text)
    if not isinstance(found, dict) or not is_job_name(found.get("name")):
        raise invalid_argument("job", "the JSON of a job", text[:60])
    check_choice("state", found.get("state"), STATES)
    names = {field.name for field in dataclasses.fields(Job)} & found.keys()
    values = {name: found[name] for name in names}
    return Job(**{**values, "recipe": recipe_of(found["recipe"]), "wanted": tuple(found["wanted"])})
