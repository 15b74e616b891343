"""A test that pytest runs."""

load("@pypi//:requirements.bzl", "requirement")
load("@rules_python//python:py_test.bzl", "py_test")

def pytest_test(name, src, deps = [], args = [], data = [], **kwargs):
    """Declares a py_test whose main program is pytest.

    Args:
      name: The test's name.
      src: The file with the tests.
      deps: What it imports, beside pytest and the package.
      args: Further arguments for pytest.
      data: Files that it reads, beside pytest's settings.
      **kwargs: Passed to py_test.
    """
    py_test(
        name = name,
        srcs = [src, "//tests:run_pytest.py"],
        main = "//tests:run_pytest.py",
        args = ["$(location %s)" % src] + args,
        imports = [".."],
        data = data + ["//:pyproject.toml"],
        deps = deps + [
            "//rwkeras",
            "//tests:conftest",
            requirement("pytest"),
        ],
        **kwargs
    )
