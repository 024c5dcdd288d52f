"""Issue certificates for the made-up site's hosts, from a temporary authority."""

import ssl
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_DAY = timedelta(days=1)
_ANOTHER_HOST = "another-host.example"


class Flaw(Enum):
    """A defect of a host's certificate."""

    EXPIRED = "expired"
    WRONG_HOST = "wrong-host"


class Authority:
    """A certificate authority for one day, trusted only by clients that are configured to.

    Clients trust it by the file of its certificate, which exists until `close`; OpenSSL reads the
    path of the file from ``SSL_CERT_FILE``. The authority's own key is never written to disk.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._hosts_key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("finews demo")
        self._contexts: dict[tuple[str, Flaw | None], ssl.SSLContext] = {}
        self._file = NamedTemporaryFile(prefix="finews-demo-", suffix=".pem")  # noqa: SIM115
        self._file.write(self._own_certificate().public_bytes(Encoding.PEM))
        self._file.flush()

    def close(self) -> None:
        """Delete the file of the certificate."""
        self._file.close()

    @property
    def certificate(self) -> Path:
        """The path of the authority's certificate, as PEM."""
        return Path(self._file.name)

    def context(self, host: str, flaw: Flaw | None = None) -> ssl.SSLContext:
        """Return the TLS context of a server for `host`.

        :param flaw: defect of its certificate; None for a correct one.
        """
        if (host, flaw) not in self._contexts:
            self._contexts[host, flaw] = self._create_context(self.chain(host, flaw))
        return self._contexts[host, flaw]

    def chain(self, host: str, flaw: Flaw | None = None) -> bytes:
        """Return a certificate of a host and its key, as PEM.

        :param flaw: defect of the certificate; None for a correct one.
        """
        certificate = self._host_certificate(host, flaw).public_bytes(Encoding.PEM)
        key = self._hosts_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate + key

    def _create_context(self, chain: bytes) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with NamedTemporaryFile(prefix="finews-demo-", suffix=".pem") as file:  # ssl reads files
            file.write(chain)
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _own_certificate(self) -> x509.Certificate:
        key = self._key.public_key()
        signs = x509.KeyUsage(
            key_cert_sign=True,
            crl_sign=False,
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            self._certificate(self._name, key, datetime.now(UTC))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(signs, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )
        return certificate.sign(self._key, hashes.SHA256())

    def _host_certificate(self, host: str, flaw: Flaw | None) -> x509.Certificate:
        name = _ANOTHER_HOST if flaw is Flaw.WRONG_HOST else host
        issued = datetime.now(UTC) - (2 * _DAY if flaw is Flaw.EXPIRED else timedelta())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            self._certificate(_named(name), self._hosts_key.public_key(), issued)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(issuer, critical=False)
        )
        return certificate.sign(self._key, hashes.SHA256())

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, issued: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(issued - timedelta(minutes=1))
            .not_valid_after(issued + _DAY)
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
