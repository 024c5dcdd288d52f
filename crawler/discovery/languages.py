"""The language of a site, by its characters."""

import re
from collections.abc import Sequence

from crawler.declarations.answers import Answer, text_of
from crawler.declarations.paths import PathError

_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_LETTER = re.compile(r"[A-Za-z]")
_STATED = re.compile(r"<html\b[^>]*\blang\s*=\s*[\"']?([A-Za-z]{2,3})", re.IGNORECASE)
#: Letters of a word for each character of Chinese.
_LETTERS = 4


def lang_of(answers: Sequence[Answer]) -> str:
    """Return the language of most characters in some answers, such as ``zh`` or ``en``.

    Where they are Latin letters, it is the language that a page states, or else English.
    """
    texts = []
    for answer in answers:
        try:
            texts.append(text_of(answer))
        except PathError:
            continue
    shown = _TAGS.sub(" ", "\n".join(texts))
    counts = {
        "zh": len(_CHINESE.findall(shown)),
        "ja": 2 * len(_KANA.findall(shown)),
        "ko": len(_HANGUL.findall(shown)),
        "en": len(_LETTER.findall(shown)) // _LETTERS,
    }
    lang = max(counts, key=lambda name: counts[name])
    stated = next((match[1].lower() for text in texts if (match := _STATED.search(text))), None)
    return stated if lang == "en" and stated and stated not in counts else lang
