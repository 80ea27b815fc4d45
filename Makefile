# Names for what a newcomer does; the scripts do it, and say why.
.PHONY: help demo test check fuzz chaos bench bench-docs clean-postgres

help:
	@echo 'make demo            try Heliograph against a simulated WhatsApp (PORT=3000, DEMO_ONCE=1 to exit after)'
	@echo 'make test            build everything and run all tests'
	@echo 'make check           all that CI checks: format, lints, tests, documentation, architecture'
	@echo 'make fuzz            have every route called with what its description allows and what not (FUZZ_EXAMPLES=40 FUZZ_SEED=1)'
	@echo 'make chaos           kill it at random and count what is lost (CHAOS_SECONDS=120 CHAOS_SEED=1)'
	@echo 'make bench           measure it, beside others (BENCH_ONLY=append,http BENCH_SECONDS=5)'
	@echo 'make bench-docs      put the last measurements into docs/benchmarks.md'
	@echo 'make clean-postgres  delete the private databases of demo, test, fuzz and chaos'

demo:
	@scripts/demo

test:
	@scripts/test

check:
	@scripts/check

fuzz:
	@scripts/fuzz

chaos:
	@scripts/chaos

bench:
	@scripts/bench

bench-docs:
	@scripts/bench --write-docs

clean-postgres:
	@scripts/postgres remove demo
	@scripts/postgres remove test
	@scripts/postgres remove chaos
	@scripts/postgres remove chaos-test
	@scripts/postgres remove fuzz
