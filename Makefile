# `make test` is the whole of it: it makes .venv, installs what is pinned and runs every check. No root, no Docker needed.
.POSIX:
PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
WORKERS = 3
STAMP = $(VENV)/.installed
DIST = dist
SBOM_PYTHON = build/sbom/bin/python
SHELL_FILES = install.sh .ci/run .ci/*.sh
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

.PHONY: all test lint unit bench soak fuzz sbom format bundle lock clean

all: test

test: lint unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/shellcheck $(SHELL_FILES)

unit: $(STAMP)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 12 $(PYTEST_ARGS)

# CPU per request beside nginx; wants a quiet machine with two cores, and wrk, nginx and its Lua module. Minutes.
# BENCH_ARGS=--peers: beside LiteLLM and Portkey instead; the first time it installs them, which takes npm and a network.
bench: $(STAMP)
	PYTHONPATH=gateway_image:tests $(BIN)/python tests/bench/run.py $(BENCH_ARGS)

# More than an hour: 2,000 streams for ten minutes, an hour at half load, then what tests show. SOAK_ARGS makes it shorter.
soak: $(STAMP)
	PYTHONPATH=gateway_image:tests $(BIN)/python tests/soak/run.py $(SOAK_ARGS)

# FUZZ_ARGS="--inputs 10000000 --keep" is what a night is for.
fuzz: $(STAMP)
	PYTHONPATH=gateway_image:tests $(BIN)/python tests/fuzz/run.py $(FUZZ_ARGS)

# What is installed, with hashes, as CycloneDX: the gateway's image, the quickstart, the built-in model.
sbom: $(SBOM_PYTHON)
	mkdir -p $(DIST)
	for part in gateway_image/requirements requirements requirements-model; do \
	    $(SBOM_PYTHON) -W ignore -m cyclonedx_py requirements $$part.txt --pyproject pyproject.toml --mc-type application \
	        --output-reproducible --of JSON -o $(DIST)/sbom-$$(echo $$part | tr / -).cdx.json || exit 1; \
	done

build/sbom/bin/python: requirements-sbom.txt
	$(PYTHON) -m venv build/sbom
	build/sbom/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-sbom.txt
	touch $@

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The project itself goes in last and without dependencies, so that only what is pinned by hash is ever installed.
$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	.ci/venv.sh "$(PYTHON)" "$(VENV)"
	touch $(STAMP)

# One archive that installs without a network, for this platform. BUNDLE_ARGS=--model adds the built-in model.
bundle: $(STAMP)
	$(BIN)/python .ci/bundle.py dist $(BUNDLE_ARGS)

# Needs uv, and npm for the last line. Raises every pin to the newest version that pyproject.toml allows, for every
# platform and Python 3.11+.
lock:
	$(COMPILE) --upgrade pyproject.toml -o requirements.txt
	$(COMPILE) --upgrade --group gateway -c requirements.txt -o gateway_image/requirements.txt
	$(COMPILE) --upgrade --group dev -c requirements.txt -o requirements-dev.txt
	$(COMPILE) --upgrade --group build -c requirements-dev.txt -o requirements-build.txt
	$(COMPILE) --upgrade --group model --no-deps -o requirements-model.txt
	$(COMPILE) --upgrade --group schemathesis -o requirements-schemathesis.txt
	$(COMPILE) --upgrade --group sbom -o requirements-sbom.txt
	$(COMPILE) --upgrade --group sdk -o requirements-sdk.txt
	$(COMPILE) --upgrade --group sdk-frameworks -o requirements-sdk-frameworks.txt
	$(COMPILE) --upgrade --group sdk-old -o requirements-sdk-old.txt
	$(COMPILE) --upgrade --group litellm --no-emit-package litellm-enterprise -o requirements-litellm.txt
	cd tests/bench/portkey && rm -f package-lock.json && npm install --package-lock-only --ignore-scripts --no-audit --no-fund

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .test-artifacts build dist *.egg-info
