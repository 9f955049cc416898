WITH mine AS (SELECT st, predicate, object FROM fact WHERE subject = {initiative}),
under AS (
  SELECT i.instrument, own.object AS owner, own.st AS st5, adm.object AS administrator, adm.st AS st6
  FROM (SELECT DISTINCT object AS instrument FROM fact WHERE predicate IN ({bso:fundedUnder}, {bso:awardedUnder})) i
  LEFT JOIN fact own ON own.subject = instrument AND own.predicate = {bso:paidBy}
  LEFT JOIN fact adm ON adm.subject = instrument AND adm.predicate = {bso:administeredBy}
), direct AS (
  SELECT pay.object AS payer, NULL AS amount, ins.object AS instrument, pay.st, ins.st AS st2, NULL AS st7, NULL AS st8,
    NULL AS st9
  FROM (SELECT 1) LEFT JOIN (SELECT * FROM mine WHERE predicate = {bso:fundedBy}) pay ON true
  LEFT JOIN (SELECT * FROM mine WHERE predicate = {bso:fundedUnder}) ins ON true
  WHERE pay.st IS NOT NULL OR ins.st IS NOT NULL
), awarded AS (
  SELECT giver.object AS payer,
    '"' || regexp_extract(figure.text, '"([^"]*)"', 1) || ' ' || COALESCE(regexp_extract(coin.text, '"([^"]*)"', 1), 'NOK')
      || '"' AS amount,
    ins.object AS instrument, giver.st, ins.st AS st2, fact.st AS st7, amount.st AS st8, currency.st AS st9
  FROM fact
  LEFT JOIN fact giver ON giver.subject = fact.subject AND giver.predicate = {bso:awardedBy}
  LEFT JOIN fact ins ON ins.subject = fact.subject AND ins.predicate = {bso:awardedUnder}
  LEFT JOIN fact amount ON amount.subject = fact.subject AND amount.predicate = {bso:amount}
  LEFT JOIN fact currency ON currency.subject = fact.subject AND currency.predicate = {bso:currency}
  LEFT JOIN term figure ON figure.id = amount.object LEFT JOIN term coin ON coin.id = currency.object
  WHERE fact.predicate = {bso:awardedTo} AND fact.object = {initiative}
), money AS (SELECT * FROM direct UNION ALL SELECT * FROM awarded)
SELECT payer, amount AS amount_n, money.instrument, owner, administrator, run.object AS organiser,
  {initiative} AS initiative, aim.object AS "group", money.st, st2, run.st AS st3, aim.st AS st4, st5, st6, st7, st8, st9
FROM money LEFT JOIN under ON under.instrument = money.instrument
LEFT JOIN (SELECT * FROM mine WHERE predicate = {bso:providedBy}) run ON true
LEFT JOIN (SELECT * FROM mine WHERE predicate = {bso:targets}) aim ON true
