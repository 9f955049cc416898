"""From graph to page: each function returns one frozen object that a template receives; nothing here knows HTTP."""

from web.views.answers import AnswerPage, GalleryGroup, answer_page, gallery
from web.views.entity import SEGMENTS, EntityPage, entity_page
from web.views.frame import Site, site
from web.views.lists import ConceptsPage, ListPage, concepts_page, findings, list_page, lists_of, search
from web.views.lookup import Lookup, Name, page_of
from web.views.source import PassagePage, SourcePage, StatementPage, passage_page, source_page, statement_page
from web.views.stances import Matrix, issue_matrix, matrix
from web.views.unknown import UnknownPage, unknown_page

__all__ = [
    "SEGMENTS",
    "AnswerPage",
    "ConceptsPage",
    "EntityPage",
    "GalleryGroup",
    "ListPage",
    "Lookup",
    "Matrix",
    "Name",
    "PassagePage",
    "Site",
    "SourcePage",
    "StatementPage",
    "UnknownPage",
    "answer_page",
    "concepts_page",
    "entity_page",
    "findings",
    "gallery",
    "issue_matrix",
    "list_page",
    "lists_of",
    "matrix",
    "page_of",
    "passage_page",
    "search",
    "site",
    "source_page",
    "statement_page",
    "unknown_page",
]
