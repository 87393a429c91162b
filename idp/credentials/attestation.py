"""Attestation: whether a maker whom the operator believes vouches for a passkey (WebAuthn §6.5).

py_webauthn verifies that a statement is signed; it brings roots of its own for some formats and
takes any signer for the others. Here only the operator's roots count.
"""

from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from webauthn.helpers import validate_certificate_chain
from webauthn.helpers.exceptions import InvalidCertificateChain
from webauthn.helpers.structs import AttestationFormat

from idp.credentials.answers import NewCredential
from idp.credentials.ceremonies import Unacceptable
from idp.kernel.errors import SetupFault
from idp.settings import Attestation, Settings

# id-fido-gen-ce-aaguid, an OCTET STRING inside the extension's own (WebAuthn §8.2.1).
_AAGUID_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
_OCTET_STRING_OF_16 = b"\x04\x10"


def is_trusted(settings: Settings, credential: NewCredential) -> bool:
    """Tell whether the maker is believed; nobody is where the operator does not ask for it.

    Raises:
        Unacceptable: `attestation` when a believed maker is required and there is none, or when
            the certificate is not one for this model; `aaguid` when the model may not be bound.
    """
    if settings.webauthn_attestation is Attestation.NONE:
        return False
    if credential.attestation.fmt == AttestationFormat.PACKED:
        _check_packed_certificate(credential)
    trusted = _chain_is_believed(settings, credential)
    if not trusted and settings.webauthn_attestation is Attestation.REQUIRED:
        raise Unacceptable("attestation")
    if settings.webauthn_aaguids and credential.aaguid not in settings.webauthn_aaguids:
        raise Unacceptable("aaguid")
    return trusted


def _chain_is_believed(settings: Settings, credential: NewCredential) -> bool:
    """Tell whether the signer's certificate leads to a root of the operator's.

    Self attestation has no certificate: whoever made the key speaks for it, so nobody does
    (WebAuthn §6.5.4).
    """
    chain = credential.attestation.att_stmt.x5c
    roots = roots_in(settings.webauthn_attestation_roots)
    # Without roots the library would pass every chain.
    if not chain or not roots:
        return False
    try:
        return validate_certificate_chain(x5c=chain, pem_root_certs_bytes=roots)
    except InvalidCertificateChain:
        return False


def _check_packed_certificate(credential: NewCredential) -> None:
    """Refuse a certificate that is no attestation certificate of this model (WebAuthn §8.2.1).

    Without this any certificate under a believed root could vouch for any model.
    """
    chain = credential.attestation.att_stmt.x5c
    if not chain:
        return
    try:
        certificate = x509.load_der_x509_certificate(chain[0])
        units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        extensions = certificate.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise Unacceptable("attestation") from error
    named = [each for each in extensions if each.oid == _AAGUID_EXTENSION]
    models = [each.value.public_bytes() for each in named]
    fits = (
        certificate.version is x509.Version.v3
        and [each.value for each in units] == ["Authenticator Attestation"]
        and not constraints.ca
        and not any(each.critical for each in named)
        and all(each == _OCTET_STRING_OF_16 + _aaguid(credential) for each in models)
    )
    if not fits:
        raise Unacceptable("attestation")


def _aaguid(credential: NewCredential) -> bytes:
    return bytes.fromhex(credential.aaguid.replace("-", ""))


@cache
def roots_in(bundle: Path | None) -> list[bytes]:
    """Return the makers' roots, read once in a process.

    Raises:
        SetupFault: the file cannot be read, or holds no certificate.
    """
    if bundle is None:
        return []
    try:
        certificates = x509.load_pem_x509_certificates(bundle.read_bytes())
    except (OSError, ValueError) as error:
        raise SetupFault(f"IDP_WEBAUTHN_ATTESTATION_ROOTS: {bundle}: {error}") from error
    return [each.public_bytes(Encoding.PEM) for each in certificates]
