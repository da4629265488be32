#!/usr/bin/env bash
# provision.sh: the six steps of provisioning with nothing but tpm2-tools, openssl, curl and jq.
#
# It is the protocol written down a second time, independently of genuine-device: to read, to try
# out, to port to another system. genuine-device does more: it finds keys and certificates that this
# script is told about, installs atomically, renews, and says what to do when something fails.
#
# The clauses are those of the TPM 2.0 Library specification (Part 1 to 3), of TCG's EK Credential
# Profile 2.6 (EKP), and of docs/PROTOCOL.md.
set -euo pipefail
umask 077

usage() {
	cat >&2 <<-END
	usage: provision.sh --ca URL --ca-cert FILE --serial SERIAL [options]
	  --ca URL            the identity CA, https://HOST:PORT
	  --ca-cert FILE      its certificate: the trust for TLS and for what it issues
	  --serial SERIAL     this device's serial number
	  --ek rsa|ecc        endorsement key (default rsa)
	  --key rsa2048|p256  identity key (default p256)
	  --handle HANDLE     persistent handle for the identity key (default 0x81020002)
	  --tcti TCTI         the TPM (default: that of tpm2-tools)
	  --dir DIR           where the results go (default ./genuine-device)
	  --no-encryption     step 5 in the clear: shows what salting and encryption hide on the bus
	END
	exit 2
}

ca= ca_cert= serial= ek=rsa key=p256 handle=0x81020002 dir=genuine-device encryption=yes
while [ $# -gt 0 ]; do
	case "$1" in
	--no-encryption) encryption=no; shift; continue ;;
	--*) [ $# -ge 2 ] || usage ;;
	*) usage ;;
	esac
	case "$1" in
	--ca) ca=$2 ;;
	--ca-cert) ca_cert=$2 ;;
	--serial) serial=$2 ;;
	--ek) ek=$2 ;;
	--key) key=$2 ;;
	--handle) handle=$2 ;;
	--tcti) export TPM2TOOLS_TCTI=$2 TPM2OPENSSL_TCTI=$2 ;;
	--dir) dir=$2 ;;
	*) usage ;;
	esac
	shift 2
done
[ -n "$ca" ] && [ -n "$ca_cert" ] && [ -n "$serial" ] || usage

mkdir -p "$dir"
work=$(mktemp -d)

# There may be no resource manager between us and the TPM, so every transient object and session
# that a tool leaves loaded is flushed by us: three slots are all that many a TPM has.
flush() {
	tpm2_flushcontext --transient-object
	tpm2_flushcontext --loaded-session
}
finish() {
	flush 2>/dev/null || true
	[ ! -e "$work/session.ctx" ] || tpm2_flushcontext "$work/session.ctx" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

say() { printf '%s\n' "$*" >&2; }
die() { say "provision.sh: $*"; exit 1; }
bytes_of() { printf '%s' "${1^^}" | basenc --decode --base16; }
base64_of() { base64 -w0 "$1"; }

# --- The endorsement key's templates (EKP, B.3 and B.4) --------------------------------------------

# PolicyA = PolicySecret(TPM_RH_ENDORSEMENT); PolicyC = PolicyAuthorizeNV; PolicyB = PolicyOR of both.
policy_a_sha384=8bbf2266537c171cb56e403c4dc1d4b64f432611dc386e6f532050c3278c930e143e8bb1133824ccb431053871c6db53
policy_c_sha384=d6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593d165
policy_b_sha384=b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12

nv_has() { tpm2_getcap handles-nv-index | grep -i "^- 0x0*$1\$" >/dev/null; }

nv_size() { tpm2_nvreadpublic "0x0$1" | sed -n 's/^ *size: //p'; }

# Which template it is follows from where its certificate lies (EKP, 2.2.2.4 and 2.2.2.5).
choose_template() {
	case "$ek" in
	rsa) template=L-1 index=1C00002 ;;
	ecc) if nv_has 1C0000A; then template=L-2 index=1C0000A; else template=H-3 index=1C00016; fi ;;
	*) usage ;;
	esac
}

