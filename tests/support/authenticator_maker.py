"""A maker of authenticators, who vouches for their models (WebAuthn §8.2.1)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_SINCE, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
_AAGUID_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")


@dataclass
class Maker:
    """A maker of authenticators: a root certificate, and what it signs models with."""

    name: str = "Example Keys"
    organizational_unit: str = "Authenticator Attestation"
    leaf_is_ca: bool = False
    extension_aaguid: bytes | None = None  # another one than the authenticator's
    extension_critical: bool = False
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def root(self) -> x509.Certificate:
        builder = self._builder(self._subject("Root"), self.key.public_key(), ca=True)
        return builder.sign(self.key, SHA256())

    def write_roots(self, path: Path) -> Path:
        """Write the PEM bundle for `webauthn_attestation_roots`."""
        path.write_bytes(self.root.public_bytes(Encoding.PEM))
        return path

    def certificate(self, public_key: Any, aaguid: bytes) -> bytes:
        """Return a model's attestation certificate, DER (WebAuthn §8.2.1)."""
        subject = self._subject(self.organizational_unit)
        octets = b"\x04\x10" + (self.extension_aaguid or aaguid)
        extension = x509.UnrecognizedExtension(_AAGUID_EXTENSION, octets)
        builder = self._builder(subject, public_key, ca=self.leaf_is_ca)
        builder = builder.add_extension(extension, critical=self.extension_critical)
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)

    def _subject(self, unit: str) -> x509.Name:
        parts = {
            NameOID.COUNTRY_NAME: "DE",
            NameOID.ORGANIZATION_NAME: self.name,
            NameOID.ORGANIZATIONAL_UNIT_NAME: unit,
            NameOID.COMMON_NAME: f"{self.name} {unit}",
        }
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts.items()])

    def _builder(self, subject: x509.Name, public_key: Any, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject("Root"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_SINCE)
            .not_valid_after(_UNTIL)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
