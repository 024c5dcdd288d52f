"""The command ``finews give-up``."""

from contextlib import closing
from pathlib import Path

import click

from archive.archive import Archive
from archive.article_id import ArticleId
from archive.commands.arguments import archive as _archive
from archive.errors import FinewsError, InvalidArticleId
from archive.translation import gettext as _


class NotFailed(FinewsError):
    """The article to give up is none that crawls have failed to archive."""


def _info_code(context: click.Context, parameter: click.Parameter, value: str) -> ArticleId:
    try:
        return ArticleId.named_by(value)
    except InvalidArticleId as error:
        raise click.BadParameter(f"{error}.") from error


@click.command("give-up")
@click.argument("info_code", metavar="CODE", callback=_info_code)
@_archive
def give_up(info_code: ArticleId, archive: Path) -> None:
    """Stop trying to archive the article CODE.

    Crawls have failed to archive it; `finews stats` lists such articles.
    """
    with closing(Archive(archive)) as opened:
        if not opened.crawl_state.give_up(info_code):
            raise NotFailed(
                f"{info_code} has not failed; `finews stats` lists the articles that have."
            )
    click.echo(
        _(
            "%(code)s is given up: crawls no longer request it, unless `share` names it.",
            code=info_code,
        )
    )
