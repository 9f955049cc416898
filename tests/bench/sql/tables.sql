-- One table a class of record, one a property that the questions follow; marks are numbers of terms.
CREATE TABLE typed AS SELECT s, o AS class FROM triple WHERE p = {rdf:type} ORDER BY class, s;
CREATE TABLE subclass AS SELECT s, o FROM triple WHERE p = {rdfs:subClassOf};
CREATE TABLE within AS SELECT s, o FROM triple WHERE p = {bso:within};
CREATE TABLE subgroup AS SELECT s, o FROM triple WHERE p = {bso:subgroupOf};
CREATE TABLE targets AS SELECT s, o FROM triple WHERE p = {bso:targets};
CREATE TABLE offered AS SELECT s, o FROM triple WHERE p = {bso:offeredIn};
CREATE TABLE funded AS SELECT s, o FROM triple WHERE p = {bso:fundedBy};
CREATE TABLE holder AS SELECT s AS st, o AS actor FROM triple WHERE p = {bso:holder};
CREATE TABLE told AS SELECT s, o AS source FROM triple WHERE p = {bso:source};
CREATE TABLE dated AS SELECT s AS source, o AS year FROM triple WHERE p = {bso:year};
CREATE TABLE whole AS SELECT s AS source FROM triple WHERE p = {bso:codedExtent} AND o = {code:complete};
CREATE TABLE link AS
  SELECT o AS thing, s AS st, p FROM triple
  WHERE p IN ({rdf:subject}, {rdf:object}, {bso:ofSubject}, {bso:ofObject}, {bso:about}, {bso:involves}, {bso:of},
    {bso:on}, {bso:reason}, {bso:mayLeadTo}, {bso:threatens})
  ORDER BY thing, st;
CREATE TABLE fact AS
  SELECT s AS st,
    any_value(o) FILTER (p = {rdf:subject}) AS subject, any_value(o) FILTER (p = {rdf:predicate}) AS predicate,
    any_value(o) FILTER (p = {rdf:object}) AS object, any_value(o) FILTER (p = {bso:passage}) AS passage,
    any_value(o) FILTER (p = {bso:source}) AS source
  FROM triple WHERE s IN (SELECT s FROM typed WHERE class = {bso:Fact}) GROUP BY s
  ORDER BY predicate, object, subject;
CREATE TABLE stance AS
  SELECT s AS st, any_value(o) FILTER (p = {bso:about}) AS about, any_value(o) FILTER (p = {bso:polarity}) AS polarity,
    any_value(o) FILTER (p = {bso:source}) AS source
  FROM triple WHERE s IN (SELECT s FROM typed WHERE class = {bso:Stance}) GROUP BY s
  ORDER BY about, polarity;
CREATE TABLE passage AS
  SELECT s AS passage, any_value(o) FILTER (p = {bso:source}) AS source,
    any_value(o) FILTER (p = {bso:locator}) AS locator, any_value(o) FILTER (p = {bso:text}) AS text
  FROM triple WHERE s IN (SELECT s FROM typed WHERE class = {bso:Passage}) GROUP BY s
  ORDER BY source, passage;
CREATE TABLE words AS SELECT passage, source, locator, passage.text, lower(term.text) AS folded
  FROM passage JOIN term ON term.id = passage.text ORDER BY source, passage;
