"""TLS, UNIX sockets, metrics, and the end of a process."""

from __future__ import annotations

import datetime
import os
import ssl
import tempfile
import time
import unittest
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from homeserver.http import tls
from homeserver.http.metrics import HttpMetrics, OperationEndpoints, new_registry
from homeserver.http.tls import CertificateFiles
from tests.http.live_site import LiveSite, RawClient, request_bytes, wait_until
from tests.http.sample_endpoints import Samples

PING = "/_matrix/client/v3/ping"
WAIT = "/_matrix/client/v3/wait"


class ListenerCase(unittest.TestCase):
    """A folder for files, and listeners that are closed again."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.samples = Samples()

    def connect(self, site: LiveSite, tls: ssl.SSLContext | None = None, receive_buffer_bytes: int = 0) -> RawClient:
        client = site.client(tls, receive_buffer_bytes)
        self.addCleanup(client.close)
        return client


class TlsTest(ListenerCase):
    """With a certificate made for the test."""

    def setUp(self) -> None:
        super().setUp()
        self.files = CertificateFiles(self.folder / "cert.pem", self.folder / "key.pem")
        self.write_certificate("first")
        self.site = LiveSite(self.samples, tls=self.files)
        self.addCleanup(self.site.close)

    def write_certificate(self, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - day)
        builder = builder.not_valid_after(now + day)
        certificate = builder.sign(key, hashes.SHA256())
        self.files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.files.private_key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def context(self, **settings: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for name, value in settings.items():
            setattr(context, name, value)
        return context

    def presented_name(self) -> str:
        client = self.connect(self.site, self.context())
        assert isinstance(client.socket, ssl.SSLSocket)
        certificate = x509.load_der_x509_certificate(client.socket.getpeercert(True) or b"")
        return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    def test_requests_uploads_and_large_answers(self) -> None:
        """As without TLS, keep-alive included; the endpoint knows that it is secure."""
        client = self.connect(self.site, self.context(), receive_buffer_bytes=65536)

        self.assertEqual(client.exchange("GET", PING).status, 200)
        self.assertEqual(client.exchange("GET", "/_matrix/client/v3/limited_ip").json()["secure"], "True")
        upload = client.exchange("POST", "/_matrix/media/v3/upload", b"u" * 3_000_000, ["Authorization: Bearer alice"])
        self.assertEqual(upload.json(), {"size": 3_000_000})
        client.send(request_bytes("GET", "/_matrix/client/v3/stream?count=200"))
        time.sleep(0.3)
        self.assertLess(self.samples.made_bytes, 8_000_000)
        self.assertEqual(len(client.reply().body), 200 * 65536)
        self.assertEqual(len(client.exchange("GET", "/_matrix/client/v3/large?size=5000000").body), 5_000_000)
        self.assertEqual(client.exchange("GET", PING, headers=["Connection: close"]).status, 200)
        self.assertTrue(client.is_closed())

    def test_old_versions_are_refused(self) -> None:
        """TLS 1.2 is the oldest."""
        with self.assertRaises((ssl.SSLError, OSError)):
            self.connect(self.site, self.context(maximum_version=ssl.TLSVersion.TLSv1_1))
        self.connect(self.site, self.context(maximum_version=ssl.TLSVersion.TLSv1_2))

    def test_plain_http_on_a_tls_port_does_no_harm(self) -> None:
        """The connection ends, the next one works."""
        plain = self.connect(self.site)
        plain.send(request_bytes("GET", PING))
        plain.rest()

        self.assertEqual(self.connect(self.site, self.context()).exchange("GET", PING).status, 200)

    def test_a_renewed_certificate_is_taken_up(self) -> None:
        """By new connections, without a restart; a broken file leaves the old one."""
        interval_s, tls._CHECK_INTERVAL_S = tls._CHECK_INTERVAL_S, 0.0
        self.addCleanup(setattr, tls, "_CHECK_INTERVAL_S", interval_s)
        self.assertEqual(self.presented_name(), "first")

        self.write_certificate("second")
        self.assertEqual(self.presented_name(), "second")
        self.files.certificate.write_text("rubbish")
        with self.assertLogs("homeserver.http.tls", "ERROR"):
            self.assertEqual(self.presented_name(), "second")


class OtherListenersTest(ListenerCase):
    """UNIX sockets and metrics."""

    def test_a_unix_socket(self) -> None:
        """With the given mode; the address in `X-Forwarded-For` is the client's."""
        path = self.folder / "hearth.sock"
        site = LiveSite(self.samples, unix_path=path, unix_mode=0o600, x_forwarded=True)
        self.addCleanup(site.close)

        headers = ["X-Forwarded-For: 7.7.7.7"]
        reply = self.connect(site).exchange("GET", "/_matrix/client/v3/limited_ip", headers=headers)

        self.assertEqual(reply.json()["ip"], "7.7.7.7")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)  # noqa: PTH116

    def test_metrics_and_health(self) -> None:
        """Requests by route and status; only where the listener has the resource. Health is everywhere."""
        registry = new_registry()
        site = LiveSite(self.samples, OperationEndpoints(registry), resources=["client", "metrics"])
        self.addCleanup(site.close)
        registry.register(HttpMetrics(site.router, lambda: site.listeners.sites))
        other = LiveSite(self.samples, OperationEndpoints(registry), resources=["client"])
        self.addCleanup(other.close)

        for path in (PING, "/_matrix/client/r0/ping", "/_matrix/client/v3/forbidden", "/nowhere"):
            site.exchange("GET", path)
        self.assertTrue(wait_until(lambda: site.site.unrouted.status_counts == {404: 1}))
        text = site.exchange("GET", "/_synapse/metrics").body.decode()

        self.assertIn('hearth_http_requests_total{method="GET",route="/_matrix/client/v3/ping",status="200"} 2.0', text)
        self.assertIn('route="/_matrix/client/v3/forbidden",status="403"} 1.0', text)
        self.assertIn('route="(no endpoint)",status="404"} 1.0', text)
        for name in ("hearth_http_in_flight 1.0", "hearth_http_connections", "process_cpu_seconds", "python_gc"):
            self.assertIn(name, text)
        self.assertEqual(other.exchange("GET", "/metrics").status, 404)
        health = other.exchange("GET", "/health")
        self.assertEqual((health.status, health.body), (200, b"OK"))


