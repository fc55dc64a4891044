#!/bin/sh
# The healthy state: a portal with a valid certificate of the company's CA.
set -eu
umask 077
dir=/etc/ssl/company
mkdir -p "$dir" /usr/local/share/doc
chmod 0755 "$dir" /usr/local/share/doc
if [ ! -s "$dir/ca.crt" ]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
		-keyout "$dir/ca.key" -out "$dir/ca.crt" -subj '/O=Example/CN=Example company CA' 2>/dev/null
	openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:prime256v1 -out "$dir/portal.key"
fi
chmod 0644 "$dir/ca.crt"
cat > /usr/local/sbin/issue-certificate <<'PROG'
#!/bin/sh
# issue-certificate DAYS: a certificate for the portal, signed by the company's CA.
set -eu
dir=/etc/ssl/company
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
printf 'subjectAltName=DNS:portal.example.test\n' > "$tmp/ext"
openssl req -new -key "$dir/portal.key" -subj /CN=portal.example.test -out "$tmp/csr"
openssl x509 -req -in "$tmp/csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial \
	-days "$1" -extfile "$tmp/ext" -out "$tmp/crt" 2>/dev/null
install -m 0644 "$tmp/crt" "$dir/portal.crt"
PROG
chmod 0755 /usr/local/sbin/issue-certificate
cat > /usr/local/share/doc/certificates.txt <<'DOC'
Certificates
============
/etc/ssl/company has the CA (ca.crt, ca.key) and the portal's key and certificate.
issue-certificate DAYS writes a new portal.crt. The rule is 90 days.
nginx reads a certificate when it starts or reloads.
DOC
chmod 0644 /usr/local/share/doc/certificates.txt
cp "$dir/ca.crt" /usr/local/share/ca-certificates/company.crt
chmod 0644 /usr/local/share/ca-certificates/company.crt
update-ca-certificates >/dev/null 2>&1
/usr/local/sbin/issue-certificate 90
cat > /etc/nginx/sites-available/portal <<'SITE'
server {
	listen 443 ssl;
	server_name portal.example.test;
	root /var/www/html;
	index index.nginx-debian.html;
	ssl_certificate /etc/ssl/company/portal.crt;
	ssl_certificate_key /etc/ssl/company/portal.key;
}
SITE
chmod 0644 /etc/nginx/sites-available/portal
ln -sf ../sites-available/portal /etc/nginx/sites-enabled/portal
systemctl reload-or-restart nginx
i=0
until curl -ks -o /dev/null https://127.0.0.1/; do
	i=$((i + 1)); [ "$i" -lt 100 ] || exit 1
	sleep 0.1
done
