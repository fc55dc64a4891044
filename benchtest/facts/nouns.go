package facts

// The table of nouns, by the kind of thing they are about. Names are those of
// goss where goss has them.

// timeoutParam is the limit of everything that waits for an answer.
func timeoutParam() Param {
	return Param{"timeout", TypeString, `how long to wait, for instance "5s"; at most the request's limit`}
}

func unitNouns() []Noun {
	return []Noun{
		{
			Name: NounService, Doc: "a systemd unit", Subject: `unit name; "nginx" means nginx.service`,
			Attrs: []Attr{
				{"running", TypeBool, "active, and its main process is really there, in the unit's cgroup"},
				{"enabled", TypeBool, "started at boot by its own [Install] section, or generated; static and linked units are not"},
				{"masked", TypeBool, "masked, also for this boot only"},
				{"failed", TypeBool, "in the state failed"},
				{"restarts", TypeInt, "automatic restarts since it was last started by hand"},
				{"main-pid", TypeInt, "PID of the main process; 0 when there is none"},
				{"since", TypeTime, "since when it is active; null when it is not"},
				{"program", TypeString, "executable of its main process, with a note when that is not the file at its path, is traced, or runs code that came after healthy; null when none can be seen"},
				{"witness", TypeString, "executable of who answered for systemd; null when nobody did, or when it cannot be seen"},
			},
		},
		{
			Name: NounProcess, Doc: "the processes of one name", Subject: "command name or the base name of the executable: nginx",
			Attrs: []Attr{
				{"running", TypeBool, "at least one lives (zombies do not)"},
				{"count", TypeInt, "how many live"},
				{"user", TypeList, "the users they run as, each once"},
				{"args", TypeList, "their command lines, each once, arguments joined by a space"},
				{"program", TypeList, "their executables, each once, with such a note as a service's"},
				{"pid-stable", TypeString, "identity of the oldest, PID@START: unchanged-since CHECKPOINT says that it was never restarted; null when none lives"},
			},
		},
		{
			Name: NounPort, Doc: "a listening socket", Subject: `port number, 80 or "tcp:80", "tcp6:80", "udp:53", "udp6:53"; without tcp6/udp6 both families count`,
			Attrs: []Attr{
				{"listening", TypeBool, "somebody listens (tcp) or is bound (udp)"},
				{"ip", TypeList, "the addresses it listens on"},
				{"process", TypeString, "name of the oldest process that holds the socket; null when none can be seen"},
				{"program", TypeList, "executables of the oldest process of each socket, each once"},
			},
		},
	}
}

func fileNouns() []Noun {
	return []Noun{
		{
			Name: NounFile, Doc: "a file, directory or anything else with a path", Subject: "absolute path",
			Attrs: []Attr{
				{"exists", TypeBool, "something is at the path, be it a dangling link"},
				{"filetype", TypeString, "file, directory, symlink, fifo, socket, character-device or block-device"},
				{"mode", TypeString, `permissions as octal digits with a leading zero: "0644", "04755"`},
				{"owner", TypeString, "user name; the number where it has none"},
				{"group", TypeString, "group name; the number where it has none"},
				{"size", TypeInt, "bytes"},
				{"linked-to", TypeString, "what a symlink says; null for anything else"},
				{"contents", TypeText, "the text, links followed; of a binary each run of other bytes is one U+FFFD; null when it is no regular file"},
				{"sha256", TypeString, "digest of the whole contents, links followed; null when it is no regular file or larger than 256 MiB"},
				{"mtime", TypeTime, "last modification"},
			},
		},
		{
			Name: NounMount, Doc: "a mount point", Subject: "absolute path",
			Attrs: []Attr{
				{"exists", TypeBool, "something is mounted exactly there"},
				{"source", TypeString, "device or other source"},
				{"filesystem", TypeString, "type: ext4, tmpfs"},
				{"options", TypeList, "mount options and those of the file system"},
				{"usage", TypeNumber, "space in use, percent, as df counts it"},
				{"inodes", TypeNumber, "inodes in use, percent"},
			},
		},
		{
			Name: NounCertificate, Doc: "an X.509 certificate", Subject: "path of a PEM file, or tls://HOST:PORT",
			Attrs: []Attr{
				{"subject", TypeString, "distinguished name, RFC 2253"},
				{"san", TypeList, "alternative names: DNS names, addresses, mails, URIs"},
				{"days-left", TypeInt, "whole days until it expires; negative when it has"},
				{"chain", TypeBool, "it verifies, now, with what comes with it, against the machine's CA bundle"},
			},
			Params: []Param{
				{"host", TypeString, "name to send and to verify; default the HOST of tls://HOST:PORT, none for a file"},
				timeoutParam(),
			},
		},
	}
}

