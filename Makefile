# Names for what a newcomer does; the scripts do it, and say why.
.PHONY: help demo test check clean-postgres

help:
	@echo 'make demo            try Heliograph against a simulated WhatsApp (PORT=3000, DEMO_ONCE=1 to exit after)'
	@echo 'make test            build everything and run all tests'
	@echo 'make check           all that CI checks: format, lints, tests, documentation, architecture'
	@echo 'make clean-postgres  delete the private databases of demo and test'

demo:
	@scripts/demo

test:
	@scripts/test

check:
	@scripts/check

clean-postgres:
	@scripts/postgres remove demo
	@scripts/postgres remove test