# An endorsement key is a function of the TPM's endorsement seed and the template: made anew, it is
# the same key again (Part 1, 23.6.3). tpm2_createek knows the low templates only.
make_endorsement_key() {
	case "$template" in
	L-1) tpm2_createek -G rsa -c "$work/ek.ctx" -u "$work/ek.pub" ;;
	L-2) tpm2_createek -G ecc -c "$work/ek.ctx" -u "$work/ek.pub" ;;
	H-3)
		bytes_of "$policy_b_sha384" >"$work/policy_b"
		tpm2_createprimary -C endorsement -g sha384 -G ecc384:null:aes256cfb \
			-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|adminwithpolicy|restricted|decrypt' \
			-L "$work/policy_b" -c "$work/ek.ctx" >/dev/null
		tpm2_readpublic -c "$work/ek.ctx" -o "$work/ek.pub" >/dev/null
		;;
	esac
	tpm2_readpublic -c "$work/ek.ctx" -f pem -o "$work/ek.pem" >/dev/null
	flush
}

# --- 1. Make the two keys ---------------------------------------------------------------------------

# The identity key is a child of the storage root key: fixedTPM and fixedParent, so that it never
# leaves this TPM; sensitiveDataOrigin, so that it was born here; sign without restricted, for TLS;
# no scheme, so that TLS may choose (Part 2, 8.3; PROTOCOL, "Identity keys that are accepted").
make_identity_key() {
	local algorithm
	case "$key" in
	rsa2048) algorithm=rsa2048:null:null ;;
	p256) algorithm=ecc256:null:null ;;
	*) usage ;;
	esac
	tpm2_createprimary -C owner -g sha256 -G rsa2048:aes128cfb \
		-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' \
		-c "$work/srk.ctx" >/dev/null
	tpm2_create -C "$work/srk.ctx" -g sha256 -G "$algorithm" \
		-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign' \
		-u "$work/ik.pub" -r "$work/ik.priv" >/dev/null
	flush
	tpm2_load -C "$work/srk.ctx" -u "$work/ik.pub" -r "$work/ik.priv" -c "$work/ik.ctx" >/dev/null
	tpm2_evictcontrol -C owner -c "$work/ik.ctx" "$handle" >/dev/null
	flush
	install -m 600 "$work/ik.pub" "$dir/key.pub"
	install -m 600 "$work/ik.priv" "$dir/key.priv"
}

step_1() {
	say "1  make the endorsement key (template $template) and the identity key ($key)"
	make_endorsement_key
	if tpm2_readpublic -c "$handle" >/dev/null 2>&1; then
		[ -e "$dir/key.pub" ] || die "$handle holds a key that is not ours; choose another --handle"
		say "   the identity key at $handle is there already"
	else
		make_identity_key
	fi
}

# --- 2. Read the public areas and the endorsement key's certificate ---------------------------------

# tpm2_readpublic writes TPM2B_PUBLIC, exactly the octets that the TPM gave: what getChallenge wants.
# The certificate ends where its outermost SEQUENCE ends; some vendors pad the index behind it.
step_2() {
	say "2  read both public areas and the certificate at 0x0$index"
	tpm2_readpublic -c "$handle" -o "$work/ik.pub" >/dev/null
	[ ! -e "$dir/key.pub" ] || cmp -s "$work/ik.pub" "$dir/key.pub" ||
		die "the key at $handle is not the one in $dir; choose another --handle"
	nv_has "$index" || die "this TPM has no certificate at 0x0$index"
	tpm2_nvread "0x0$index" -s "$(nv_size "$index")" -o "$work/ek.nv" >/dev/null
	openssl x509 -inform der -in "$work/ek.nv" -outform der -out "$work/ek.der"
	openssl x509 -inform der -in "$work/ek.der" -noout -pubkey | cmp -s - "$work/ek.pem" ||
		die "the endorsement key is not the one in its certificate"
}

# --- 3. Ask for the certificate in writing -----------------------------------------------------------

# PKCS#10 (RFC 2986), signed by the TPM. Of its subject the CA reads serialNumber and nothing else.
# The providers in this order, and these properties, leave hashing and TLS ciphers to OpenSSL.
step_3() {
	say "3  build the certificate request for serialNumber=$serial, signed in the TPM"
	openssl req -new -provider default -provider tpm2 \
		-propquery '?provider=tpm2,tpm2.digest!=yes,tpm2.cipher!=yes' \
		-key "handle:$handle" -subj "/serialNumber=$serial" -outform der -out "$work/csr.der"
}

# --- 4. getChallenge --------------------------------------------------------------------------------

# Posts the JSON on standard input; the answer's body goes to the file, a refusal to the reader.
# Left to themselves, curl and `openssl verify` would trust the system's CAs besides the one that is
# named; and curl would ask proxies.
post() {
	local status
	status=$(curl --disable --silent --show-error --noproxy '*' --proto =https --tlsv1.2 \
		--cacert "$ca_cert" --capath /dev/null --max-time 30 --max-filesize 65536 \
		--header 'Content-Type: application/json' --data-binary @- \
		--output "$work/answer.json" --write-out '%{http_code}' "$ca/v1/$1") ||
		die "$ca was not reached"
	[ "$status" = 200 ] || { jq . "$work/answer.json" >&2 || true; die "$1 was answered $status"; }
}

