"""Load the project's spiders, and one for every declared source."""

from pathlib import Path

from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoader

from crawler.declarations import load_all
from crawler.spiders.declared import spider_of


class DeclaredSpiderLoader(SpiderLoader):
    """Load the spiders of ``SPIDER_MODULES``, and those of the declarations.

    ``FINEWS_DECLARATIONS`` has the folders of declarations. A spider of the project's own comes
    before a declaration of the same name.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._folders = [Path(folder) for folder in settings.getlist("FINEWS_DECLARATIONS")]
        super().__init__(settings)

    def _load_all_spiders(self) -> None:
        super()._load_all_spiders()
        for name, declaration in load_all(self._folders).items():
            self._spiders.setdefault(name, spider_of(declaration))
