"""Packages from PyPI that the interpreter already has."""

def requirement(name):
    return "@pypi//:" + name
