"""What one person has before them: pictures chosen, settings, the result that is shown."""

import dataclasses
from typing import Any

from rwkeras.studio.jobs import RUNNING, WAITING, Job
from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import PICTURES, STYLE, Recipe
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store
from rwkeras.validation import check_choice, check_number, invalid_argument

# Of a run that goes on from a picture, at its full size, so many iterations are enough: a share of
# those of one that begins anew.
_MORE = 0.5
# What of a recipe is not for a person to set.
_NOT_SET = ("kind", "pictures", "start", "stop", "served")


class Desk:
    """What one page has before it.

    Args:
        store: Where pictures and results are.
        queue: Who makes them.
        settings: The studio's.
    """

    def __init__(self, store: Store, queue: Queue, settings: StudioSettings):
        self._store, self._queue, self._settings = store, queue, settings
        self.kind = STYLE
        self._pictures: dict[str, dict[str, str]] = {kind: {} for kind in PICTURES}
        self._values: dict[str, dict[str, Any]] = {kind: {} for kind in PICTURES}
        self._shown: dict[str, str] = {}
        # Settings that changed while a job ran, which it is to go on with.
        self._changed: set[str] = set()
        # Another number, other settings than a person made here.
        self.revision = 0
        jobs = queue.jobs()
        for job in sorted(jobs, key=lambda job: job.state == RUNNING):
            self.show(job)
        if jobs:
            self.kind = max(jobs, key=lambda job: (job.state == RUNNING, job.name)).recipe.kind

    def show(self, job: Job) -> None:
        """Shows a job, with its pictures and settings to go on with."""
        recipe = job.recipe
        self.kind = recipe.kind
        self._pictures[self.kind] = dict(zip(PICTURES[self.kind], recipe.pictures, strict=True))
        self._values[self.kind] = {
            field.name: getattr(recipe, field.name)
            for field in dataclasses.fields(recipe)
            if field.name not in _NOT_SET
            and not (field.name == "iterations" and recipe.start is not None)
        }
        self._shown[self.kind] = job.name
        self._changed.discard(self.kind)
        self.revision += 1

    @property
    def shown(self) -> Job | None:
        """The job that is shown, if there is one."""
        return self._queue.job(self._shown.get(self.kind, ""))

    def picture(self, role: str) -> str | None:
        """Returns the SHA-256 of the picture chosen for a role, or None."""
        digest = self._pictures[self.kind].get(role)
        return digest if digest is not None and self._store.has_picture(digest) else None

    def choose(self, role: str, digest: str) -> None:
        """Chooses a picture that the store has for a role of the present kind."""
        check_choice("role", role, PICTURES[self.kind])
        self._store.picture_path(digest)
        self._pictures[self.kind][role] = digest

    def value(self, name: str) -> Any:
        """Returns a setting of the present kind: as it was set, or its default."""
        defaults = {field.name: field.default for field in dataclasses.fields(Recipe)}
        return self._values[self.kind].get(name, defaults[name])

    def change(self, name: str, value: Any) -> None:
        """Sets a setting of the present kind.

        Raises:
            ValueError: It is none, or cannot be that.
        """
        fields = {field.name for field in dataclasses.fields(Recipe)} - set(_NOT_SET)
        check_choice("setting", name, sorted(fields))
        digest = "0" * 64
        Recipe(self.kind, (digest,) * len(PICTURES[self.kind]), **{name: value})
        if name == "size" and value > self._settings.max_side:
            raise invalid_argument("size", f"at most {self._settings.max_side}", value)
        self._values[self.kind][name] = value

    @property
    def missing(self) -> list[str]:
        """The roles that have no picture yet."""
        return [role for role in PICTURES[self.kind] if self.picture(role) is None]

    def _recipe(self) -> Recipe:
        if self.missing:
            expected = f"a picture each for {', '.join(PICTURES[self.kind])}"
            raise invalid_argument("pictures", expected, f"none for {', '.join(self.missing)}")
        chosen = tuple(self._pictures[self.kind][role] for role in PICTURES[self.kind])
        return Recipe(self.kind, chosen, **self._values[self.kind])

    def begin(self, variations: int = 1) -> Job:
        """Makes a picture from its beginning, or several of consecutive seeds; shows the first."""
        check_number("variations", variations, integer=True, minimum=1)
        recipe = self._recipe()
        first = self._queue.submit(recipe)
        for n in range(1, variations):
            other = dataclasses.replace(recipe, seed=recipe.seed + n)
            self._queue.submit(other, group=first.group)
        self._shown[self.kind] = first.name
        self._changed.discard(self.kind)
        return first

    def can_go_on(self) -> bool:
        """Whether there is a picture of what is chosen to go on from, or will be."""
        job = self.shown
        chosen = tuple(self._pictures[self.kind].get(role, "") for role in PICTURES[self.kind])
        if job is None or self._settings.endpoint is not None or job.recipe.pictures != chosen:
            return False
        return bool(job.digest) or not job.ended

    def go_on(self) -> Job | None:
        """Goes on from the present picture with the settings as they are.

        What runs is stopped first, and gone on from once it has; see `tick`.

        Returns:
            The job, or None where another has to stop first.
        """
        job = self.shown
        if job is None or not self.can_go_on():
            return self.begin()
        if job.state == WAITING:  # It has no picture yet: this one takes its place.
            self._queue.stop(job.name)
            return self._resubmit(job.recipe.start)
        if not job.ended:
            self._queue.stop(job.name)
            self._changed.add(self.kind)
            return None
        path = self._store.job_file(job.name, "picture.png")
        if path is None:
            return self.begin()
        return self._resubmit(self._store.add_picture(path.read_bytes(), "the present picture"))

    def _resubmit(self, start: str | None) -> Job:
        recipe = dataclasses.replace(self._recipe(), start=start)
        if start is not None:
            fewer = max(1, round(recipe.iterations * _MORE))
            recipe = dataclasses.replace(recipe, iterations=fewer)
        job = self._queue.submit(recipe)
        self._shown[self.kind] = job.name
        return job

    def again(self, recipe: Recipe, wanted: tuple[str, str]) -> Job:
        """Makes the picture of a recipe again, to be compared with a file.

        Args:
            recipe: What the file says that it was made by.
            wanted: The file's SHA-256, and its format.

        Raises:
            ValueError: Pictures are missing, or it was made by other means.
        """
        missing = [digest for digest in recipe.needed if not self._store.has_picture(digest)]
        if missing:
            expected = "a recipe whose pictures are here"
            found = f"one that needs the file of SHA-256 {missing[0]} too: drop it first"
            raise invalid_argument("recipe", expected, found)
        if (recipe.served is None) != (self._settings.endpoint is None):
            here, there = "one that this machine made", "one that a served model made"
            pair = (here, there) if recipe.served is not None else (there, here)
            raise invalid_argument("recipe", *pair)
        job = self._queue.submit(recipe, wanted=wanted)
        self.show(job)
        return job

    def tick(self) -> None:
        """Goes on with what has stopped for its settings to change."""
        job = self.shown
        if self.kind in self._changed and (job is None or job.ended):
            self._changed.discard(self.kind)
            if job is not None:
                self.go_on()

    def variations(self) -> list[Job]:
        """Returns the jobs that were asked for together with the one that is shown."""
        job = self.shown
        if job is None:
            return []
        return [each for each in self._queue.jobs() if each.group == job.group]
