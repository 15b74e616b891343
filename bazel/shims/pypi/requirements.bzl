"""PyPI packages that are already installed for the interpreter."""

def requirement(name):
    return "@pypi//:" + name
