"""Sessions of people in a browser: sign in, who am I, sign out (docs/console.md, "Sign-in")."""
