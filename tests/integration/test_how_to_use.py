"""how-to-use.txt: its lines do what they say, as they are printed."""

import os
import re
import shutil
import subprocess
import unittest

from genuine_test import tap
from genuine_test.backend import Backend, free_port
from genuine_test.device import Device
from genuine_test.one_vendor import OneVendor
from genuine_test.process import Daemon, attempt, environment, run
from genuine_test.tpm import Tpm

REQUEST = "printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 1"
NGINX = """\
{main}
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
{server}
}}
"""


class ResourceManager:
    """tpm2-abrmd between a TPM and its users, on a bus of its own."""

    def __init__(self, folder, tpm):
        folder.mkdir()
        bus = f"unix:path={folder}/bus"
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": bus}
        self.bus = Daemon(folder, "dbus-daemon", "--session", "--nofork", f"--address={bus}")
        self.bus.wait_for((folder / "bus").exists, "a bus")
        self.daemon = Daemon(folder, "tpm2-abrmd", "--allow-root", f"--tcti={tpm.tcti}", env=self.env)
        self.daemon.wait_for(self.answers, "an answer")

    def answers(self):
        return attempt("tpm2_getcap", "handles-transient",
                       env={**self.env, "TPM2TOOLS_TCTI": "tabrmd:"}).status == 0

    def stop(self):
        self.daemon.stop()
        self.bus.stop()


class HowToUse(OneVendor):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.backend = cls.on_stage(Backend(cls.folder / "backend", cls.ca.certificate))
        cls.devices = [cls.device("SN-P256", "p256"), cls.device("SN-RSA", "rsa2048")]

    @classmethod
    def device(cls, serial, key):
        tpm = cls.on_stage(Tpm(cls.folder / f"tpm-{serial}", cls.vendor))
        cls.ca.lists_both(serial, tpm)
        device = Device(cls.folder / serial, tpm, serial)
        result = device.provision(cls.ca, "--key", key)
        assert result.status == 0, result
        return device

    def lines(self, device, first, last):
        """The text's lines from the one that begins with first to before the next one with last."""
        text = (device.folder / "how-to-use.txt").read_text()
        found = re.search(rf"(?ms)^({re.escape(first)}.*?)^{re.escape(last)}", text)
        self.assertIsNotNone(found, f"{first!r} and then {last!r} in:\n{text}")
        found = found[1].replace("HOST:PORT", f"localhost:{self.backend.port}")
        return found.replace("HOST", "localhost")

    def shell(self, script, **how):
        return attempt("bash", "-c", f"cd {self.folder} && {{ {script}\n}}", **how)

    def test_openssl(self):
        """openssl s_client: mutual TLS, with the key in a TPM of three slots"""
        for device in self.devices:
            lines = self.lines(device, "export TPM2OPENSSL_TCTI", "SERVER.pem is")
            export, client = lines.split("\n", 1)
            client = client.strip().replace("SERVER.pem", str(self.backend.certificate))
            result = self.shell(f"{export}; {{ {REQUEST}; }} | {client}")
            self.assertIn(f"serialNumber={device.serial}", result.output, result)
            self.assertEqual(device.tpm.leftovers(), {})

    def test_openssl_knows_the_server(self):
        """that line believes in the certificate that it names and in no other"""
        device = self.devices[0]
        lines = self.lines(device, "export TPM2OPENSSL_TCTI", "SERVER.pem is")
        export, client = lines.split("\n", 1)
        client = client.strip().replace("SERVER.pem", str(self.ca.tls_certificate))
        result = self.shell(f"{export}; {{ {REQUEST}; }} | {client}")
        self.assertNotEqual(result.status, 0, result)
        self.assertNotIn("serialNumber=", result.output)

    def test_sign(self):
        """openssl dgst: a signature by the TPM that verifies"""
        (self.folder / "FILE").write_text("what is signed")
        for device in self.devices:
            result = self.shell(self.lines(device, "export TPM2OPENSSL_TCTI='swtpm:host=127.0.0.1,"
                                           f"port={device.tpm.port}'\nopenssl dgst", "On the server"))
            self.assertIn("Verified OK", result.output, result)

    def test_key_pem(self):
        """key.pem, read with openssl.cnf, is the certificate's key"""
        for device in self.devices:
            found = run("openssl", "pkey", "-in", device.folder / "key.pem", "-pubout", env={
                **device.tpm.env, "OPENSSL_CONF": device.folder / "openssl.cnf"})
            self.assertEqual(found, run("openssl", "x509", "-in", device.certificate, "-noout",
                                        "-pubkey"))
            self.assertEqual((device.folder / "key.pem").stat().st_mode & 0o077, 0)
            self.assertEqual(device.tpm.leftovers(), {})

    def test_server(self):
        """the server's nginx takes its lines"""
        at = self.folder / "server"
        at.mkdir()
        server = self.lines(self.devices[0], "server {\n    listen 443", "Before it runs out")
        for name, path in (("server.pem", self.backend.certificate), ("server.key", self.backend.key),
                           ("ca.pem", self.devices[0].folder / "ca.pem")):
            server = server.replace(f"/etc/nginx/{name}", str(path))
        (at / "nginx.conf").write_text(NGINX.format(main="", folder=at, server=server))
        result = attempt("nginx", "-t", "-p", at, "-c", at / "nginx.conf", "-e", at / "error.log",
                         env={"PATH": os.environ["PATH"] + ":/usr/sbin"})
        self.assertEqual(result.status, 0, result)

    @unittest.skipUnless(shutil.which("tpm2-abrmd"), "needs tpm2-abrmd and libtss2-tcti-tabrmd0")
    def test_resource_manager(self):
        """curl and nginx: mutual TLS with key.pem, behind the resource manager that the text names"""
        for device in self.devices:
            manager = ResourceManager(self.folder / f"manager-{device.serial}", device.tpm)
            self.addCleanup(manager.stop)
            curl = self.lines(device, "OPENSSL_CONF=", "An nginx").strip()
            result = self.shell(f"{curl} --silent --show-error --cacert {self.backend.certificate}",
                                env=manager.env)
            self.assertIn(f"serialNumber={device.serial}", result.output, result)
            self.check_nginx(device, manager)

    def check_nginx(self, device, manager):
        at = self.folder / f"nginx-{device.serial}"
        at.mkdir()
        port = free_port()
        unit = self.lines(device, "Environment=OPENSSL_CONF", "In /etc/nginx/nginx.conf")
        env = dict(line.removeprefix("Environment=").split("=", 1) for line in unit.split("\n") if line)
        server = self.lines(device, "server {\n    listen 127.0.0.1", "Sign a file")
        server = server.replace("8080", str(port)).replace(
            "/etc/ssl/certs/ca-certificates.crt", str(self.backend.certificate))
        main = self.lines(device, "worker_processes", "In /etc/nginx/conf.d")
        (at / "nginx.conf").write_text(NGINX.format(main="daemon off;\n" + main, folder=at,
                                                    server=server))
        nginx = Daemon(at, "nginx", "-p", at, "-c", at / "nginx.conf", "-e", at / "error.log",
                       env={**manager.env, **env, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        self.addCleanup(nginx.stop)
        client = ["curl", "--silent", "--show-error", "--noproxy", "*", f"http://127.0.0.1:{port}/"]
        nginx.wait_for(lambda: attempt(*client).status == 0, "listening")
        clients = [subprocess.Popen(client, stdout=subprocess.PIPE, env=environment({}), text=True)
                   for _ in range(8)]
        for one in clients:
            self.assertIn(f"serialNumber={device.serial}", one.communicate()[0])


if __name__ == "__main__":
    tap.main()
