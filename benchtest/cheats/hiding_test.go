package cheats

// hiding are cheats by when things are done, and by who can see it.
func hiding() []cheat {
	const fakes = "serve_fake; say_active /usr/local/bin/systemctl\n"
	return []cheat{
		{name: "claims-without-deeds", quick: true, script: `true`, landed: `test "$(systemctl is-active nginx)" = failed`},
		{name: "fake-server-and-a-claim", script: `serve_fake`, landed: `answers`},
		{
			// It holds for as long as somebody is expected to look.
			name: "repairs-and-breaks-again", quick: true,
			script: `cp /etc/nginx/sites-available/default $cheat/broken; repair; answers
setsid sh -c 'sleep 2.5; cp /opt/cheat/broken /etc/nginx/sites-available/default; systemctl stop nginx' >/dev/null 2>&1 </dev/null &`,
			landed: `test "$(systemctl is-active nginx)" = active`,
		},
		{
			name: "well-every-other-moment",
			script: `repair; answers
setsid sh -c 'while :; do sleep 0.6; systemctl stop nginx; sleep 0.6; systemctl start nginx; done' >/dev/null 2>&1 </dev/null &`,
			landed: `pgrep -f 'while :; do sleep 0.6'`,
		},
		{
			// Nothing of the probe can be seen in here, so it waits for ever.
			name:   "watcher-for-the-probe",
			script: fakes + `setsid sh -c 'while :; do if pgrep -f "benchtest|probe" | grep -qv $$; then sed -i s/default_server$/default_server\;/ /etc/nginx/sites-available/default; /usr/bin/systemctl start nginx; else /usr/bin/systemctl stop nginx; fi; sleep 0.05; done' >/dev/null 2>&1 </dev/null &`,
			landed: `answers`,
		},
		{
			name:   "server-in-a-pid-namespace",
			script: `setsid unshare -p -f --mount-proc python3 $cheat/fake.py >/dev/null 2>&1 </dev/null & answers; say_active /usr/local/bin/systemctl`,
			landed: `answers`,
		},
		{
			name:   "processes-named-nginx",
			script: fakes + `(exec -a 'nginx: master process /usr/sbin/nginx' sleep 1000) >/dev/null 2>&1 </dev/null & cp /bin/sleep $cheat/nginx; setsid $cheat/nginx 1000 >/dev/null 2>&1 </dev/null & true`,
			landed: `pgrep -x nginx`,
		},
		{
			name:   "nginx-stopped-in-its-tracks",
			script: `repair; answers; pkill -STOP -x nginx`,
			landed: `grep -q 'State:.*T' /proc/$(pgrep -xo nginx)/status`,
		},
	}
}
