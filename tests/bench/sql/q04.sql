WITH RECURSIVE inside(place) AS (SELECT {place} UNION SELECT s FROM within JOIN inside ON o = place)
SELECT subject AS initiative, object AS spot, st
FROM fact JOIN inside ON object = place WHERE predicate = {bso:offeredIn}
