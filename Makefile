# Everything runs in a virtual environment of its own, .venv, made on the first call.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MNIST ?= mnist
CIFAR10 ?= cifar10

.PHONY: demo test fast lint pictures trained-pictures notebooks sdist fuzz mutants bench clean

# Set up and run the main jobs: VGG-16 as the lecture prints it, and a network trained on handwritten digits.
demo: $(VENV)/trainer
	$(BIN)/cnncalc shapes examples/vgg16.txt
	$(BIN)/cnncalc train examples/digits.txt --data digits

# Set up everything and pass the tests, lint and types included.
test: $(VENV)/development lint
	$(BIN)/python -m pytest -n 2

# Every room's tests but those that take seconds.
fast: $(VENV)/development
	$(BIN)/python -m pytest -n 2 -m "not slow"

lint: $(VENV)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Draw the pictures of the documentation again, each by the command that its page names.
pictures: $(VENV)/development
	$(BIN)/python -m tests.pictures

# Train two small networks and draw what they see, for docs/inspect.md; half an hour. MNIST=DIR and CIFAR10=DIR name data
# that are there; else they are downloaded.
trained-pictures: $(VENV)/development
	$(BIN)/python -m tests.trained_pictures --mnist $(MNIST) --cifar10 $(CIFAR10)

# Run the notebooks of the examples again, and store what they show; a few minutes.
notebooks: $(VENV)/development
	$(BIN)/python -m tests.notebooks

# 100,000 hostile texts; each must end in a result or in a SpecError, within a second and 200 MB.
# 20,000 command lines; each must end with an answer or with one clear error.
fuzz: $(VENV)/development
	$(BIN)/python benchmarks/fuzz.py --texts 100000 --lines 20000 --files 10000

# Build the source distribution, unpack it, and pass its own tests there.
sdist: $(VENV)/development
	$(BIN)/python -m pip install --quiet build
	rm -rf build/sdist && $(BIN)/python -m build --sdist --outdir build/sdist
	tar -xzf build/sdist/*.tar.gz -C build/sdist
	cd build/sdist/cnncalc-*/ && PYTHONPATH=$$PWD $(CURDIR)/$(BIN)/python -m pytest -n 2

# Break 40 places of each of four rooms on purpose, and see whether the tests notice; an hour.
mutants: $(VENV)/development
	$(BIN)/python -m pip install --quiet cosmic-ray coverage
	$(BIN)/python benchmarks/mutants.py --sample 40

bench: $(VENV)/development
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/commands.py
	$(BIN)/python benchmarks/drawing.py table growth zoo
	$(BIN)/python benchmarks/building.py
	$(BIN)/python benchmarks/training.py

clean:
	rm -rf $(VENV)

$(VENV)/trainer: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet '.[train]'
	touch $@

$(VENV)/development: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/trainer
