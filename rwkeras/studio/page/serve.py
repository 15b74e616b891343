"""Server of the page: the NiceGUI application behind `Guard`, bound to one address."""

import contextlib
import secrets
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from PIL import Image

from rwkeras.studio.guard import Guard
from rwkeras.studio.page.page import Page
from rwkeras.studio.queue import Queue
from rwkeras.studio.routes import Routes
from rwkeras.studio.settings import StudioSettings
from rwkeras.studio.store import Store
from rwkeras.studio.worker import Worker
from rwkeras.validation import invalid_argument

_TITLE = "rwkeras studio"
# Maximum size of a WebSocket message in bytes, and seconds allowed for a graceful shutdown.
_MAX_MESSAGE_BYTES, _SHUTDOWN_SECONDS = 2**20, 2


def _page_url(settings: StudioSettings, token: str | None) -> str:
    """Returns the URL of the page, with the token if there is one."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}/" + (f"?token={token}" if token else "")


def serve(settings: StudioSettings, *, open_browser: bool = False) -> None:
    """Serves the page until the process is signalled to end.

    Args:
        settings: Settings of the studio.
        open_browser: Whether to open a browser.

    Raises:
        ValueError: The folder is unusable or the address is taken.
    """
    Image.MAX_IMAGE_PIXELS = settings.max_pixels
    token = None if settings.is_local else secrets.token_urlsafe(24)
    store = Store(settings)
    worker = Worker(settings.max_pixels)
    queue = Queue(store, settings, worker.run_job)
    application = _application(store, queue, settings, worker)
    config = uvicorn.Config(
        Guard(application, settings, token),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        ws_max_size=_MAX_MESSAGE_BYTES,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        server_header=False,
    )
    server = uvicorn.Server(config)
    try:
        if not _is_address_free(config):
            raise invalid_argument("port", f"a free port at {settings.host}", settings.port)
        print(f"studio: {_page_url(settings, token)}", flush=True)
        if open_browser:
            threading.Timer(1.0, webbrowser.open, [_page_url(settings, token)]).start()
        server.run()
    finally:
        queue.close()
        worker.close()
        store.close()


def _is_address_free(config: uvicorn.Config) -> bool:
    """Returns whether the address can be bound."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError:
            return False
    return True


def _application(store: Store, queue: Queue, settings: StudioSettings, worker: Worker) -> FastAPI:
    """Returns the application, which starts the queue on startup."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        queue.start()
        yield

    application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    application.router.routes.extend(Routes(store, queue, settings).routes())
    # Import TensorFlow on the first visit, so that the first job starts without delay.
    nicegui_app.on_connect(worker.start)

    @ui.page("/", title=_TITLE)
    def page() -> None:
        Page(store, queue, settings).build()

    ui.run_with(application, title=_TITLE, dark=None, show_welcome_message=False, tailwind=False)
    return application
