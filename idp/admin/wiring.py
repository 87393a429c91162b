"""Every blueprint of the operators' room."""

from idp.admin import endpoint

BLUEPRINTS = (endpoint.bp,)
