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
from rwkeras.studio.downloads import EXTENSIONS, download
from rwkeras.studio.examples import example_preview
from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe, parse_recipe
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store

_MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".json": "application/json"}
# Maximum length of a file name in messages.
_MAX_NAME_LENGTH = 80


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
        self._decoding_lock = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Returns the Starlette routes."""
        return [
            Route("/studio/pictures", self.upload, methods=["POST"]),
            Route("/studio/pictures/{digest}.jpg", self.preview),
            Route("/studio/examples/{name}.jpg", self.example),
            Route("/studio/jobs/{name}/{file}", self.job_file),
            Route("/studio/results/{name}.{ending}", self.result),
        ]

    async def upload(self, request: Request) -> Response:
        """Stores an uploaded file; responds with its SHA-256 and its embedded recipe, if any."""
        name = unquote(request.headers.get("x-name", ""))[:_MAX_NAME_LENGTH]
        name = "".join(c if c.isprintable() else "?" for c in name) or "The file"
        max_bytes, content = self._settings.max_bytes, bytearray()
        try:
            async for chunk in request.stream():
                content += chunk
                if len(content) > max_bytes:
                    return _error_response(
                        f"{name} has more than {max_bytes} bytes, the limit", 413
                    )
        except ClientDisconnect:
            return _error_response(f"{name} was not received completely", 400)
        async with self._decoding_lock:
            try:
                values = await asyncio.to_thread(self._store_upload, bytes(content), name)
            except (ValueError, OSError) as error:
                return _error_response(" ".join(str(error).split()), 400)
        return JSONResponse(values)

    def _store_upload(self, content: bytes, name: str) -> dict[str, Any]:
        json_recipe = parse_recipe(content) if content[:1] == b"{" else None
        if json_recipe is not None:
            return _recipe_values(json_recipe, "", "json")
        digest = self._store.add_picture(content, name)
        path = self._store.picture_path(digest)
        recipe = parse_recipe(read_comment(path))
        if recipe is None:
            return {"digest": digest}
        with Image.open(path) as image:
            extension = EXTENSIONS.get(image.format or "", "")
        return {"digest": digest, **_recipe_values(recipe, digest, extension)}

    async def preview(self, request: Request) -> Response:
        """Responds with the preview of a picture."""
        return _file_response(self._store.preview_path(request.path_params["digest"]))

    async def example(self, request: Request) -> Response:
        """Responds with the preview of an example."""
        async with self._decoding_lock:
            try:
                content = await asyncio.to_thread(example_preview, request.path_params["name"])
            except ValueError as error:
                return _error_response(str(error), 404)
        if content is None:
            return _error_response("No such example", 404)
        headers = {"cache-control": "max-age=86400"}
        return Response(content, media_type="image/jpeg", headers=headers)

    async def job_file(self, request: Request) -> Response:
        """Responds with a file of a job."""
        params = request.path_params
        return _file_response(self._store.job_file(params["name"], params["file"]))

    async def result(self, request: Request) -> Response:
        """Responds with the download of a result."""
        job = self._queue.job(request.path_params["name"])
        if job is None:
            return _error_response("No such result", 404)
        try:
            file = await asyncio.to_thread(
                download, self._store, job, request.path_params["ending"]
            )
        except ValueError as error:
            return _error_response(str(error), 404)
        disposition = f'attachment; filename="{file.name}"'
        headers = {"content-disposition": disposition, "cache-control": "no-store"}
        return Response(file.content, media_type=file.media_type, headers=headers)


def _recipe_values(recipe: Recipe, digest: str, extension: str) -> dict[str, Any]:
    return {"recipe": recipe.to_json(), "kind": recipe.kind, "expected_file": [digest, extension]}


def _file_response(path: Path | None) -> Response:
    try:
        content = None if path is None else path.read_bytes()
    except OSError:
        content = None
    if path is None or content is None:
        return _error_response("No such picture", 404)
    return Response(
        content, media_type=_MEDIA_TYPES[path.suffix], headers={"cache-control": "no-cache"}
    )


def _error_response(message: str, status: int) -> Response:
    return JSONResponse({"error": message}, status_code=status)
