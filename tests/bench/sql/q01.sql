WITH RECURSIVE inside(place) AS (
  SELECT {place} UNION SELECT s FROM within JOIN inside ON o = place
), aim AS (
  SELECT st, subject AS initiative, passage, source FROM fact WHERE predicate = {bso:targets} AND object = {group}
), others AS (
  SELECT DISTINCT subject AS initiative, source FROM fact WHERE predicate = {bso:targets} AND object <> {group}
), act AS (
  SELECT st, subject AS initiative, predicate, object, passage, source FROM fact
  WHERE predicate IN ({bso:offersHelp}, {bso:performsTask}, {bso:mediatesFor}, {bso:similarTo})
), doing AS (
  SELECT initiative, act.predicate AS does, act.object AS what, aim.st, act.st AS st2
  FROM aim JOIN act USING (initiative, source) LEFT JOIN others USING (initiative, source)
  WHERE act.passage = aim.passage OR others.initiative IS NULL
), found AS (
  SELECT * FROM doing
  UNION ALL SELECT initiative, NULL, NULL, st, NULL FROM aim WHERE initiative NOT IN (SELECT initiative FROM doing)
)
SELECT initiative, does, what, pay.object AS payer, found.st, st2, spot.st AS st3, pay.st AS st4
FROM found
JOIN fact spot ON spot.subject = initiative AND spot.predicate = {bso:offeredIn}
  AND spot.object IN (SELECT place FROM inside)
LEFT JOIN fact pay ON pay.subject = initiative AND pay.predicate = {bso:fundedBy}
