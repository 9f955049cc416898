WITH under AS (SELECT subject AS initiative, object AS instrument, st FROM fact WHERE predicate = {bso:fundedUnder}),
paid AS (
  SELECT subject AS initiative, object AS payer, instrument, fact.st, under.st AS st2
  FROM fact LEFT JOIN under ON under.initiative = subject WHERE predicate = {bso:fundedBy}
  UNION ALL
  SELECT initiative, NULL, instrument, NULL, st FROM under WHERE initiative NOT IN (SELECT s FROM funded)
)
SELECT initiative, payer, instrument, run.object AS organiser, paid.st, st2, run.st AS st3
FROM paid SEMI JOIN (SELECT s FROM typed WHERE class = {bso:Initiative}) t ON t.s = initiative
LEFT JOIN fact run ON run.subject = initiative AND run.predicate = {bso:providedBy}
