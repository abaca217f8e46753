"""OAuth 2.1 for programs that people connect by the server's address alone (docs/oauth.md)."""
