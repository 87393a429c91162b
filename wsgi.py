"""The WSGI entry for servers that want a module: `granian --interface wsgi wsgi:app`."""

from idp.app import create_app

app = create_app()
