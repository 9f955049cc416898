"""From graph to page: each function returns one frozen object that a template receives; nothing here knows HTTP."""

from web.views.answers import AnswerPage, GalleryGroup, answer_page, gallery
from web.views.citation import (
    Citation,
    Edition,
    citation,
    cited_answer,
    cited_data,
    cited_thing,
)
from web.views.entity import SEGMENTS, EntityPage, entity_page
from web.views.frame import Site, site
from web.views.glossary import (
    Index,
    SchemePage,
    TermPage,
    concept_part,
    index_page,
    scheme_page,
    shapes_page,
    term_page,
)
from web.views.lists import ListPage, findings, list_page, lists_of, search
from web.views.lookup import Lookup, Name, page_of
from web.views.source import PassagePage, SourcePage, StatementPage, passage_page, source_page, statement_page
from web.views.stances import Matrix, MatrixPage, issue_matrix, matrix, matrix_page
from web.views.unknown import UnknownPage, unknown_page

__all__ = [
    "SEGMENTS",
    "AnswerPage",
    "Citation",
    "Edition",
    "EntityPage",
    "GalleryGroup",
    "Index",
    "ListPage",
    "Lookup",
    "Matrix",
    "MatrixPage",
    "Name",
    "PassagePage",
    "SchemePage",
    "Site",
    "SourcePage",
    "StatementPage",
    "TermPage",
    "UnknownPage",
    "answer_page",
    "citation",
    "cited_answer",
    "cited_data",
    "cited_thing",
    "concept_part",
    "entity_page",
    "findings",
    "gallery",
    "index_page",
    "issue_matrix",
    "list_page",
    "lists_of",
    "matrix",
    "matrix_page",
    "page_of",
    "passage_page",
    "scheme_page",
    "search",
    "shapes_page",
    "site",
    "source_page",
    "statement_page",
    "term_page",
    "unknown_page",
]
