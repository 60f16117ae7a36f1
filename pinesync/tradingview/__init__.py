"""The service over HTTP: `session` sends, `credentials` keeps the cookie, `client` is typed."""
