"""The settings: type, default, environment name `IDP_…` and the reason."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from idp.kernel.hosts import is_ip_address, is_loopback
from idp.settings.policy import PolicySettings
from idp.settings.proof import Attestation, ProofSettings
from idp.settings.reach import ReachSettings
from idp.settings.surroundings import SurroundingsSettings

# Durations that say “not at all” by being nothing.
_MAY_BE_ZERO = (
    "key_rotation",
    "refresh_leeway",
    "second_factor_grace",
    "trusted_device_lifetime",
)


class Settings(ProofSettings, PolicySettings, SurroundingsSettings, ReachSettings):
    """What an operator may choose. Durations are seconds in the environment."""

    model_config = SettingsConfigDict(
        env_prefix="IDP_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        # The text of an error must not show what was typed: a URL may hold a password.
        hide_input_in_errors=True,
    )

    issuer: str = Field(
        "http://localhost:8000",
        description="The issuer identifier: scheme, host and port, no path (OIDC Discovery §3).",
    )
    data_dir: Path = Field(
        Path("data"),
        description="Folder of the embedded database and of the generated master key.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="`postgresql://…` or `sqlite:///…`; unset: an SQLite file in the data folder.",
    )
    master_key: SecretStr | None = Field(
        None,
        description="Seals keys and authenticator secrets: 32 or more random bytes, base64url. "
        "Unset and embedded: made on first start, file mode 0600.",
    )
    name: str = Field(
        "", description="The organisation's name on the hosted pages; unset: the issuer's host."
    )
    brand_color: str = Field(
        "",
        pattern=r"^(#[0-9A-Fa-f]{6})?$",
        description="`#rrggbb` of buttons and links; corrected where its contrast is too low.",
    )
    logo_url: str = Field(
        "", description="Logo of the hosted pages, https or a path on this origin."
    )
    logo_dark_url: str = Field("", description="The same for dark pages.")
    support_url: str = Field("", description="Where “Trouble signing in?” leads to.")
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=8,
        description="How many proxies in front may name the client's address (X-Forwarded-For).",
    )
    session_idle: timedelta = Field(
        timedelta(hours=1),
        description="A session ends after this long unused (NIST SP 800-63B-4 §2.2.3: 1 h).",
    )
    session_absolute: timedelta = Field(
        timedelta(hours=12),
        description="A session ends after this long in any case (NIST SP 800-63B-4 §2.2.3: 24 h). "
        "The built-in policy halves it in a new browser and doubles it, to 24 h at most, in a "
        "trusted one that shows a passkey.",
    )
    reauthentication_age: timedelta = Field(
        timedelta(minutes=15),
        description="Sensitive acts on the account page ask again when the last proof is older.",
    )
    access_token_lifetime: timedelta = Field(
        timedelta(minutes=5), description="Lifetime of access tokens (RFC 9068)."
    )
    access_token_longest: timedelta = Field(
        timedelta(hours=1),
        description="No client's access tokens live longer than this, whatever it registered.",
    )
    refresh_idle: timedelta = Field(
        timedelta(days=30),
        description="Offline access ends after this long unused (RFC 9700 §4.14.2).",
    )
    refresh_absolute: timedelta = Field(
        timedelta(days=90), description="Offline access ends after this long in any case."
    )
    refresh_leeway: timedelta = Field(
        timedelta(seconds=10),
        description="A client without secret or key gets a lost answer again for this long.",
    )
    offline_survives_password_change: bool = Field(
        False,  # noqa: FBT003 - as pydantic declares a default
        description="Offline access stands when the user's password is another by now.",
    )
    history_kept_for: timedelta = Field(
        timedelta(days=30),
        description="How long sessions and grants that are over are kept, for people to look at.",
    )
    id_token_lifetime: timedelta = Field(
        timedelta(minutes=10), description="Lifetime of ID tokens (OIDC Core §2)."
    )
    code_lifetime: timedelta = Field(
        timedelta(seconds=60), description="Lifetime of authorization codes (RFC 6749 §4.1.2)."
    )
    authorization_lifetime: timedelta = Field(
        timedelta(hours=1), description="How long a person may take to sign in and consent."
    )
    dpop_nonces: bool = Field(
        default=False,
        description="DPoP proofs must carry a nonce of ours, so that none can be made ahead "
        "(RFC 9449 §8). Costs a client one more request, now and then.",
    )
    clients_cached_for: timedelta = Field(
        timedelta(seconds=2), description="How long a process may use its copy of a client."
    )
    keys_cached_for: timedelta = Field(
        timedelta(seconds=5), description="How long a process may use its copy of the keys."
    )
    jwks_max_age: timedelta = Field(
        timedelta(seconds=30), description="How long caches may keep the JWK Set (RFC 9111)."
    )
    key_rotation: timedelta = Field(
        timedelta(days=90),
        description="The worker replaces a key that has signed for this long; 0: it never does.",
    )
    password_hashes_at_once: int = Field(
        2, ge=1, le=64, description="Concurrent password hashes per process, so /token stays fast."
    )
    revocations_per_minute: int = Field(
        60,
        ge=1,
        le=10_000,
        description="How many revocations a client of operators may ask for in a minute.",
    )
    database_pool: int = Field(8, ge=1, le=200, description="Database connections per process.")
    log_format: str = Field(
        "text", pattern="^(text|json)$", description="Log lines as `text` or `json`."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _digits_are_seconds(cls, value: Any, info: ValidationInfo) -> Any:
        """Read `3600` as seconds; from text, pydantic itself reads ISO 8601 only (`PT1H`)."""
        wanted = cls.model_fields[info.field_name or ""].annotation
        if wanted is timedelta and isinstance(value, str) and value.strip().isdecimal():
            return int(value)
        return value

    @field_validator("issuer")
    @classmethod
    def _issuer_is_an_origin(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("an https URL is needed")
        try:
            port = parts.port
        except ValueError as error:
            raise ValueError("the port is not one") from error
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        if not re.fullmatch(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]", host):
            raise ValueError("lower case ASCII only, for it is compared as a string")
        if port == {"https": 443, "http": 80}[parts.scheme]:
            raise ValueError("leave the usual port out, as browsers do")
        if issuer != f"{parts.scheme}://{host}" + (f":{port}" if port is not None else ""):
            raise ValueError("scheme, host and port only, without a slash at the end")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("http is for loopback addresses only")
        return issuer

    @field_validator("logo_url", "logo_dark_url", "support_url")
    @classmethod
    def _link_is_safe(cls, link: str, info: ValidationInfo) -> str:
        ours = link.startswith("/") and not link.startswith(("//", "/\\"))
        mail = info.field_name == "support_url" and link.startswith("mailto:")
        if link and not (ours or mail or link.startswith("https://")):
            raise ValueError("an https URL, or a path on this origin")
        return link

    @model_validator(mode="after")
    def _durations_fit(self) -> Self:
        durations = {k: v for k, v in self if isinstance(v, timedelta)}
        for name, value in durations.items():
            if value < timedelta(0) or (not value and name not in _MAY_BE_ZERO):
                raise ValueError(f"IDP_{name.upper()} must be positive")
        if self.session_idle > self.session_absolute:
            raise ValueError("IDP_SESSION_IDLE is longer than IDP_SESSION_ABSOLUTE")
        if self.refresh_idle > self.refresh_absolute:
            raise ValueError("IDP_REFRESH_IDLE is longer than IDP_REFRESH_ABSOLUTE")
        if self.access_token_lifetime > self.access_token_longest:
            raise ValueError("IDP_ACCESS_TOKEN_LIFETIME is longer than IDP_ACCESS_TOKEN_LONGEST")
        if self.refresh_leeway > timedelta(minutes=1):
            raise ValueError("IDP_REFRESH_LEEWAY is at most 60: a thief has it, too")
        if timedelta(0) < self.key_rotation < timedelta(days=1):
            # Retired keys stay published for half a day and more: the JWK Set would grow and grow.
            raise ValueError("IDP_KEY_ROTATION is a day (86400) at least, or 0")
        if self.code_lifetime > timedelta(minutes=10):
            raise ValueError("IDP_CODE_LIFETIME is at most 600 (RFC 6749 §4.1.2)")
        return self

    @model_validator(mode="after")
    def _passkeys_fit(self) -> Self:
        host = str(urlsplit(self.issuer).hostname)
        if self.webauthn_rp_id and not f".{host}".endswith(f".{self.webauthn_rp_id}"):
            raise ValueError("IDP_WEBAUTHN_RP_ID is neither the issuer's host nor a parent of it")
        if (
            self.webauthn_attestation is not Attestation.NONE
            and not self.webauthn_attestation_roots
        ):
            raise ValueError("IDP_WEBAUTHN_ATTESTATION needs IDP_WEBAUTHN_ATTESTATION_ROOTS")
        if self.webauthn_aaguids and self.webauthn_attestation is not Attestation.REQUIRED:
            raise ValueError(
                "IDP_WEBAUTHN_AAGUIDS needs IDP_WEBAUTHN_ATTESTATION=required: "
                "without it an authenticator may claim to be any model"
            )
        return self

    @model_validator(mode="after")
    def _mail_fits(self) -> Self:
        if self.sends_mail and not self.mail_from:
            raise ValueError("IDP_SMTP_URL needs IDP_MAIL_FROM")
        needing = {
            "IDP_MAIL_CODES": self.mail_codes,
            "IDP_SELF_REGISTRATION": self.self_registration,
        }
        for name, wanted in needing.items():
            if wanted and not self.sends_mail:
                raise ValueError(f"{name} needs IDP_SMTP_URL")
        if self.text_codes and not self.text_gateway_url:
            raise ValueError("IDP_TEXT_CODES needs IDP_TEXT_GATEWAY_URL")
        return self

    @property
    def rp_id(self) -> str:
        """The WebAuthn relying party ID."""
        return self.webauthn_rp_id or str(urlsplit(self.issuer).hostname)

    @property
    def passkeys(self) -> bool:
        """Whether browsers do WebAuthn here: never for an IP address (WebAuthn §5.1.2)."""
        return not is_ip_address(self.rp_id)

    @property
    def display_name(self) -> str:
        """How the hosted pages and authenticator apps call this provider."""
        return self.name or str(urlsplit(self.issuer).hostname)

    @property
    def embedded(self) -> bool:
        """Whether the database is the SQLite file that comes with the process."""
        return self.database.startswith("sqlite")

    @property
    def database(self) -> str:
        """The database URL in SQLAlchemy's spelling (with the driver's name)."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir.resolve() / 'idp.sqlite3'}"
        url = self.database_url.get_secret_value()
        scheme, separator, rest = url.partition("://")
        if scheme in ("postgres", "postgresql"):
            return f"postgresql+psycopg{separator}{rest}"
        return url

    @property
    def plain_http(self) -> bool:
        """Whether the issuer is http on loopback: no TLS, hence no `Secure` cookies."""
        return self.issuer.startswith("http://")
