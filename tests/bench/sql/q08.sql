SELECT DISTINCT passage, source, locator, text FROM passage ORDER BY source, passage, locator, text LIMIT 5000
