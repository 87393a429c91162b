"""The settings of who has to prove what, and of what is said to people by mail and text."""

import re
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

from idp.settings import channels


class SecondFactor(StrEnum):
    """What the sign-in says about a second factor to someone who has none."""

    OFF = "off"
    ENCOURAGED = "encouraged"
    REQUIRED = "required"
    PHISHING_RESISTANT = "phishing-resistant"


_STRICTNESS = list(SecondFactor)


class Attestation(StrEnum):
    """Whether a passkey's maker is asked to vouch for it (WebAuthn §6.5)."""

    NONE = "none"
    PREFERRED = "preferred"
    REQUIRED = "required"


class ProofSettings(BaseSettings):
    """What an operator may choose about proofs."""

    second_factor: SecondFactor = Field(
        SecondFactor.ENCOURAGED,
        description="`off`, `encouraged`, `required` or `phishing-resistant`: what signing in "
        "takes beside a password. A passkey is two factors in one.",
    )
    second_factor_groups: Annotated[dict[str, SecondFactor], NoDecode] = Field(
        {},
        description="The same for groups of users, the strictest counts: "
        "`admins=phishing-resistant,staff=required`.",
    )
    second_factor_grace: timedelta = Field(
        timedelta(0),
        description="How long a user may put off a required factor after first being asked for it.",
    )
    breached_passwords: Path | None = Field(
        None,
        description="Passwords nobody may choose: a sorted file of `HASH:count` lines (SHA-1), "
        "or a folder of such ranges, as public lists of breached passwords come.",
    )
    trusted_device_lifetime: timedelta = Field(
        timedelta(days=30),
        description="“Don't ask for a second step here” lasts this long; 0: it is not offered.",
    )
    mail_codes: bool = Field(
        False,  # noqa: FBT003 - a default
        description="Codes by mail as a second step for those who have nothing better. Restricted: "
        "it does not raise `acr` (NIST SP 800-63B-4 §3.1.3.1).",
    )
    text_codes: bool = Field(
        False,  # noqa: FBT003 - a default
        description="Codes by text message as a second step for those who have nothing better. "
        "Restricted (NIST SP 800-63B-4 §3.1.3.3).",
    )
    webauthn_rp_id: str = Field(
        "",
        description="The relying party ID of passkeys: the issuer's host or a parent domain of it "
        "(WebAuthn §5.1.2). Changing it makes all passkeys useless. Unset: the issuer's host.",
    )
    webauthn_attestation: Attestation = Field(
        Attestation.NONE,
        description="`none`, `preferred` or `required`: whether a passkey's maker must vouch for "
        "it. What is vouched for and cannot be copied reaches `phrh`.",
    )
    webauthn_attestation_roots: Path | None = Field(
        None, description="PEM file of the makers' root certificates that are believed."
    )
    webauthn_aaguids: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Models that may be registered, by AAGUID, comma-separated; unset: every one.",
    )
    self_registration: bool = Field(
        False,  # noqa: FBT003 - a default
        description="Anyone with a mail address may open an account. Needs mail.",
    )
    account_deletion: bool = Field(
        True,  # noqa: FBT003 - a default
        description="People may delete their own account on their account page.",
    )
    invitation_lifetime: timedelta = Field(
        timedelta(days=3), description="How long a link to set up an account is good for."
    )
    recovery_lifetime: timedelta = Field(
        timedelta(minutes=20), description="How long a link to choose a new password is good for."
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="`smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`: sends mail. "
        "Unset: no mail is sent, and what needs it is not offered.",
    )
    mail_from: str = Field("", description="The sender of our mail, `name@host` or `Name <…>`.")
    text_gateway_url: str = Field(
        "", description="Where text messages are posted to, as JSON (docs/delivery.md)."
    )
    text_gateway_token: SecretStr | None = Field(
        None, description="The bearer token for the text gateway."
    )

    @field_validator("second_factor_groups", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        """Read `name=value,name=value`."""
        if not isinstance(value, str):
            return value
        pairs = [each.partition("=") for each in value.split(",") if each.strip()]
        if any(not separator or not name.strip() for name, separator, _ in pairs):
            raise ValueError("group=value, comma-separated")
        return {name.strip(): wanted.strip() for name, _, wanted in pairs}

    @field_validator("webauthn_aaguids", mode="before")
    @classmethod
    def _aaguids(cls, value: Any) -> Any:
        """Read a comma-separated list of UUIDs."""
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(str(UUID(part.strip())) for part in parts if part.strip())

    @field_validator("smtp_url")
    @classmethod
    def _relay_is_one(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            channels.relay(url.get_secret_value())
        return url

    @field_validator("mail_from")
    @classmethod
    def _sender_is_one(cls, sender: str) -> str:
        if sender:
            channels.sender(sender)
        return sender

    @field_validator("text_gateway_url")
    @classmethod
    def _gateway_is_one(cls, url: str) -> str:
        if url:
            channels.check_gateway(url)
        return url

    @field_validator("text_gateway_token")
    @classmethod
    def _token_fits_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not re.fullmatch(r"[!-~]+", token.get_secret_value()):
            raise ValueError("visible ASCII characters only")
        return token

    def second_factor_for(self, groups: Iterable[str]) -> SecondFactor:
        """Return what a user of these groups needs: the strictest that applies."""
        wanted = [self.second_factor_groups[g] for g in groups if g in self.second_factor_groups]
        return max([self.second_factor, *wanted], key=_STRICTNESS.index)

    @property
    def sends_mail(self) -> bool:
        """Whether mail can be sent."""
        return self.smtp_url is not None
