"""Sentences become questions of the catalogue, by words and rules alone: no model, nothing learned."""

from kg.understanding.asking import Reply, Suggestion, ask, suggest
from kg.understanding.lexicon import Lexicon
from kg.understanding.listing import Found, Register
from kg.understanding.matching import Heard, Reading, Understanding, understand

__all__ = [
    "Found",
    "Heard",
    "Lexicon",
    "Reading",
    "Register",
    "Reply",
    "Suggestion",
    "Understanding",
    "ask",
    "suggest",
    "understand",
]
