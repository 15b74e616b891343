"""`rwkeras-texture` in a checkout; see `rwkeras/commands/texture.py`."""

from rwkeras.commands import run_texture

if __name__ == "__main__":
    run_texture()
