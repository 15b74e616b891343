"""A page in the browser that makes textures, styles and inversions, and keeps what it made.

`page/` is what is seen and alone knows NiceGUI. The rest works without a page: recipes, the folder
they and their results are kept in, the queue, and the process that does the work.
"""
