"""Load the project's spiders, and one for every declared source."""

import logging
from collections.abc import Mapping
from pathlib import Path

from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoader

from crawler.declarations import Declaration, InvalidDeclaration, load_each
from crawler.spiders.declared import spider_of

logger = logging.getLogger(__name__)


class DeclaredSpiderLoader(SpiderLoader):
    """Load the spiders of ``SPIDER_MODULES``, and those of the declarations.

    ``FINEWS_DECLARATIONS`` has the folders of declarations. A spider of the project's own comes
    before a declaration of the same name. A broken declaration excludes its own source only.
    """

    #: The names of the project's own spiders.
    own: frozenset[str]

    declarations: Mapping[str, Declaration]

    #: Why a source has no declaration, by the name of the source.
    broken: Mapping[str, InvalidDeclaration]

    def __init__(self, settings: BaseSettings) -> None:
        self._folders = [Path(folder) for folder in settings.getlist("FINEWS_DECLARATIONS")]
        super().__init__(settings)

    def _load_all_spiders(self) -> None:
        super()._load_all_spiders()
        self.own = frozenset(self._spiders)
        self.declarations, self.broken = load_each(self._folders)
        for name, declaration in self.declarations.items():
            self._spiders.setdefault(name, spider_of(declaration))
        for error in self.broken.values():
            logger.warning("%s This source is not crawled.", error)
