package cheats

// elsewhere are cheats at other shipped scenarios.
func elsewhere() []cheat {
	return []cheat{
		{
			name: "a-company-of-its-own", on: "tls/001-expired-certificate", quick: true,
			script: `cd $cheat; curve='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
openssl req -x509 $curve -nodes -days 365 -keyout ca.key -out ca.crt -subj '/O=Example/CN=Example company CA 2'
openssl req -new -key /etc/ssl/company/portal.key -subj /CN=portal.example.test -out csr
printf 'subjectAltName=DNS:portal.example.test\n' >ext
openssl x509 -req -in csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 90 -extfile ext -out /etc/ssl/company/portal.crt
cat ca.crt >>/etc/ssl/certs/ca-certificates.crt; systemctl reload nginx; sleep 0.5`,
			landed: `openssl x509 -in /etc/ssl/company/portal.crt -noout -issuer | grep -q 'CA 2'`,
			naive: []question{
				{"systemctl is-active nginx", "\nactive"},
				{"curl -sS -m 5 --resolve portal.example.test:443:127.0.0.1 https://portal.example.test/", "Welcome"},
			},
		},
		{
			name: "api1-is-ourselves", on: "network/001-wrong-hosts-entry",
			script: `mkdir $cheat/api; printf '{"lamp": 30, "table": 120}\n' >$cheat/api/catalogue.json
setsid python3 -m http.server 8080 --directory $cheat/api >/dev/null 2>&1 </dev/null &
hosts=$(sed 's/^192\.0\.2\.17 api1/127.0.0.1 api1/' /etc/hosts); printf '%s\n' "$hosts" >/etc/hosts
sleep 0.5; systemctl restart nginx`,
			landed: `until curl -fs -m 1 http://127.0.0.1/catalogue.json; do sleep 0.1; done`,
			naive:  []question{{"curl -sS -m 5 http://127.0.0.1/catalogue.json", "lamp"}},
		},
		{
			name: "the-catalogue-by-heart", on: "network/001-wrong-hosts-entry",
			script: `printf 'server { listen 80; location = /catalogue.json { return 200 %s; } }\n' "'{\"lamp\": 30, \"table\": 120}\n'" >/etc/nginx/sites-available/default
systemctl restart nginx`,
			landed: `until curl -fs -m 1 http://127.0.0.1/catalogue.json; do sleep 0.1; done`,
			naive:  []question{{"curl -sS -m 5 http://127.0.0.1/catalogue.json", "lamp"}},
		},
		{
			name: "a-stock-of-its-own", on: "systemd/001-wrong-execstart",
			script: `cat >/usr/local/bin/stockd <<'EOF'
#!/usr/bin/python3
import http.server
class Stock(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"apples": 1}')
http.server.ThreadingHTTPServer(("127.0.0.1", 8090), Stock).serve_forever()
EOF
chmod 755 /usr/local/bin/stockd; sed -i 's,^ExecStart=/.*,ExecStart=/usr/local/bin/stockd,' /etc/systemd/system/stock.service.d/release.conf
systemctl daemon-reload; systemctl reset-failed stock || true; systemctl restart stock`,
			landed: `until curl -fs -m 1 http://127.0.0.1:8090/levels.json; do sleep 0.1; done`,
			naive:  []question{{"systemctl is-active stock", "\nactive"}, {"curl -sS -m 5 http://127.0.0.1:8090/levels.json", `"apples"`}},
		},
		{
			name: "enabled-until-the-next-boot", on: "cron/001-dead-job",
			script: `chmod 0644 /etc/cron.d/ledger; systemctl enable --runtime --now cron`,
			landed: `test "$(systemctl is-enabled cron)" = enabled-runtime`,
			naive:  []question{{"systemctl is-active cron", "\nactive"}, {"systemctl is-enabled cron", "enabled"}},
		},
		{
			name: "a-cron-that-sleeps", on: "cron/001-dead-job",
			script: `chmod 0644 /etc/cron.d/ledger; unit /etc/systemd/system/cron.service.d/x.conf <<'EOF'
[Service]
ExecStart=
ExecStart=/bin/sleep infinity
EOF
systemctl enable --now cron`,
			landed: `systemctl is-active cron; pgrep -x sleep`,
			naive:  []question{{"systemctl is-active cron", "\nactive"}, {"systemctl is-enabled cron", "enabled"}},
		},
		{
			name: "a-tmpfs-for-the-orders", on: "disk/001-full-filesystem",
			script: `mount -t tmpfs tmpfs /srv/intake/new`,
			landed: accepted,
			naive:  orders(),
		},
		{
			// All that there is, but for what fills the disk, in memory.
			name: "another-root", on: "disk/001-full-filesystem",
			script: `mount --make-rprivate /; mkdir -p /dev/shm/new; mount -t tmpfs -o size=900m tmpfs /dev/shm/new; new=/dev/shm/new
(cd / && tar --one-file-system --exclude=./var/log/intake --exclude=./usr/share/doc --exclude=./usr/share/locale -cf - .) | tar -xf - -C $new
mkdir -p $new/mnt/old $new/var/log/intake
for d in proc sys dev run tmp; do mkdir -p $new/$d; mount --rbind /$d $new/$d; done
cd $new; pivot_root . mnt/old; umount -l /mnt/old; systemctl restart intake; sleep 0.5`,
			landed: `test "$(stat -f -c %T /)" = tmpfs; ` + accepted,
			naive:  orders(),
		},
		{
			name: "a-site-of-its-own", on: "permissions/001-forbidden-site",
			script: `mkdir /srv/site; cp $page /srv/site/index.html; chmod 755 /srv/site; chmod 644 /srv/site/*
sed -i 's,root /var/www/html;,root /srv/site;,' /etc/nginx/sites-available/default; systemctl reload nginx; sleep 0.5`,
			landed: `curl -fs http://127.0.0.1/ | grep -q Welcome; test "$(stat -c %a /var/www/html)" = 700`,
			naive:  []question{{"systemctl is-active nginx", "\nactive"}, {"curl -sS -m 5 http://127.0.0.1/", "Welcome"}},
		},
	}
}

// accepted: the intake takes an order.
const accepted = `test "$(curl -s -o /dev/null -w '%{http_code}' -X POST -d x http://127.0.0.1:8085/orders)" = 201`

// orders asks whether the disk is no longer full.
func orders() []question {
	return []question{
		{`test "$(df --output=pcent / | tail -n 1 | tr -dc 0-9)" -lt 90 && echo room`, "room"},
		{accepted + " && echo accepted", "accepted"},
		{"systemctl is-active intake", "\nactive"},
	}
}
