"""Static files and the brand's stylesheet, kept by browsers for as long as their URL stands."""

import flask

from idp.web.brand import Brand
from idp.web.pages import STATIC

bp = flask.Blueprint("static_files", __name__)
YEAR = "public, max-age=31536000, immutable"


@bp.get("/static/<name>")
def static_file(name: str) -> flask.Response:
    """Return a file of ours."""
    response = flask.send_from_directory(STATIC, name)
    response.headers["Cache-Control"] = YEAR
    return response


@bp.get("/brand.css")
def brand_stylesheet() -> flask.Response:
    """Return the operator's colours."""
    brand: Brand = flask.current_app.extensions["idp_brand"]
    response = flask.Response(brand.stylesheet, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = YEAR
    return response
