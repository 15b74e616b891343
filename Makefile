# Requires Python 3.10 to 3.13 and make; everything else is installed into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

help:  ## Lists all targets.
	@sed -n 's/^\([a-z-]*\):.*  ## /\1: /p' $(MAKEFILE_LIST)

.PHONY: help install demo studio serve models test test-all fuzz lint types imports docs wheel bench bazel clean

install: $(INSTALLED)  ## Installs the package and all development tools into .venv.

$(INSTALLED): setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(INSTALLED)  ## Makes three pictures and a contact sheet in demo/.
	$(BIN)/python tools/demo.py --output_dir=demo

studio: $(INSTALLED)  ## Runs the studio, a browser page reachable only from this machine.
	$(BIN)/python tools/studio.py --folder=build/studio

serve: $(INSTALLED)  ## Serves all models of saved_models/ with tensorflow_model_server or Docker.
	$(BIN)/python tools/serve.py --models_dir=saved_models

MORE_MODELS := multiscale_texture decoder feed_forward

models: $(MORE_MODELS:%=saved_models/%/1/saved_model.pb)  ## Makes more models to serve, in a quarter of an hour.

saved_models/multiscale_texture/1/saved_model.pb: | $(INSTALLED)
	mkdir -p build
	$(BIN)/python -c "from skimage import data, io; io.imsave('build/brick.png', data.brick())"
	$(BIN)/python tools/export.py --kind=texture --reference=build/brick.png \
	  --output_dir=saved_models/multiscale_texture

saved_models/decoder/1/saved_model.pb: | $(INSTALLED)
	mkdir -p build
	$(BIN)/python tools/train_decoder.py --layer=conv1_2 --steps=200 --output=build/decoder.keras
	$(BIN)/python tools/export.py --kind=decoder --network=build/decoder.keras \
	  --output_dir=saved_models/decoder

saved_models/feed_forward/1/saved_model.pb: | $(INSTALLED)
	mkdir -p build
	$(BIN)/python -m examples.feed_forward_style --nocompare --output=build/feed_forward.keras \
	  --export_dir=saved_models/feed_forward

# Work stealing balances workers but mostly keeps the tests of a file, which share fixtures, together.
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal --durations=10

# Takes minutes in total; tests that take seconds each are marked slow and run only in `test-all`.
test: $(INSTALLED)  ## Runs all tests except slow ones.
	$(PYTEST) -m "not slow"

test-all: $(INSTALLED)  ## Runs all tests.
	$(PYTEST)

# Random files, command lines and requests; `make test` includes a few of them.
FUZZ_SEED ?= 1
FUZZ_CASES ?= 4000

fuzz: $(INSTALLED)  ## Tests random files, command lines and requests: FUZZ_SEED=1 FUZZ_CASES=4000.
	FUZZ_SEED=$(FUZZ_SEED) FUZZ_CASES=$(FUZZ_CASES) $(BIN)/python -m tests.fuzz

lint: $(INSTALLED)  ## Checks the code with ruff.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)  ## Checks types with mypy.
	$(BIN)/mypy

imports: $(INSTALLED)  ## Checks the direction of imports with import-linter.
	$(BIN)/lint-imports

docs: $(INSTALLED)  ## Builds the guides and the API reference as a site in build/site/.
	$(BIN)/mkdocs build --quiet --site-dir=build/site

# The test runs outside of the checkout, so that only the installed wheel is imported.
wheel: $(INSTALLED)  ## Builds the wheel and tests it in a new environment.
	rm -rf build dist
	$(BIN)/python -m build --wheel
	$(PYTHON) -m venv build/environment
	build/environment/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	mkdir build/elsewhere
	cd build/elsewhere && ../environment/bin/python -c \
	  "from PIL import Image; Image.radial_gradient('L').save('photo.png')"
	cd build/elsewhere && ../environment/bin/rwkeras-invert --image=photo.png --layer=conv3_1 \
	  --image_size=64 --max_iterations=10 --output=recovered.png --report=report.json
	test -s build/elsewhere/recovered.png
	test -s build/elsewhere/report.json

# For example BENCH_FLAGS="--cases=invert_conv5_1 --repeats=1".
bench: $(INSTALLED)  ## Benchmarks the optimisers: hours on two cores; BENCH_FLAGS selects a part.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m benchmarks.time_to_image --output_dir=benchmarks/results $(BENCH_FLAGS)

# Uses Debian's bazel-bootstrap.
bazel: $(INSTALLED)  ## Runs the tests with Bazel, offline; see bazel/README.md.
	bazel/test.sh

clean:  ## Removes .venv, build/, dist/ and demo/.
	rm -rf $(VENV) build dist demo
