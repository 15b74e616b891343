"""Jobs: a recipe on its way to a picture, and what is said of it."""

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
    """A recipe on its way to a picture.

    Attributes:
        name: Of its folder, in the order of time.
        recipe: What it makes; once it was stopped, with where.
        state: "waiting", "running", or how it ended: "done", "stopped", "failed".
        group: The first of the variations that were asked for together; empty of one alone.
        wanted: The SHA-256 of a picture that its own is to be the same as, and that picture's
            format; empty where there is none.
        digest: The SHA-256 of its picture's PNG file; empty as long as there is none.
        error: Why it failed.
        seconds: How long it took.
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
        """Whether nothing more will become of it."""
        return self.state in (DONE, STOPPED, FAILED)

    def text(self) -> str:
        """Returns it as JSON."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps({**values, "recipe": self.recipe.values()}, indent=1)


def read_job(text: str) -> Job:
    """Returns the job that `Job.text` tells of.

    Raises:
        ValueError: It is none.
    """
    found: Any = json.loads(text)
    if not isinstance(found, dict) or not is_job_name(found.get("name")):
        raise invalid_argument("job", "the JSON of a job", text[:60])
    check_choice("state", found.get("state"), STATES)
    names = {field.name for field in dataclasses.fields(Job)} & found.keys()
    values = {name: found[name] for name in names}
    return Job(**{**values, "recipe": recipe_of(found["recipe"]), "wanted": tuple(found["wanted"])})