class DrainTest(ListenerCase):
    """Closing a listener that is in use."""

    def setUp(self) -> None:
        super().setUp()
        self.site = LiveSite(self.samples)

    def drain(self, grace_s: float) -> Thread:
        thread = Thread(target=lambda: self.site.close(grace_s))
        thread.start()
        self.addCleanup(thread.join)
        self.assertTrue(wait_until(lambda: self.site.site.is_draining))
        return thread

    def waiting_client(self, method: str) -> RawClient:
        client = self.connect(self.site)
        client.send(request_bytes(method, WAIT))
        self.assertTrue(wait_until(lambda: "wait" in self.samples.calls))
        return client

    def test_idle_connections_are_closed_and_new_ones_refused(self) -> None:
        """At once."""
        client = self.connect(self.site)
        client.exchange("GET", PING)

        self.drain(5).join()

        self.assertTrue(client.is_closed())
        with self.assertRaises(OSError):
            self.connect(self.site)

    def test_a_request_under_way_is_finished(self) -> None:
        """And its connection closed after the answer."""
        client = self.waiting_client("POST")
        thread = self.drain(10)
        time.sleep(0.2)

        self.site.on_reactor(lambda: self.samples.gate.callback(None))

        reply = client.reply()
        self.assertEqual((reply.json(), reply.find("Connection")), ({"waited": True}, "close"))
        self.assertTrue(client.is_closed())
        thread.join(5)
        self.assertFalse(thread.is_alive())

    def test_a_long_poll_is_answered_soon(self) -> None:
        """503, and try again: it would take longer than the grace."""
        client = self.waiting_client("GET")

        self.drain(60)
        reply = client.reply()

        self.assertEqual((reply.status, reply.json()["errcode"]), (503, "M_UNKNOWN"))

    def test_what_does_not_end_is_cancelled(self) -> None:
        """When the grace is over."""
        client = self.waiting_client("POST")

        thread = self.drain(0.3)

        self.assertEqual(client.reply().status, 503)
        thread.join(5)
        self.assertIn("cancelled", self.samples.calls)

    def test_a_client_that_does_not_read_does_not_hold_it_up(self) -> None:
        """It is cut off."""
        client = self.connect(self.site, receive_buffer_bytes=65536)
        client.send(request_bytes("GET", "/_matrix/client/v3/stream?count=1000"))
        self.assertTrue(wait_until(lambda: self.samples.made_bytes > 0))

        thread = self.drain(0.2)
        thread.join(9)

        self.assertFalse(thread.is_alive())
        self.assertTrue(self.samples.is_source_closed)
