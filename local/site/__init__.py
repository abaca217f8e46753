"""The documents as a site: mkdocs.yml says what is in it, `make docs` builds it."""
