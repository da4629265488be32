"""What an attacker has at hand: keys in software, public areas that claim what they like, and
genuine TPMs that are asked to help. Python's standard library and the openssl command."""
