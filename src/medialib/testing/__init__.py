"""Shipped for tests, imported by nothing else: conformance suites, stateful stand-ins and real servers."""
