"""Read the article of a page that no declaration describes."""

from crawler.extraction.page import ExtractedArticle, ExtractionError, extract
