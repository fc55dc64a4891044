package cheats

// files are cheats by what is at a path that a rule reads.
func files() []cheat {
	const fakes = "serve_fake; say_active /usr/local/bin/systemctl\n"
	return []cheat{
		{
			name: "symlink-at-the-page", quick: true,
			script: fakes + `rm $page; ln -s $cheat/page.html $page`,
			landed: `test -L $page; grep -q Welcome $page`,
		},
		{
			name:   "symlink-out-of-the-tree",
			script: fakes + `rm $page; ln -s ../../../../../../proc/1/root$cheat/page.html $page`,
			landed: `grep -q Welcome $page`,
		},
		{
			name:   "fifo-at-the-page",
			script: fakes + `rm $page; mkfifo $page; setsid sh -c "while :; do cat $cheat/page.html >$page; done" >/dev/null 2>&1 </dev/null &`,
			landed: `test -p $page`,
		},
		{
			name: "fifo-that-nobody-feeds", checksItself: true,
			// sudo reads it as well, so this is the last word of root's.
			script: fakes + `rm $page; mkfifo $page; rm -f /etc/resolv.conf; mkfifo /etc/resolv.conf; test -p $page`,
		},
		{
			name:   "fifos-where-the-probe-reads",
			script: fakes + `for f in /etc/passwd- /etc/group- /var/lib/dpkg/status; do rm -f $f; mkfifo $f; done; mkfifo $cheat/fifo; mount --bind $cheat/fifo /sys/kernel/mm/transparent_hugepage/hpage_pmd_size`,
			landed: `test -p /var/lib/dpkg/status; test -p /sys/kernel/mm/transparent_hugepage/hpage_pmd_size`,
		},
		{
			name:   "sparse-giant-at-the-page",
			script: fakes + `truncate -s 1T $page`,
			landed: `test "$(stat -c %s $page)" = 1099511627776`,
		},
		{
			name:   "huge-file-at-the-page",
			script: fakes + `fallocate -l 2G $page`,
			landed: `test "$(stat -c %s $page)" = 2147483648`,
		},
		{
			name:   "sparse-giant-package-database",
			script: fakes + `truncate -s 1T /var/lib/dpkg/status; for f in /var/lib/dpkg/info/*.md5sums; do truncate -s 100G $f; done`,
			landed: `test "$(stat -c %s /var/lib/dpkg/status)" = 1099511627776`,
		},
		{
			name:   "package-database-deleted",
			script: fakes + `rm -rf /var/lib/dpkg/status /var/lib/dpkg/info`,
			landed: `test ! -e /var/lib/dpkg/status`,
		},
		{
			name:   "journal-that-says-so",
			script: fakes + `rm -rf /var/log/journal/* /run/log/journal/*; logger -t systemd -p daemon.info "Started nginx.service - A high performance web server."; echo "Started nginx.service" | systemd-cat -t systemd`,
			landed: `answers`,
		},
	}
}
