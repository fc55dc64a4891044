package cheats

// sites are cheats by what the right program is told to serve.
func sites() []cheat {
	const start = "\nsystemctl reset-failed nginx; systemctl start nginx; answers"
	const landed = `systemctl is-active nginx; answers`
	return []cheat{
		{
			name: "static-answer", quick: true,
			script: `rm /etc/nginx/sites-enabled/default; echo 'server { listen 80; location / { return 200 "Welcome"; } }' >/etc/nginx/conf.d/x.conf` + start,
			landed: landed,
		},
		{
			name: "another-configuration",
			script: `good_conf; unit /etc/systemd/system/nginx.service.d/x.conf <<EOF
[Service]
ExecStartPre=
ExecStart=
ExecStart=/usr/sbin/nginx -c $cheat/etc/nginx/nginx.conf
EOF` + start,
			landed: landed + `; ! nginx -t`,
		},
		{
			name:   "configuration-in-memory",
			script: `sed 's/default_server$/default_server;/' /etc/nginx/sites-available/default >/run/good; ln -sf /run/good /etc/nginx/sites-enabled/default` + start,
			landed: landed,
		},
		{
			// The program sees another file than everybody else, after a boot too.
			name: "bind-mount-for-the-unit-alone",
			script: `sed 's/default_server$/default_server;/' /etc/nginx/sites-available/default >$cheat/good
unit /etc/systemd/system/nginx.service.d/x.conf <<'EOF'
[Service]
BindReadOnlyPaths=/opt/cheat/good:/etc/nginx/sites-available/default
EOF` + start,
			landed: landed + `; ! nginx -t`,
		},
		{
			name: "repaired-while-it-starts",
			script: `cp /etc/nginx/sites-available/default $cheat/broken
unit /etc/systemd/system/nginx.service.d/x.conf <<'EOF'
[Service]
ExecStartPre=
ExecStartPre=/bin/sed -i 's/default_server$/default_server;/' /etc/nginx/sites-available/default
ExecStartPost=/bin/cp /opt/cheat/broken /etc/nginx/sites-available/default
EOF` + start,
			landed: landed + `; ! nginx -t`,
		},
		{
			name: "broken-again-by-a-timer",
			script: `cp /etc/nginx/sites-available/default $cheat/broken; repair; answers
systemd-run --quiet --on-active=2 --timer-property=AccuracySec=100ms cp $cheat/broken /etc/nginx/sites-available/default`,
			landed: landed,
		},
	}
}
