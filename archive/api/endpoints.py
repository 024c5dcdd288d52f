"""The table of the API's endpoints, from which routes, OpenAPI and documentation are generated."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, get_type_hints

from archive.api.articles import article, versions
from archive.api.changes import changes
from archive.api.models import AnswerPart, Parameters
from archive.api.opened import OpenedArchive
from archive.api.quotes import quotes
from archive.api.searching import day, media, search
from archive.api.securities import securities, security
from archive.api.sources import sources

Function = Callable[[OpenedArchive, Any], AnswerPart]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the API, and the function that answers it.

    :param path: below ``/api/v1``; a name in braces is a field of the parameters.
    """

    path: str
    function: Function

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.function.__name__

    @property
    def summary(self) -> str:
        """What the endpoint does, in one sentence."""
        return cleandoc(self.function.__doc__ or "").partition("\n")[0]

    @property
    def parameters(self) -> type[Parameters]:
        """The model of the parameters."""
        parameters: type[Parameters] = get_type_hints(self.function)["parameters"]
        return parameters

    @property
    def answer(self) -> type[AnswerPart]:
        """The model of the answer."""
        answer: type[AnswerPart] = get_type_hints(self.function)["return"]
        return answer


ENDPOINTS = (
    Endpoint("/search", search),
    Endpoint("/articles/{id}", article),
    Endpoint("/articles/{id}/versions", versions),
    Endpoint("/changes", changes),
    Endpoint("/securities", securities),
    Endpoint("/securities/{code}", security),
    Endpoint("/media", media),
    Endpoint("/days/{day}", day),
    Endpoint("/sources", sources),
    Endpoint("/quotes", quotes),
)
