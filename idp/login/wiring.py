"""Every blueprint of the sign-in, in reading order."""

from idp.login.enrol_pages import bp as enrol_bp
from idp.login.factor_pages import bp as factor_bp
from idp.login.pages import bp as login_bp
from idp.login.room_pages import bp as room_bp
from idp.login.step_up import bp as step_up_bp

BLUEPRINTS = (login_bp, factor_bp, step_up_bp, enrol_bp, room_bp)
