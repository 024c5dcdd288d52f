"""Requests each interface of a source once, and compares the answers with those expected."""
