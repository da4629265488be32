#ifndef BASE_CHECK_LIST_H
#define BASE_CHECK_LIST_H

/* The rows of check.h: CHECK(name, number, reason, status, clause, rule). */
#define CHECK_LIST(CHECK) \
	/* ---- verifier: the evidence ---- */ \
	CHECK(PROFILE_KNOWN, 0, E_POLICY, 403, "PROTOCOL, HTTP", \
		"profile names a certificate profile of this CA") \
	CHECK(CSR_DER, 1, E_DER, 400, "X.690, 10; RFC 2986, 4", \
		"csr is strict DER: minimal definite lengths, depth at most 16, nothing left over") \
	CHECK(EK_CERTIFICATE_DER, 2, E_DER, 400, "RFC 5280, 4.1; X.690, 8.1.3", \
		"ekCertificate is one certificate with definite lengths, depth at most 16, nothing left over") \
	CHECK(EK_CHAIN_DER, 3, E_DER, 400, "X.690, 8.1.3", \
		"each entry of ekChain is one DER element with definite lengths, depth at most 16, nothing left over; not read with trust = manifest") \
	CHECK(IK_PUBLIC_READ, 4, E_TPM_PARSE, 400, "TPM 2.0 Part 2, 12.2.5", \
		"ikPublic is one TPM2B_PUBLIC, nothing left over") \
	CHECK(EK_PUBLIC_READ, 5, E_TPM_PARSE, 400, "TPM 2.0 Part 2, 12.2.5", \
		"ekPublic is one TPM2B_PUBLIC, nothing left over") \
	CHECK(IK_ALGORITHMS, 6, E_TPM_TEMPLATE, 403, "PROTOCOL, Identity keys", \
		"the IK has type, nameAlg, symmetric, scheme, kdf and authPolicy of an accepted template") \
	CHECK(IK_ATTRIBUTES, 7, E_IK_ATTR, 403, "PROTOCOL, Identity keys; TPM 2.0 Part 2, 8.3", \
		"the IK's objectAttributes are 00040072 or 00040472: born in the TPM, unable to leave it") \
	CHECK(IK_KEY_SIZE, 8, E_KEY_WEAK, 403, "PROTOCOL, Identity keys", \
		"the IK's number has exactly the size of its template") \
	CHECK(EK_TEMPLATE, 9, E_EK_TEMPLATE, 403, "TCG EK Credential Profile 2.6, B.3 and B.4", \
		"the EK's area equals one of TCG's templates outside unique") \
	CHECK(EK_ACCEPTED, 10, E_EK_TEMPLATE, 403, "PROTOCOL, Who may be whom", \
		"the EK's template is one that [endorsement] accept names") \
	CHECK(EK_KEY_SIZE, 11, E_KEY_WEAK, 403, "PROTOCOL, Endorsement keys", \
		"the EK's number has exactly the size of its template") \
	CHECK(IK_NUMBER, 12, E_KEY_WEAK, 403, "PROTOCOL, key gates", \
		"the IK's modulus is odd and has no small factor") \
	CHECK(IK_ROCA, 13, E_KEY_ROCA, 403, "CVE-2017-15361", \
		"the IK's modulus is not of the ROCA form") \
	CHECK(IK_FERMAT, 14, E_KEY_WEAK, 403, "PROTOCOL, key gates", \
		"the IK's modulus is not a product of close primes") \
	CHECK(IK_POINT, 15, E_KEY_INVALID, 403, "SEC 1, 3.2.2.1", \
		"the IK's point lies on its curve") \
	CHECK(EK_NUMBER, 16, E_KEY_WEAK, 403, "PROTOCOL, key gates", \
		"the EK's modulus is odd and has no small factor") \
	CHECK(EK_ROCA, 17, E_KEY_ROCA, 403, "CVE-2017-15361", \
		"the EK's modulus is not of the ROCA form") \
	CHECK(EK_FERMAT, 18, E_KEY_WEAK, 403, "PROTOCOL, key gates", \
		"the EK's modulus is not a product of close primes") \
	CHECK(EK_POINT, 19, E_KEY_INVALID, 403, "SEC 1, 3.2.2.1", \
		"the EK's point lies on its curve") \
	CHECK(IK_IS_NOT_EK, 20, E_IK_IS_EK, 403, "TPM 2.0 Part 3, 12.5", \
		"the IK and the EK are different keys") \
	CHECK(IK_IS_NOT_CA, 21, E_KEY_REUSED, 403, "PROTOCOL, key gates", \
		"the IK is neither a key of this CA nor of an imported anchor") \
	CHECK(CSR_FORM, 22, E_DER, 400, "RFC 2986, 4.1", \
		"csr is a CertificationRequest of version 0") \
	CHECK(CSR_ATTRIBUTES, 23, E_DER, 400, "PROTOCOL, Identity keys; RFC 2986, 4.1", \
		"csr has no attributes but extensionRequest") \
	CHECK(CSR_ALGORITHM, 24, E_CSR_ALG, 403, "PROTOCOL, Identity keys", \
		"the CSR's signature algorithm is an accepted one and fits the key") \
	CHECK(CSR_KEY, 25, E_CSR_KEY, 403, "PROTOCOL, Identity keys", \
		"the CSR's subjectPublicKeyInfo is the IK's, octet for octet") \
	CHECK(CSR_SUBJECT, 26, E_CSR_SUBJECT, 403, "PROTOCOL, Who may be whom; X.520, 6.2.9", \
		"the CSR's subject has exactly one RDN with exactly one serialNumber") \
	CHECK(SERIAL_FORM, 27, E_SERIAL, 403, "PROTOCOL, Who may be whom", \
		"the serial is 1 to 63 octets of A-Z 0-9 -, neither first nor last -") \
	CHECK(SERIAL_PATTERN, 28, E_SERIAL, 403, "PROTOCOL, Who may be whom", \
		"the serial matches [identity] serial_pattern") \
	CHECK(CSR_SIGNATURE, 29, E_CSR_SIG, 403, "RFC 2986, 4.2", \
		"the CSR's signature verifies with its key") \
	CHECK(EK_CERTIFICATE_PRESENT, 30, E_EK_CERT_CHAIN, 403, "PROTOCOL, Endorsement keys", \
		"an EK certificate is sent where trust is vendor or both") \
	CHECK(EK_CERTIFICATE_KEY, 31, E_EK_CERT_KEY, 403, "TCG EK Credential Profile 2.6, 3.2", \
		"the EK certificate's key is the EK") \
	CHECK(EK_CERTIFICATE_NOT_CA, 32, E_EK_CERT_USAGE, 403, "TCG EK Credential Profile 2.6, 3.2.15", \
		"the EK certificate is not a CA's") \
	CHECK(EK_CERTIFICATE_KEY_USAGE, 33, E_EK_CERT_USAGE, 403, "TCG EK Credential Profile 2.6, 3.2.14", \
		"the EK certificate's keyUsage, if present, has keyEncipherment or keyAgreement and no keyCertSign") \
	CHECK(EK_CERTIFICATE_ALGORITHM, 34, E_EK_CERT_SIG, 403, "PROTOCOL, Endorsement keys", \
		"no SHA-1 or MD5 signature below the anchor, unless the anchor is marked sha1") \
	CHECK(EK_CERTIFICATE_CHAIN, 35, E_EK_CERT_CHAIN, 403, "RFC 5280, 6.1", \
		"the EK certificate chains to an imported anchor by valid signatures of CA certificates") \
	CHECK(EK_CERTIFICATE_EKU, 36, E_EK_CERT_EKU, 403, "TCG EK Credential Profile 2.6, 3.2.16", \
		"extendedKeyUsage has tcg-kp-EKCertificate; absent only under an anchor marked ek-only") \
	CHECK(EK_CERTIFICATE_TIME, 37, E_EK_CERT_TIME, 403, "RFC 5280, 4.1.2.5", \
		"the EK certificate is valid already; notAfter by [endorsement] expiry") \
	CHECK(EK_CERTIFICATE_MANUFACTURER, 38, E_EK_CERT_SAN, 403, "TCG EK Credential Profile 2.6, 3.2.9", \
		"tpmManufacturer is one that the anchor allows") \
	CHECK(EK_CERTIFICATE_REVOKED, 39, E_EK_CERT_REVOKED, 403, "RFC 5280, 6.3", \
		"no certificate of the path is on an imported revocation list") \
	CHECK(SERIAL_IS_EK_ID, 40, E_SERIAL_BINDING, 403, "PROTOCOL, Who may be whom", \
		"with binding = endorsement the serial is the first 40 hex digits of the EK id") \
	CHECK(IK_ACCEPTED, 41, E_TPM_TEMPLATE, 403, "PROTOCOL, Identity keys", \
		"the IK's template is one that [identity-key] accept names") \
	\
	/* ---- front: the request ---- */ \
	CHECK(HTTP_HEAD, 64, E_HTTP, 400, "RFC 9112", "the request's head is well formed") \
	CHECK(HTTP_METHOD, 65, E_HTTP, 405, "RFC 9110, 9.1", "the route has the method") \
	CHECK(HTTP_ROUTE, 66, E_HTTP, 404, "PROTOCOL, HTTP", "the path is one of this CA's") \
	CHECK(HTTP_TYPE, 67, E_HTTP, 415, "PROTOCOL, HTTP", "the body is application/json without Content-Encoding") \
	CHECK(HTTP_LENGTH, 68, E_LIMIT, 413, "PROTOCOL, HTTP", "the body is at most 64 KiB") \
	CHECK(HTTP_CODING, 69, E_HTTP, 501, "PROTOCOL, HTTP", "the body has a Content-Length, not chunks") \
	CHECK(JSON_FORM, 70, E_JSON, 400, "RFC 8259", "the body is one JSON object without duplicate members") \
	CHECK(JSON_SCHEMA, 71, E_SCHEMA, 400, "PROTOCOL, HTTP", "the members are those of the endpoint, each of its type") \
	CHECK(JSON_BASE64, 72, E_B64, 400, "RFC 4648, 3.5 and 4", "binary members are canonical base64 with padding") \
	CHECK(MEMBER_SIZE, 73, E_SCHEMA, 400, "PROTOCOL, HTTP", "each member is within its size") \
	CHECK(RATE, 74, E_LIMIT, 429, "PROTOCOL, HTTP", "the source's prefix and the whole stay within their quotas") \
	CHECK(BACK_END, 75, E_UNAVAIL, 503, "PROTOCOL, HTTP", "the roles behind the front answer in time, and none runs out of memory") \
	\
	/* ---- authority: the ticket and the signature ---- */ \
	CHECK(HEADER_FORM, 96, E_SCHEMA, 400, "PROTOCOL, The ticket", "challenge is a header of version 1, 53 octets") \
	CHECK(HEADER_CA_ID, 97, E_TICKET_TIME, 409, "PROTOCOL, The ticket", "the header's ca_id is the current one or the one before a rotation") \
	CHECK(HEADER_LIFE, 98, E_TICKET_TIME, 409, "PROTOCOL, The ticket", "now - 600 s < issued_at <= now + 60 s") \
	CHECK(HEADER_EPOCH, 99, E_TICKET_TIME, 409, "PROTOCOL, The ticket", "epoch is the day of issued_at") \
	CHECK(HEADER_FINGERPRINT, 100, E_POLICY_CHANGED, 409, "PROTOCOL, The ticket", "the header's fingerprint is the current policy's or the one before a reload") \
	CHECK(EVIDENCE_MASK, 101, E_UNAVAIL, 503, "PROTOCOL, The ticket", "verifier, authority and store hold the same policy") \
	CHECK(TICKET, 102, E_TICKET, 403, "PROTOCOL, The ticket", "the ticket is the MAC over header and facts") \
	CHECK(TICKET_FORMER, 103, E_TICKET_TIME, 409, "PROTOCOL, The ticket", "the ticket of a former ca_id or fingerprint is the MAC over header and facts") \
	CHECK(CERTIFICATE_LINT, 104, E_LINT, 503, "PROTOCOL, The certificate", "the certificate about to be signed is exactly its profile") \
	CHECK(CERTIFICATE_SIGNATURE, 105, E_UNAVAIL, 503, "PROTOCOL, The certificate", "the signature just made verifies with the CA's key") \
	CHECK(STORE_ANSWER, 106, E_UNAVAIL, 503, "PROTOCOL, HTTP", "the store answers in time") \
	CHECK(CLOCK, 107, E_UNAVAIL, 503, "PROTOCOL, The ticket", "the clock is not before the build's date") \
	CHECK(CA_VALIDITY, 108, E_UNAVAIL, 503, "PROTOCOL, The certificate", "the CA's own certificate outlives the one to be issued") \
	\
	/* ---- store: who may be whom ---- */ \
	CHECK(NOT_BANNED, 128, E_EK_BANNED, 403, "PROTOCOL, Order (1)", "neither serial, EK nor IK is banned") \
	CHECK(NOT_SUSPENDED, 129, E_EK_BANNED, 403, "PROTOCOL, Order (1)", "the binding is not suspended") \
	CHECK(EK_LISTED, 130, E_EK_UNKNOWN, 403, "PROTOCOL, Order (2)", "a manifest row lists this EK") \
	CHECK(SERIAL_BINDING, 131, E_SERIAL_BINDING, 403, "PROTOCOL, Order (2)", "the manifest gives this EK this serial") \
	CHECK(PROFILE_ALLOWED, 132, E_POLICY, 403, "PROTOCOL, Order (2)", "the manifest row allows the profile") \
	CHECK(SERIAL_EXPECTED, 133, E_SERIAL_BINDING, 403, "PROTOCOL, Order (2)", "with binding = first the serial is expected") \
	CHECK(EK_BINDING, 134, E_CONFLICT, 403, "PROTOCOL, Order (2)", "the EK is in no other binding") \
	CHECK(IK_BINDING, 135, E_CONFLICT, 403, "PROTOCOL, Order (2)", "the IK is in no other binding") \
	CHECK(SERIAL_FREE, 136, E_CONFLICT, 403, "PROTOCOL, Order (2)", "the serial is bound to no other EK") \
	CHECK(TICKET_REVOKED, 137, E_TICKET_TIME, 409, "PROTOCOL, Order (3)", "the certificate recorded for this ticket is not revoked") \
	CHECK(NO_LATER_CHANGE, 138, E_TICKET_TIME, 409, "PROTOCOL, Order (4)", "the ticket is later than the last change of serial, EK and IK") \
	CHECK(NO_OPEN_INTENT, 139, E_UNAVAIL, 503, "PROTOCOL, Order (5)", "no other signature for this serial, EK or IK is under way") \
	CHECK(REKEY, 140, E_CONFLICT, 403, "PROTOCOL, Who may be whom", "another IK comes at most once in 24 h and five times a year, or by the operator") \
	CHECK(QUOTA, 141, E_LIMIT, 429, "PROTOCOL, HTTP", "at most ten certificates for one EK or binding in ten minutes, and 24 in a day") \
	CHECK(INTENT_OURS, 142, E_TICKET_TIME, 409, "PROTOCOL, Record transaction", "the intent is still open and ours when the certificate is recorded") \
	CHECK(STORE_WORKS, 143, E_UNAVAIL, 503, "PROTOCOL, HTTP", "the database takes the record") \
	CHECK(NOT_RELEASED, 144, E_EK_UNKNOWN, 403, "PROTOCOL, Operator's acts", "the EK comes back after a release only by an import with --again")

#endif
