WITH RECURSIVE served(place) AS (SELECT o FROM offered UNION SELECT o FROM within JOIN served ON s = place),
missing AS (
  SELECT s FROM typed WHERE class = {bso:TargetGroup} AND s NOT IN (SELECT o FROM targets)
  UNION ALL SELECT s FROM typed WHERE class = {bso:Place} AND s NOT IN (SELECT place FROM served)
)
SELECT missing.s AS subject, naming.source AS covered_by
FROM missing LEFT JOIN (SELECT object, source FROM fact SEMI JOIN whole USING (source)) naming ON object = missing.s
