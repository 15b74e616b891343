"""Browser application for textures, style transfer and inversions, with a history of results.

`page/` is the user interface and the only part that imports NiceGUI. The rest runs without a page:
recipes, the store of jobs and results, the queue, and the worker process.
"""
