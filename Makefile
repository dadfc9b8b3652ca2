# `make test` sets up what the tests need and runs all of them: a fresh machine needs Rust, Python 3.11, Node 20
# and network to the package registries.

PYTHON ?= python3
VENV := target/venv
CARGO_FLAGS := --locked
SHELL := bash
.SHELLFLAGS := -o pipefail -c

.PHONY: test lint purity licences rust conformance docs fuzz python node demo bench clean

test: lint purity licences rust conformance docs fuzz python node
	@echo "all checks passed"

lint:
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings
	cargo clippy $(CARGO_FLAGS) -p hullmark --all-features --all-targets -- -D warnings

# The default build touches no file, socket, clock, environment or process (core/clippy.toml), and stays small.
purity:
	cargo clippy $(CARGO_FLAGS) -p hullmark -- -D warnings -D clippy::disallowed_methods -D clippy::disallowed_types
	@lines=$$(cargo tree $(CARGO_FLAGS) -p hullmark -e normal | wc -l); echo "cargo tree: $$lines lines"; test $$lines -le 60

licences:
	$(PYTHON) .ci/licences.py

rust:
	cargo build $(CARGO_FLAGS) --release -p hullmark-cli
	cargo test $(CARGO_FLAGS) -p hullmark --all-features -- --show-output 2>&1 | tee target/tests.log
	cargo test $(CARGO_FLAGS) -p hullmark-cli
	@echo "skipped because the shared data is not beside this checkout: $$(grep -c '^skipped: ' target/tests.log) tests"

conformance:
	cargo test $(CARGO_FLAGS) --release -p hullmark --test conformance

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) -p hullmark --all-features --no-deps

fuzz:
	CARGO_TARGET_DIR=target/fuzz cargo check --manifest-path fuzz/Cargo.toml

$(VENV)/bin/maturin:
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install -q 'maturin>=1.16,<2' pytest mypy jsonschema

python: $(VENV)/bin/maturin rust
	cd bindings-python && VIRTUAL_ENV=$(CURDIR)/$(VENV) $(CURDIR)/$(VENV)/bin/maturin develop -q
	$(VENV)/bin/python -m pytest -q bindings-python/tests
	cd bindings-python && $(CURDIR)/$(VENV)/bin/python -m mypy.stubtest hullmark._hullmark

node:
	cd bindings-node && npm ci --silent && npm run --silent build && git diff --exit-code -- index.d.ts && npm test

# Makes the demonstration image anew (Debian 12, network to the registries); its bytes change as packages move on.
demo:
	examples/data/make-demo.py

bench:
	cargo bench $(CARGO_FLAGS) -p hullmark-benches

clean:
	rm -rf target fuzz/target bindings-node/node_modules
