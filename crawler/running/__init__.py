"""Run crawls from a command line: check the call, run one or several spiders, report."""
