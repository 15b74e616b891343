"""HTTP routes beside the page: uploads, previews, job files and downloads."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from PIL import Image
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rwkeras.images.comments import read_comment
from rwkeras.studio.downloads import ENDINGS, download
from rwkeras.studio.examples import example_view
from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe, parse_recipe
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store

_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".json": "application/json"}
# Maximum length of a file name in messages.
_NAME = 80


class Routes:
    """Handlers of the HTTP routes.

    Args:
        store: Store of pictures and results.
        queue: Queue with the jobs.
        settings: Settings with the size limits.
    """

    def __init__(self, store: Store, queue: Queue, settings: StudioSettings):
        self._store, self._queue, self._settings = store, queue, settings
        # Decode one picture at a time to bound memory.
        self._turn = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Returns the Starlette routes."""
        return [
            Route("/studio/pictures", self.drop, methods=["POST"]),
            Route("/studio/pictures/{digest}.jpg", self.view),
            Route("/studio/examples/{name}.jpg", self.example),
            Route("/studio/jobs/{name}/{file}", self.job_file),
            Route("/studio/results/{name}.{ending}", self.result),
        ]

    async def drop(self, request: Request) -> Response:
        """Stores an uploaded file; responds with its SHA-256 and its embedded recipe, if any."""
        name = unquote(request.headers.get("x-name", ""))[:_NAME]
        name = "".join(c if c.isprintable() else "?" for c in name) or "The file"
        most, content = self._settings.max_bytes, bytearray()
        try:
            async for part in request.stream():
                content += part
                if len(content) > most:
                    return _refused(f"{name} has more than {most} bytes, which are the most", 413)
        except ClientDisconnect:
            return _refused(f"{name} did not arrive whole", 400)
        async with self._turn:
            try:
                answer = await asyncio.to_thread(self._kept, bytes(content), name)
            except (ValueError, OSError) as error:
                return _refused(" ".join(str(error).split()), 400)
        return JSONResponse(answer)

    def _kept(self, content: bytes, name: str) -> dict[str, Any]:
        recipe = parse_recipe(content) if content[:1] == b"{" else None
        if recipe is not None:
            return _found(recipe, "", "json")
        digest = self._store.add_picture(content, name)
        path = self._store.picture_path(digest)
        found = parse_recipe(read_comment(path))
        if found is None:
            return {"digest": digest}
        with Image.open(path) as image:
            ending = ENDINGS.get(image.format or "", "")
        return {"digest": digest, **_found(found, digest, ending)}

    async def view(self, request: Request) -> Response:
        """Responds with the preview of a picture."""
        return _file(self._store.view_path(request.path_params["digest"]))

    async def example(self, request: Request) -> Response:
        """Responds with the preview of an example."""
        async with self._turn:
            try:
                content = await asyncio.to_thread(example_view, request.path_params["name"])
            except ValueError as error:
                return _refused(str(error), 404)
        if content is None:
            return _refused("There is no such example", 404)
        headers = {"cache-control": "max-age=86400"}
        return Response(content, media_type="image/jpeg", headers=headers)

    async def job_file(self, request: Request) -> Response:
        """Responds with a file of a job."""
        params = request.path_params
        return _file(self._store.job_file(params["name"], params["file"]))

    async def result(self, request: Request) -> Response:
        """Responds with the download of a result."""
        job = self._queue.job(request.path_params["name"])
        if job is None:
            return _refused("There is no such result", 404)
        try:
            file = await asyncio.to_thread(
                download, self._store, job, request.path_params["ending"]
            )
        except ValueError as error:
            return _refused(str(error), 404)
        disposition = f'attachment; filename="{file.name}"'
        headers = {"content-disposition": disposition, "cache-control": "no-store"}
        return Response(file.content, media_type=file.media_type, headers=headers)


def _found(recipe: Recipe, digest: str, ending: str) -> dict[str, Any]:
    return {"recipe": recipe.to_json(), "kind": recipe.kind, "expected_file": [digest, ending]}


def _file(path: Path | None) -> Response:
    try:
        content = None if path is None else path.read_bytes()
    except OSError:
        content = None
    if path is None or content is None:
        return _refused("There is no such picture", 404)
    return Response(content, media_type=_TYPES[path.suffix], headers={"cache-control": "no-cache"})


def _refused(words: str, status: int) -> Response:
    return JSONResponse({"error": words}, status_code=status)
