SELECT s, p, o FROM triple WHERE s = {initiative}
UNION SELECT s, p, o FROM backward WHERE o = {initiative}
UNION SELECT s, p, o FROM triple
WHERE s IN (SELECT s FROM backward JOIN typed USING (s) WHERE o = {initiative} AND class = {bso:Statement})
