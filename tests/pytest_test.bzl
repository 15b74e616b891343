"""Tests that pytest runs."""

load("@rules_python//python:py_test.bzl", "py_test")

def pytest_tests(srcs, deps, data, args):
    """Declares a py_test for each file of tests, whose main program is pytest.

    Args:
      srcs: The files with the tests, each named after its path.
      deps: What any of them imports.
      data: What any of them reads.
      args: Further arguments for pytest.
    """
    for src in srcs:
        py_test(
            name = src[:-len(".py")].replace("/", "_"),
            srcs = [src, "run_pytest.py"],
            main = "run_pytest.py",
            args = ["$(location %s)" % src] + args,
            data = data,
            imports = [".."],
            # No `__init__.py` where the checkout has none.
            legacy_create_init = False,
            deps = deps,
        )
