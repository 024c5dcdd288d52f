"""Middlewares between the engine and the spiders."""
