"""Describe what is wrong with input that pydantic has checked."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def in_one_sentence(error: ValidationError) -> str:
    """Return what is wrong with which argument or entry, for the user."""
    return "; ".join(map(_complaint, error.errors())) + "."


def _complaint(details: ErrorDetails) -> str:
    name = ".".join(map(str, details["loc"]))
    match details["type"]:
        case "extra_forbidden":
            return f"{name} is not known here"
        case "missing":
            return f"{name} is missing"
        case "too_short":
            return f"{name} should have one entry at least"
        case "tuple_type" | "list_type":
            return f"{name} should be a list, in brackets"
        case "dict_type" | "model_type":
            return f"{name} should be a table"
    message = details["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"{name} {message}" if name else message