func networkNouns() []Noun {
	return []Noun{
		{
			Name: NounHTTP, Doc: "one HTTP exchange, from the machine itself", Subject: "URL",
			Attrs: []Attr{
				{"status", TypeInt, "status code; 0 when there was no answer"},
				{"headers", TypeList, `"Name: value", names in canonical form, sorted`},
				{"body", TypeText, "the body"},
				{"latency", TypeNumber, "milliseconds until the whole (bounded) body was there"},
				{"program", TypeString, "executable of the process that answered, where that is one of this machine; else null"},
				{"certificate", TypeMap, "subject, issuer, san, days-left of the server's certificate; null without TLS"},
			},
			Params: []Param{
				{"method", TypeString, "default GET"},
				{"headers", TypeMap, "request headers: name to value"},
				{"body", TypeString, "request body"},
				{"insecure", TypeBool, "accept any certificate"},
				{"no-follow", TypeBool, "do not follow redirects"},
				{"host", TypeString, "Host header and TLS server name"},
				timeoutParam(),
			},
		},
		{
			Name: NounAddr, Doc: "a remote address", Subject: "tcp://HOST:PORT or udp://HOST:PORT",
			Attrs:  []Attr{{"reachable", TypeBool, "a connection can be opened"}},
			Params: []Param{timeoutParam()},
		},
		{
			Name: NounDNS, Doc: "a host name", Subject: "name",
			Attrs: []Attr{
				{"resolvable", TypeBool, "it has at least one address"},
				{"addrs", TypeList, "its addresses, sorted"},
			},
			Params: []Param{{"server", TypeString, "name server to ask instead of the machine's: HOST or HOST:PORT"}, timeoutParam()},
		},
		{
			Name: NounInterface, Doc: "a network interface", Subject: "name: eth0",
			Attrs: []Attr{
				{"addresses", TypeList, "addresses with prefix length: 10.0.0.2/24; empty when it is not there"},
				{"mtu", TypeInt, "bytes; null when it is not there"},
			},
		},
	}
}

func systemNouns() []Noun {
	return []Noun{
		{
			Name: NounCommand, Doc: "a command of the guest's own; the fact is guest-run", Subject: "command line, run by /bin/sh -c as the rule's user",
			Attrs: []Attr{
				{"exit-status", TypeInt, "exit status; -1 when a signal or the limit ended it"},
				{"stdout", TypeText, "standard output"},
				{"stderr", TypeText, "standard error"},
			},
			Params: []Param{timeoutParam()},
		},
		{
			Name: NounPackage, Doc: "a package of the distribution", Subject: "package name",
			Attrs: []Attr{
				{"installed", TypeBool, "unpacked and configured"},
				{"versions", TypeList, "installed versions, one an architecture"},
			},
		},
		{
			Name: NounUser, Doc: "an account in /etc/passwd", Subject: "user name",
			Attrs: []Attr{
				{"exists", TypeBool, "it is there"},
				{"uid", TypeInt, "number"},
				{"gid", TypeInt, "number of the primary group"},
				{"groups", TypeList, "names of all its groups, sorted"},
				{"home", TypeString, "home directory"},
				{"shell", TypeString, "login shell"},
			},
		},
		{
			Name: NounGroup, Doc: "a group in /etc/group", Subject: "group name",
			Attrs: []Attr{{"exists", TypeBool, "it is there"}, {"gid", TypeInt, "number"}},
		},
		{
			Name: NounKernelParam, Doc: "a kernel parameter", Subject: "sysctl name: net.ipv4.ip_forward",
			Attrs: []Attr{{"value", TypeString, "its value, fields separated by single spaces; null when there is no such parameter"}},
		},
		{
			Name: NounJournal, Doc: "the entries of a unit in the journal", Subject: `unit name; "nginx" means nginx.service; "" or "*" means every entry`,
			Attrs: []Attr{{"count", TypeInt, "entries whose message matches"}},
			Params: []Param{
				{"pattern", TypeString, "RE2 that the message must match; default every message"},
				{"since", TypeString, "checkpoint (healthy, faulted, after, held), RFC 3339 time or unix seconds; default the beginning"},
			},
		},
		{
			Name: NounCron, Doc: "what is scheduled", Subject: `a user's name, "system" (crontab, cron.d and systemd timers), or the path of a crontab`,
			Attrs: []Attr{{"entries", TypeList, `crontab lines as written, spaces squeezed; timers as "TIMER: OnCalendar=... Unit=..."`}},
		},
	}
}

func driverNouns() []Noun {
	attrs := func() []Attr {
		return []Attr{
			{"holds", TypeBool, "it ended as it must"},
			{"exit-status", TypeInt, "exit status"},
			{"stdout", TypeText, "what it printed"},
		}
	}
	return []Noun{
		{Name: NounAnsible, Driver: true, Doc: "validate.yml ends with no failed host", Subject: "the playbook's file name", Attrs: attrs()},
		{Name: NounScript, Driver: true, Doc: "validate.sh exits 0", Subject: "the script's file name", Attrs: attrs()},
	}
}

// InternalNouns are those that are no part of the vocabulary.
func InternalNouns() []Noun {
	return []Noun{{
		Name: NounIntegrity, Doc: "files of packages, conffiles apart, that are not as the package has them", Subject: SubjectPackages,
		Attrs: []Attr{{"changed", TypeList, `"PACKAGE PATH: what is there", sorted; only what changed since the template was built, or since healthy where that cannot be told`}},
	}}
}
