"""Queries in, answers out: one small interface over a pool of killable workers, or over a remote service.

This package is the only door to pyoxigraph. Nothing can stop a query inside the process that runs
it, so every query runs in a worker process that is killed when its time or memory is used up.
"""

from kg.engine.answer import Cell, Engine, Kind, Purpose, Result, media_type_of, media_types
from kg.engine.deduction import Deduction, deduce
from kg.engine.guard import Token, is_repeatable, kind_of, tokens
from kg.engine.looking import CHANGED, Lookup
from kg.engine.pool import Limits, PoolEngine, open_engine, open_files
from kg.engine.remote import RemoteEngine
from kg.engine.transcription import transcribe

__all__ = [
    "CHANGED",
    "Cell",
    "Deduction",
    "Engine",
    "Kind",
    "Limits",
    "Lookup",
    "PoolEngine",
    "Purpose",
    "RemoteEngine",
    "Result",
    "Token",
    "deduce",
    "is_repeatable",
    "kind_of",
    "media_type_of",
    "media_types",
    "open_engine",
    "open_files",
    "tokens",
    "transcribe",
]
