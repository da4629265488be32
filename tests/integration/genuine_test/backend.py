"""A backend that demands certificates of our CA, and mutual TLS with a key in a TPM."""

import os
import re
import socket

from .process import Daemon, Failed, attempt

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/tmp;
    proxy_temp_path {folder}/tmp;
    fastcgi_temp_path {folder}/tmp;
    uwsgi_temp_path {folder}/tmp;
    scgi_temp_path {folder}/tmp;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_protocols TLSv1.3;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {ca};
        ssl_verify_client on;
        location / {{
            default_type text/plain;
            return 200 "$ssl_protocol $ssl_client_s_dn\\n";
        }}
    }}
}}
"""

# tpm2-openssl: `default` before `tpm2`, and hashing and record ciphers stay with OpenSSL.
PROVIDERS = ["-provider", "default", "-provider", "tpm2",
             "-propquery", "?provider=tpm2,tpm2.digest!=yes,tpm2.cipher!=yes"]

REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Backend:
    """nginx: answers whoever shows a certificate of the CA with the subject that it saw."""

    def __init__(self, folder, ca_cert):
        self.folder = folder
        self.ca_cert = ca_cert
        folder.mkdir(parents=True)
        self.certificate, self.key = folder / "tls.pem", folder / "tls-key.pem"
        result = attempt(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-noenc", "-keyout", self.key, "-out", self.certificate, "-days", "30",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        if result.status != 0:
            raise Failed(str(result))
        self.start()

    def start(self):
        self.port = free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(
            folder=self.folder, port=self.port, certificate=self.certificate, key=self.key,
            ca=self.ca_cert))
        self.daemon = Daemon(self.folder, "nginx", "-p", self.folder, "-c", configuration,
                             "-e", self.folder / "error.log",
                             env={"PATH": os.environ["PATH"] + ":/usr/sbin"})
        self.daemon.wait_for(lambda: self.daemon.listens(self.port), "listening")

    def stop(self):
        self.daemon.stop()

    def hello(self, tpm, device_folder, handle):
        """Asks with the certificate in a device's folder and the key in its TPM; what came back."""
        certificate = ["-cert", device_folder / "certificate.pem"]
        chain = device_folder / "chain.pem"
        if chain.exists() and chain.stat().st_size > 0:
            certificate += ["-cert_chain", chain]
        return attempt(
            "openssl", "s_client", *PROVIDERS, "-connect", f"127.0.0.1:{self.port}",
            "-servername", "localhost", "-CAfile", self.certificate, "-verify_return_error",
            *certificate, "-key", f"handle:{handle}", "-quiet", "-ign_eof",
            stdin=REQUEST, env=tpm.env)

    def subject_seen(self, tpm, device_folder, handle):
        """The same; (TLS version, subject) as nginx saw them."""
        result = self.hello(tpm, device_folder, handle)
        answer = re.search(r"HTTP/1\.1 200 .*\n\n(\S+) (.+)\n", result.output, re.DOTALL)
        if not answer:
            raise Failed(f"nginx did not accept the device\n{result}")
        return answer[1], answer[2]
