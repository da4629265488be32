"""The real components that the integration tests, the demo and the bench stand on.

Each one lives in a folder of its own, is started by its class, and is stopped by its process id:

    vendor   a TPM vendor: the certificate authority that signs endorsement keys
    tpm      a TPM (swtpm), manufactured by a vendor, and what tpm2-tools see in it
    recorder a listener on the TPM's bus
    ca       our identity CA (genuine-ca) and its operator's commands
    device   our provisioning client (genuine-device) and the independent one (provision.sh)
    backend  an nginx that demands a client certificate, and mutual TLS with a key in a TPM
    http     requests to the CA made by hand
    tap      unittest, told in TAP for Meson

Python's standard library only.
"""
