# Switchboard. `make help` lists what can be made.
SHELL := /bin/bash
CARGO ?= cargo
CONFIG ?= configs/server.toml

# make call TO=sip:places@127.0.0.1:5060 SAY='--say "coffee"' VOICE=slt
TO ?= sip:booking@127.0.0.1:5060
VOICE ?= kal16
SAY ?= --say "book a room" --say "new york" --say "today" --say "two thirty p m" --say "half an hour" --say "two people" --say "yes"
CALL ?=

# Where tests look for models that are too large for the tree.
MODELS_DIR = $(or $(SWITCHBOARD_MODELS),$(HOME)/.cache/switchboard/models)

.DEFAULT_GOAL := help
.PHONY: help setup run call check test fmt lint fuzz bench stages invites browsers calls hearing supervise conversation soak quality clean

help: ## lists what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup: ## installs what building, running and testing need
	@scripts/setup.sh test --retry

run: ## starts the server (LAN=1: reachable from the local network, not from this machine alone; MODELS=no, yes: no model, no question)
	@scripts/setup.sh run
	@$(CARGO) build --release
	@CONFIG="$(CONFIG)" MODELS="$(MODELS)" scripts/models.sh $(CARGO) run --release --quiet --
	@exec $(CARGO) run --release --quiet -- serve --config $(CONFIG) $(if $(filter-out 0 no,$(LAN)),--lan)

call: ## calls the running server and books a room by voice (TO=sip:…, SAY='--say "…"', VOICE=…)
	@scripts/setup.sh run
	@$(CARGO) build --release
	@exec $(CARGO) run --release --quiet -- call $(TO) --voice $(VOICE) $(SAY) $(CALL)

check: ## the doctor: configuration, engines, models, ports, priorities
	@scripts/setup.sh run
	@$(CARGO) build --release
	@exec $(CARGO) run --release --quiet -- check --config $(CONFIG)

test: ## runs all tests (MODELS=yes: those of Whisper base too, some minutes more; it is fetched once)
	@scripts/setup.sh test
	@$(if $(filter 1 yes,$(MODELS)),$(CARGO) run --quiet -- models get whisper-base --dir "$(MODELS_DIR)")
	@CARGO="$(CARGO)" scripts/test.sh

fmt: ## formats the sources
	$(CARGO) fmt --all
	@scripts/web.sh fmt

lint: ## clippy and biome (JavaScript), with every warning an error
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@scripts/web.sh

fuzz: ## feeds the parsers of what strangers send with inputs that coverage guides (SECONDS=60 for each)
	@CARGO="$(CARGO)" scripts/fuzz.sh $(or $(SECONDS),60)

bench: ## prints what calls cost beside a bare reflector and rtpengine, and how evenly packets leave (QUICK=1: a short run)
	@scripts/setup.sh bench
	$(CARGO) bench -p telephony --bench figures -- $(if $(filter-out 0 no,$(QUICK)),--quick)

stages: ## instructions per frame of each stage of the sound path, against the committed ones (callgrind)
	@scripts/stages.sh

quality: ## judges sound through bad networks: PESQ against delay (QUICK=1: a short run)
	$(CARGO) bench -p media --features testkit --bench quality -- $(if $(filter-out 0 no,$(QUICK)),--quick)

invites: ## how many calls a second the server answers, and what each costs
	@scripts/setup.sh test
	@$(CARGO) build --release
	@scripts/invites.py

browsers: ## sixty browser calls for a minute beside as many phone calls: failures, first sound, CPU and memory of each
	@scripts/setup.sh test
	$(CARGO) bench --bench browsers -- $(if $(filter-out 0 no,$(QUICK)),--peers 10 --seconds 10)

calls: ## whole bookings by voice at once: booked, replies, CPU and memory of each (CALLS=10,20,40,60, NEIGHBOUR=1, QUICK=1)
	@scripts/setup.sh test
	$(CARGO) bench --bench calls -- $(if $(CALLS),--calls $(CALLS)) $(if $(filter-out 0 no,$(NEIGHBOUR)),--neighbour) $(if $(filter-out 0 no,$(QUICK)),--quick)

hearing: ## how callers are understood, by engine and speaker, and how long it takes (with Whisper base where it has been fetched)
	@scripts/setup.sh test
	$(CARGO) test --workspace --test hearing -- --ignored --nocapture figures

supervise: ## supervisors' figures: from a seat's request to its first sound, a change of mode, a takeover, a browser that dies; what a listener costs, how well moods are found, and their CPU; sixty calls with listeners and walls
	@scripts/setup.sh test
	$(CARGO) test --workspace --test e2e supervision -- --nocapture
	$(CARGO) test --workspace --lib insight -- --nocapture
	$(CARGO) bench --bench insight
	$(CARGO) test --workspace --lib figures_of_a_listener -- --ignored --nocapture
	$(CARGO) build --release --bin switchboard
	SWITCHBOARD_BIN=$$PWD/target/release/switchboard $(CARGO) test --workspace --test e2e -- --ignored --nocapture full_house

conversation: ## the conversation's figures: ends of turns, passages found, from a language model's words to their sound
	@scripts/setup.sh test
	$(CARGO) test -p dialog --features testkit --lib figures_of -- --ignored --nocapture
	$(CARGO) test --workspace --test figures -- --nocapture
	$(CARGO) test --workspace --test e2e figures_of_language_models -- --ignored --nocapture

soak: ## 20,000 calls with sound at 50 a second (SOAK_CALLS, SOAK_RATE): none fails, nothing of them stays
	@scripts/setup.sh test
	$(CARGO) test --release --test e2e -- --ignored --nocapture twenty_thousand

clean: ## removes what was built; models and data stay
	$(CARGO) clean
