"""Keeps news articles: post files, their history and a catalog. Knows nothing of crawling."""
