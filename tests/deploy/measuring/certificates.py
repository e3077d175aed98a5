"""A certificate for loopback and an authority that the functions trust beside all that a machine trusts."""

import subprocess
from pathlib import Path

ROOTS = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]


class Certificates:
    """Made by openssl, in a folder of their own."""

    def __init__(self, folder):
        folder.mkdir()
        self.key, self.leaf, self.roots = folder / "leaf.key", folder / "leaf.crt", folder / "roots.crt"
        request, names = folder / "leaf.csr", folder / "names"
        names.write_text("subjectAltName=IP:127.0.0.1\n")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        authority, secret = folder / "authority.crt", folder / "authority.key"
        openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=authority", "-keyout", secret, "-out", authority)
        openssl("req", *curve, "-subj", "/CN=127.0.0.1", "-keyout", self.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", secret, "-CAcreateserial", "-days", "2",
                "-extfile", names, "-out", self.leaf)
        # As many authorities as on Lambda: reading them is a part of the first connection.
        others = next((Path(file).read_text() for file in ROOTS if Path(file).is_file()), "")
        self.roots.write_text(authority.read_text() + others)
        self.count = self.roots.read_text().count("BEGIN CERTIFICATE")


def openssl(*arguments):
    """Runs openssl; what it says is of no interest unless it fails."""
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
