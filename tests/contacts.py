"""How the people whom tests invent are reached. It stands here alone, so that who looks for leaks knows it all."""

from typing import NamedTuple


class Contact(NamedTuple):
    """A person as the office writes them down."""

    name: str
    phone: str
    mail: str


LI = Contact("李秀英", "13800138000", "li@example.com")
WANG = Contact("王春花", "13900139000", "wang@example.org")
SAID, CALLED_FROM = "13812345678", "13987654321"
"""The number that people write into their words, and the one that a hotline is called from."""
CARD = "33050119900101123X"
CONTACTS = (LI, WANG)
