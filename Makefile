# `make demo` and `make test` need Python 3.10 to 3.13 and make; all else is installed into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

help:  ## This list.
	@sed -n 's/^\([a-z-]*\):.*  ## /\1: /p' $(MAKEFILE_LIST)

.PHONY: help install demo studio serve models test test-all fuzz lint types imports docs wheel bench bazel clean

install: $(INSTALLED)  ## Everything into .venv.

$(INSTALLED): setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: $(INSTALLED)  ## Three pictures and a contact sheet under demo/.
	$(BIN)/python tools/demo.py --output_dir=demo

studio: $(INSTALLED)  ## The studio: a page in the browser, on this machine alone.
	$(BIN)/python tools/studio.py --folder=build/studio

serve: $(INSTALLED)  ## Serves all models of saved_models/, by tensorflow_model_server or Docker.
	$(BIN)/python tools/serve.py --models_dir=saved_models

MORE_MODELS := multiscale_texture decoder feed_forward

models: $(MORE_MODELS:%=saved_models/%/1/saved_model.pb)  ## More models to serve: a quarter of an hour.

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

# Work stealing keeps tests of a file, which share fixtures, mostly together and balances workers.
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal --durations=10

# Takes minutes in total; tests that take seconds each are marked slow and left to `test-all`.
test: $(INSTALLED)  ## The tests but for the slow ones.
	$(PYTEST) -m "not slow"

test-all: $(INSTALLED)  ## All tests.
	$(PYTEST)

# Random files, command lines and requests; `make test` includes a few of them.
FUZZ_SEED ?= 1
FUZZ_CASES ?= 4000

fuzz: $(INSTALLED)  ## Files, command lines and requests drawn at random: FUZZ_SEED=1 FUZZ_CASES=4000.
	FUZZ_SEED=$(FUZZ_SEED) FUZZ_CASES=$(FUZZ_CASES) $(BIN)/python -m tests.fuzz

lint: $(INSTALLED)  ## Style of the code.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)  ## Types, by mypy.
	$(BIN)/mypy

imports: $(INSTALLED)  ## The direction of imports, by import-linter.
	$(BIN)/lint-imports

docs: $(INSTALLED)  ## The guides and the API reference as a site, under build/site/.
	$(BIN)/mkdocs build --quiet --site-dir=build/site

# Tests the wheel in an environment of its own, outside of the checkout.
wheel: $(INSTALLED)  ## The wheel, tried in an environment of its own.
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

# Takes hours on two cores; BENCH_FLAGS="--cases=invert_conv5_1 --repeats=1" runs a part.
bench: $(INSTALLED)  ## The benchmark of optimisers: hours on two cores; BENCH_FLAGS for less.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m benchmarks.time_to_image --output_dir=benchmarks/results $(BENCH_FLAGS)

# Offline, with Debian's bazel-bootstrap; see bazel/README.md.
bazel: $(INSTALLED)  ## The tests by Bazel, offline; see bazel/README.md.
	bazel/test.sh

clean:  ## Removes all that was made.
	rm -rf $(VENV) build dist demo