step_4() {
	say "4  getChallenge: send csr, ikPublic, ekPublic and ekCertificate"
	jq -n --arg csr "$(base64_of "$work/csr.der")" --arg ik "$(base64_of "$work/ik.pub")" \
		--arg ek "$(base64_of "$work/ek.pub")" --arg certificate "$(base64_of "$work/ek.der")" \
		'{csr: $csr, ikPublic: $ik, ekPublic: $ek, ekCertificate: $certificate}' >"$work/evidence.json"
	post getChallenge <"$work/evidence.json"
	jq -j .credential "$work/answer.json" | base64 -d >"$work/credential"
	jq -j .challenge "$work/answer.json" >"$work/challenge"
}

# --- 5. ActivateCredential --------------------------------------------------------------------------

# The TPM opens the credential only if it holds the endorsement key for which it was made and, loaded
# at this moment, a key with the Name for which it was made (Part 1, 24; Part 3, 12.5).
#
# The endorsement key wants its policy: the low templates PolicyA, the high ones PolicyA or PolicyC.
# The session is salted to the endorsement key, and the answer comes back encrypted, so that who
# listens on the bus does not learn the ticket (Part 1, 19.6.8 and 21).
step_5() {
	local hash=sha256 session="$work/session.ctx"
	[ "$template" != H-3 ] || hash=sha384

	say "5  TPM2_ActivateCredential: the TPM opens the credential and gives the ticket"
	if [ "$encryption" = yes ]; then
		tpm2_startauthsession --policy-session -g "$hash" -c "$work/ek.ctx" -S "$session"
		tpm2_sessionconfig --enable-encrypt "$session"
	else
		tpm2_startauthsession --policy-session -g "$hash" -S "$session"
	fi
	tpm2_flushcontext --transient-object
	tpm2_policysecret -S "$session" -c endorsement >/dev/null
	if [ "$template" = H-3 ]; then
		bytes_of "$policy_a_sha384" >"$work/policy_a"
		bytes_of "$policy_c_sha384" >"$work/policy_c"
		tpm2_policyor -S "$session" -l "sha384:$work/policy_a,$work/policy_c" >/dev/null
	fi
	tpm2_activatecredential -c "$handle" -C "$work/ek.ctx" -P "session:$session" \
		-i "$work/credential" -o "$work/ticket" >/dev/null
	tpm2_flushcontext "$session"
	rm "$session"
	flush
}

# --- 6. getCertificate ------------------------------------------------------------------------------

# The same evidence once more, the challenge unchanged, and the ticket as the proof.
step_6() {
	say "6  getCertificate: send the same with challenge and ticket; check and keep the certificate"
	jq --arg challenge "$(cat "$work/challenge")" --arg ticket "$(base64_of "$work/ticket")" \
		'. + {challenge: $challenge, ticket: $ticket}' "$work/evidence.json" >"$work/request.json"
	post getCertificate <"$work/request.json"
	jq -j .certificate "$work/answer.json" >"$work/certificate.pem"
	jq -j .chain "$work/answer.json" >"$work/chain.pem"

	# The chain leaves the root out: it is empty where the root itself issues.
	cat "$work/certificate.pem" "$work/chain.pem" >"$work/path.pem"
	openssl verify -purpose sslclient -CAfile "$ca_cert" -no-CApath -no-CAstore \
		-untrusted "$work/path.pem" "$work/certificate.pem" >/dev/null
	openssl x509 -in "$work/certificate.pem" -noout -pubkey >"$work/certified.pem"
	tpm2_readpublic -c "$handle" -f pem -o "$work/ik.pem" >/dev/null
	cmp -s "$work/certified.pem" "$work/ik.pem" || die "the certificate is for another key"
	openssl x509 -in "$work/certificate.pem" -noout -subject -nameopt RFC2253,sep_multiline |
		grep -x " *serialNumber=$serial" >/dev/null || die "the certificate is for another serial number"
	install -m 644 "$work/certificate.pem" "$work/chain.pem" "$dir"
	install -m 644 "$ca_cert" "$dir/ca.pem"
}

flush
choose_template
step_1
step_2
step_3
step_4
step_5
step_6

say "done: $dir/certificate.pem, for the key at $handle"
