-- From the lines of a snapshot to columns of numbers: each term once, numbered in the order in which SPARQL sorts it.
CREATE TEMP TABLE part AS
  SELECT DISTINCT regexp_extract(line, '^(<[^>]*>|_:[^ ]+) (<[^>]*>) (.*) <[^<>]*> \.$', ['s', 'p', 'o']) AS t
  FROM read_csv('{file}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false);
CREATE TABLE term AS
  SELECT row_number() OVER (ORDER BY text[1] = '"', rtrim(text, '>')) AS id, text
  FROM (SELECT t.s AS text FROM part UNION SELECT t.p FROM part UNION SELECT t.o FROM part);
CREATE TABLE triple AS
  SELECT s.id AS s, p.id AS p, o.id AS o
  FROM part JOIN term s ON s.text = t.s JOIN term p ON p.text = t.p JOIN term o ON o.text = t.o
  ORDER BY s, p, o;
CREATE TABLE backward AS SELECT o, p, s FROM triple ORDER BY o, p, s;
DROP TABLE part;
