"""State of one page: chosen pictures, settings, and the job shown."""

import dataclasses
from typing import Any

from rwkeras.studio.jobs import RUNNING, WAITING, Job
from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import PICTURE_ROLES, STYLE, Recipe
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store
from rwkeras.validation import check_choice, check_number, invalid_argument

# Iterations of a run that starts from an earlier result, relative to a run from scratch: it runs at
# full size only and needs fewer.
_CONTINUED_FRACTION = 0.5
# Fields of a recipe that are not settings on the page.
_NON_SETTINGS = ("kind", "pictures", "start", "stop", "served")


class PageState:
    """State of one page, by kind of job.

    Args:
        store: Store of pictures and results.
        queue: Queue that runs the jobs.
        settings: The studio's settings.
    """

    def __init__(self, store: Store, queue: Queue, settings: StudioSettings):
        self._store, self._queue, self._settings = store, queue, settings
        self.kind = STYLE
        self._pictures: dict[str, dict[str, str]] = {kind: {} for kind in PICTURE_ROLES}
        self._setting_values: dict[str, dict[str, Any]] = {kind: {} for kind in PICTURE_ROLES}
        self._current_jobs: dict[str, str] = {}
        # Kinds whose job was stopped because settings changed; `update` submits its successor.
        self._to_continue: set[str] = set()
        # Incremented when `show_job` replaces the settings, so that the page redraws its controls.
        self.revision = 0
        jobs = queue.jobs()
        for job in sorted(jobs, key=lambda job: job.state == RUNNING):
            self.show_job(job)
        if jobs:
            self.kind = max(jobs, key=lambda job: (job.state == RUNNING, job.name)).recipe.kind

    def show_job(self, job: Job) -> None:
        """Shows a job and adopts its pictures and settings."""
        recipe = job.recipe
        self.kind = recipe.kind
        self._pictures[self.kind] = dict(
            zip(PICTURE_ROLES[self.kind], recipe.pictures, strict=True)
        )
        self._setting_values[self.kind] = {
            field.name: getattr(recipe, field.name)
            for field in dataclasses.fields(recipe)
            if field.name not in _NON_SETTINGS
            and not (field.name == "iterations" and recipe.start is not None)
        }
        self._current_jobs[self.kind] = job.name
        self._to_continue.discard(self.kind)
        self.revision += 1

    @property
    def current_job(self) -> Job | None:
        """The job shown for the current kind, or None."""
        return self._queue.job(self._current_jobs.get(self.kind, ""))

    def picture_digest(self, role: str) -> str | None:
        """Returns the SHA-256 of the picture chosen for a role, or None."""
        digest = self._pictures[self.kind].get(role)
        return digest if digest is not None and self._store.has_picture(digest) else None

    def choose_picture(self, role: str, digest: str) -> None:
        """Chooses a stored picture for a role of the current kind."""
        check_choice("role", role, PICTURE_ROLES[self.kind])
        self._store.picture_path(digest)
        self._pictures[self.kind][role] = digest

    def setting(self, name: str) -> Any:
        """Returns a setting of the current kind, or its default if it was not set."""
        defaults = {field.name: field.default for field in dataclasses.fields(Recipe)}
        return self._setting_values[self.kind].get(name, defaults[name])

    def change_setting(self, name: str, value: Any) -> None:
        """Changes a setting of the current kind.

        Raises:
            ValueError: The name is unknown or the value is invalid.
        """
        fields = {field.name for field in dataclasses.fields(Recipe)} - set(_NON_SETTINGS)
        check_choice("setting", name, sorted(fields))
        digest = "0" * 64
        Recipe(self.kind, (digest,) * len(PICTURE_ROLES[self.kind]), **{name: value})
        if name == "size":
            check_number("size", value, maximum=self._settings.max_side)
        self._setting_values[self.kind][name] = value

    @property
    def missing_roles(self) -> list[str]:
        """Roles of the current kind without a picture."""
        return [role for role in PICTURE_ROLES[self.kind] if self.picture_digest(role) is None]

    def _recipe(self) -> Recipe:
        if self.missing_roles:
            expected = f"one picture for each of {', '.join(PICTURE_ROLES[self.kind])}"
            raise invalid_argument(
                "pictures", expected, f"none for {', '.join(self.missing_roles)}"
            )
        pictures = tuple(self._pictures[self.kind][role] for role in PICTURE_ROLES[self.kind])
        return Recipe(self.kind, pictures, **self._setting_values[self.kind])

    def start_run(self, variations: int = 1) -> Job:
        """Submits a recipe, or several with consecutive seeds; shows and returns the first job."""
        check_number("variations", variations, integer=True, minimum=1)
        recipe = self._recipe()
        self._queue.check_capacity(variations)
        first = self._queue.submit(recipe)
        for n in range(1, variations):
            other = dataclasses.replace(recipe, seed=recipe.seed + n)
            self._queue.submit(other, group=first.group)
        self._current_jobs[self.kind] = first.name
        self._to_continue.discard(self.kind)
        return first

    def can_continue(self) -> bool:
        """Returns whether the job shown has the chosen pictures and a present or future result."""
        job = self.current_job
        pictures = tuple(
            self._pictures[self.kind].get(role, "") for role in PICTURE_ROLES[self.kind]
        )
        if job is None or self._settings.endpoint is not None or job.recipe.pictures != pictures:
            return False
        return bool(job.digest) or not job.ended

    def continue_run(self) -> Job | None:
        """Submits a job that starts from the result shown, with the current settings.

        A running job is stopped first; `update` submits its successor once it has ended.

        Returns:
            The new job, or None if a running job has to stop first.
        """
        job = self.current_job
        if job is None or not self.can_continue():
            return self.start_run()
        if job.state == WAITING:  # No picture yet: replace the job.
            self._queue.stop(job.name)
            return self._submit_continuation(job.recipe.start)
        if not job.ended:
            self._queue.stop(job.name)
            self._to_continue.add(self.kind)
            return None
        path = self._store.job_file(job.name, "picture.png")
        if path is None:
            return self.start_run()
        return self._submit_continuation(
            self._store.add_picture(path.read_bytes(), "the current picture")
        )

    def _submit_continuation(self, start: str | None) -> Job:
        recipe = dataclasses.replace(self._recipe(), start=start)
        if start is not None:
            iterations = max(1, round(recipe.iterations * _CONTINUED_FRACTION))
            recipe = dataclasses.replace(recipe, iterations=iterations)
        job = self._queue.submit(recipe)
        self._current_jobs[self.kind] = job.name
        return job

    def rerun(self, recipe: Recipe, expected_file: tuple[str, str]) -> Job:
        """Submits the recipe of an existing file again, to compare the result with the file.

        Args:
            recipe: The recipe embedded in the file.
            expected_file: SHA-256 and format of the file.

        Raises:
            ValueError: Pictures are missing, or the recipe needs a served model and the studio runs
                locally, or the reverse.
        """
        missing_digests = [
            digest for digest in recipe.input_digests if not self._store.has_picture(digest)
        ]
        if missing_digests:
            expected = "a recipe whose pictures are all stored"
            received = f"one that needs the file with SHA-256 {missing_digests[0]}: drop it first"
            raise invalid_argument("recipe", expected, received)
        if (recipe.served is None) != (self._settings.endpoint is None):
            local, served = "one made on this machine", "one made by a served model"
            expected_and_received = (
                (local, served) if recipe.served is not None else (served, local)
            )
            raise invalid_argument("recipe", *expected_and_received)
        job = self._queue.submit(recipe, expected_file=expected_file)
        self.show_job(job)
        return job

    def update(self) -> None:
        """Submits the successor of a job that was stopped because its settings changed."""
        job = self.current_job
        if self.kind in self._to_continue and (job is None or job.ended):
            self._to_continue.discard(self.kind)
            if job is not None:
                self.continue_run()

    def variations(self) -> list[Job]:
        """Returns the jobs of the same group as the job shown, itself included."""
        job = self.current_job
        if job is None:
            return []
        return [each for each in self._queue.jobs() if each.group == job.group]
