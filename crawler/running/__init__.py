"""Runs crawls from a command line: checks the call, runs one or several spiders, reports."""
