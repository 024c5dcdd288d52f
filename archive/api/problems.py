"""The errors of the API, as problem details (RFC 9457)."""

from pydantic import BaseModel, ValidationError

#: Media type of problem details.
PROBLEM_TYPE = "application/problem+json"


class WrongParameter(BaseModel):
    """A parameter that is wrong, and why."""

    name: str
    reason: str


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    parameters: list[WrongParameter] = []


def wrong_parameters(error: ValidationError) -> list[WrongParameter]:
    """Return the parameters that a model has refused, each with the reason."""
    return [
        WrongParameter(
            name=".".join(map(str, each["loc"])),
            reason=each["msg"].removeprefix("Value error, "),
        )
        for each in error.errors(include_input=False, include_url=False)
    ]
