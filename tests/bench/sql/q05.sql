SELECT passage, source, locator, text FROM words WHERE contains(folded, '{word}')
