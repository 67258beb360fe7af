"""The check of a unified social credit code: arithmetic only."""

_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_CODE_RULE = (
    "a unified social credit code has 18 characters, digits and capitals without I O S V Z, "
    "and the last one checks the rest (GB 32100-2015)"
)


def is_credit_code(code: str) -> bool:
    """Whether the 18th character fits the other 17 by the rule of GB 32100-2015 (weights 3^i modulo 31)."""
    if len(code) != 18 or any(char not in _CHARACTERS for char in code):
        return False
    return complete(code[:17]) == code


def complete(code: str) -> str:
    """17 characters of a code with the 18th that checks them."""
    total = sum(_CHARACTERS.index(char) * pow(3, place, 31) for place, char in enumerate(code))
    return code + _CHARACTERS[-total % 31]
