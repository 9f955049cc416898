WITH RECURSIVE kind(class) AS (SELECT {bso:Initiative} UNION SELECT s FROM subclass JOIN kind ON o = class),
thing AS (SELECT DISTINCT s FROM typed JOIN kind USING (class))
SELECT s AS thing, '"kind"' AS facet_n, class AS value FROM thing JOIN typed USING (s)
UNION
SELECT s, '"source"', source FROM thing JOIN link ON thing = s JOIN (SELECT s AS st, source FROM told) USING (st)
