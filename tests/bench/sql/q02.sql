WITH RECURSIVE up(actor, above) AS (
  SELECT DISTINCT actor, actor FROM holder
  UNION SELECT up.actor, subgroup.o FROM up JOIN subgroup ON subgroup.s = above
), heard AS (
  SELECT stance.st, polarity, above AS holder_type, source
  FROM stance JOIN holder USING (st) JOIN up USING (actor)
  WHERE about = {issue} AND above NOT IN (SELECT s FROM subgroup)
), counted AS (
  SELECT holder_type, polarity,
    COUNT(DISTINCT source) FILTER (source IN (SELECT s FROM typed WHERE class = {bso:Interview})) AS interviews,
    COUNT(DISTINCT source) FILTER (source IN (SELECT s FROM typed WHERE class = {bso:Document})) AS documents
  FROM heard GROUP BY ALL
)
SELECT holder_type, polarity, interviews AS interviews_n, documents AS documents_n, st
FROM counted JOIN heard USING (holder_type, polarity) WHERE interviews >= 3
