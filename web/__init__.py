"""The web front end: SPARQL protocol, linked data, explorer and questions."""
