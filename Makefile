# `make demo` and `make test` need Python 3.10 to 3.13 and make; they install the rest into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: install demo serve models test test-all fuzz lint types imports wheel bench bazel clean

install: $(INSTALLED)

$(INSTALLED): setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# Three pictures and a contact sheet under demo/.
demo: $(INSTALLED)
	$(BIN)/python tools/demo.py --output_dir=demo

# All models of saved_models/, by tensorflow_model_server or Docker, whichever is there.
serve: $(INSTALLED)
	$(BIN)/python tools/serve.py --models_dir=saved_models

# What is served beside the tracked model, each made once: a quarter of an hour on two cores.
models: $(patsubst %,saved_models/%/1/saved_model.pb,multiscale_texture decoder feed_forward)

saved_models/multiscale_texture/1/saved_model.pb: | $(INSTALLED)
	mkdir -p build
	$(BIN)/python -c "from skimage import data, io; io.imsave('build/brick.png', data.brick())"
	$(BIN)/python tools/export.py --kind=texture --reference=build/brick.png \
	  --output_dir=saved_models/multiscale_texture

saved_models/decoder/1/saved_model.pb: | $(INSTALLED)
	mkdir -p build
	$(BIN)/python tools/train_decoder.py --layer=conv1_2 --steps=600 --output=build/decoder.keras
	$(BIN)/python tools/export.py --kind=decoder --network=build/decoder.keras \
	  --output_dir=saved_models/decoder

saved_models/feed_forward/1/saved_model.pb: | $(INSTALLED)
	mkdir -p build
	$(BIN)/python -m examples.feed_forward_style --nocompare --output=build/feed_forward.keras \
	  --export_dir=saved_models/feed_forward

# Workers go on where they are in a file, for what its tests share, and end together.
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal --durations=10

# What takes minutes in all; what takes more than seconds alone is for `test-all`.
test: $(INSTALLED)
	$(PYTEST) -m "not slow"

test-all: $(INSTALLED)
	$(PYTEST)

# Files, command lines and requests drawn at random; `make test` draws a few of them.
FUZZ_SEED ?= 1
FUZZ_CASES ?= 4000

fuzz: $(INSTALLED)
	FUZZ_SEED=$(FUZZ_SEED) FUZZ_CASES=$(FUZZ_CASES) $(BIN)/python -m tests.fuzz

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

imports: $(INSTALLED)
	$(BIN)/lint-imports

# The wheel alone, in an environment of its own, away from the checkout.
wheel: $(INSTALLED)
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

# Hours on two cores; BENCH_FLAGS="--cases=invert_conv5_1 --repeats=1" for less.
bench: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m benchmarks.time_to_image --output_dir=benchmarks/results $(BENCH_FLAGS)

# Offline, with Debian's bazel-bootstrap; bazel/README.md says how.
bazel: $(INSTALLED)
	bazel/test.sh

clean:
	rm -rf $(VENV) build dist demo
