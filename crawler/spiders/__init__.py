"""Spiders: they choose requests, nothing else."""
