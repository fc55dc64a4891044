#!/bin/sh
set -eu
# A certificate that ended a day after it began, two days ago: signed with a
# past date, since openssl x509 only counts from now.
dir=/etc/ssl/company
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat > "$tmp/ca.cnf" <<CNF
[ca]
default_ca = company
[company]
dir = $tmp
database = $tmp/index
new_certs_dir = $tmp
serial = $tmp/serial
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
policy = any
x509_extensions = ext
[any]
commonName = supplied
[ext]
subjectAltName = DNS:portal.example.test
CNF
: > "$tmp/index"
echo 1000 > "$tmp/serial"
openssl req -new -key "$dir/portal.key" -subj /CN=portal.example.test -out "$tmp/csr"
openssl ca -batch -notext -config "$tmp/ca.cnf" -in "$tmp/csr" -out "$tmp/crt" \
	-startdate "$(date -u -d '3 days ago' +%Y%m%d%H%M%SZ)" \
	-enddate "$(date -u -d '2 days ago' +%Y%m%d%H%M%SZ)" 2>/dev/null
install -m 0644 "$tmp/crt" "$dir/portal.crt"
systemctl reload nginx
i=0
while curl -s --cacert "$dir/ca.crt" --resolve portal.example.test:443:127.0.0.1 -o /dev/null https://portal.example.test/; do
	i=$((i + 1)); [ "$i" -lt 100 ] || exit 1
	sleep 0.1
done
