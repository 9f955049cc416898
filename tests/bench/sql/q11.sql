WITH said AS (
  SELECT subject AS initiative, source, st
  FROM fact SEMI JOIN (SELECT s FROM typed WHERE class = {bso:Initiative}) t ON t.s = subject
), several AS (SELECT initiative FROM said GROUP BY initiative HAVING COUNT(DISTINCT source) > 1)
SELECT initiative, source, year, st FROM said SEMI JOIN several USING (initiative) LEFT JOIN dated USING (source)
