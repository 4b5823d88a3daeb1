"""A certificate authority of our own, made at first start: msal takes https authorities only, and Outlook https pages only."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_YEARS_10 = timedelta(days=3650)
_SERVER_DAYS = timedelta(days=397)  # browsers refuse longer ones
_RENEW_BEFORE = timedelta(days=30)


def authority_file(folder: Path) -> Path:
    """The authority's certificate: what clients are told to trust."""
    return folder / "ca.pem"


def server_files(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) for localhost, 127.0.0.1 and ::1; made when missing or about to end, together with the authority."""
    certificate_file, key_file, authority_key = folder / "server.pem", folder / "server-key.pem", folder / "ca-key.pem"
    if not (authority_file(folder).exists() and authority_key.exists()):
        _make_authority(folder, authority_key)
    elif certificate_file.exists() and key_file.exists() and _lasts(certificate_file):
        return certificate_file, key_file
    issuer = x509.load_pem_x509_certificate(authority_file(folder).read_bytes())
    issuer_key = serialization.load_pem_private_key(authority_key.read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)  # noqa: S101  we wrote it
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1"))]
    certificate = (
        _begin("localhost", key.public_key(), _SERVER_DAYS)
        .issuer_name(issuer.subject)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    _write_secret(key_file, key)
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate_file, key_file


def app_certificate(folder: Path) -> Path:
    """Key and certificate in one file: the other way in which Room Booker may prove itself to Entra. Made when missing."""
    file = folder / "app.pem"
    if not file.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        begun = _begin("Room Booker sandbox app", key.public_key(), _YEARS_10)
        certificate = begun.issuer_name(_name("Room Booker sandbox app")).sign(key, hashes.SHA256())
        _write_secret(file, key, certificate.public_bytes(serialization.Encoding.PEM))
    return file


def _make_authority(folder: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _begin("Room Booker sandbox CA", key.public_key(), _YEARS_10)
        .issuer_name(_name("Room Booker sandbox CA"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
                data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    _write_secret(key_file, key)
    authority_file(folder).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _begin(name: str, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, life: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + life)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _lasts(certificate_file: Path) -> bool:
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    return certificate.not_valid_after_utc > datetime.now(UTC) + _RENEW_BEFORE


def _write_secret(file: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, also: bytes = b"") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + also)
