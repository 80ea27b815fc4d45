# Names for what a newcomer does; the scripts do it, and say why.
.PHONY: help demo test check bench bench-docs clean-postgres

help:
	@echo 'make demo            try Heliograph against a simulated WhatsApp (PORT=3000, DEMO_ONCE=1 to exit after)'
	@echo 'make test            build everything and run all tests'
	@echo 'make check           all that CI checks: format, lints, tests, documentation, architecture'
	@echo 'make bench           measure it, beside others (BENCH_ONLY=append,http BENCH_SECONDS=5)'
	@echo 'make bench-docs      put the last measurements into docs/benchmarks.md'
	@echo 'make clean-postgres  delete the private databases of demo and test'

demo:
	@scripts/demo

test:
	@scripts/test

check:
	@scripts/check

bench:
	@scripts/bench

bench-docs:
	@scripts/bench --write-docs

clean-postgres:
	@scripts/postgres remove demo
	@scripts/postgres remove test
