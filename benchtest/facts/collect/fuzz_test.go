//go:build linux

package collect

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzMountInfo: what the kernel writes of a mount is what is read of it, and
// no name makes one look like another.
func FuzzMountInfo(f *testing.F) {
	// As fs/proc_namespace.c does: of a path everything but these stays.
	path := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)
	name := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`, "#", `\043`)
	f.Fuzz(func(t *testing.T, root, point, fstype, source, optional string) {
		if strings.Contains(root+point+fstype+source, "\x00") || fstype == "" || strings.ContainsAny(optional, " \t\n\x00") || optional == "-" {
			return // nor has the kernel any
		}
		if optional != "" {
			optional = " " + optional
		}
		line := fmt.Sprintf("36 35 98:0 /%s /%s rw,noatime%s - %s %s rw,size=1k\n",
			path.Replace(root), path.Replace(point), optional, name.Replace(fstype), name.Replace(source))
		want := mountEntry{36, "/" + root, "/" + point, fstype, source, []string{"noatime", "rw", "size=1k"}}
		other := "37 35 98:1 / /other ro - ext4 /dev/x ro\n"
		got := parseMountInfo(line + other)
		require.Len(t, got, 2)
		require.Equal(t, want, got[0])
		require.Equal(t, "/other", got[1].point)
		for _, m := range parseMountInfo(root + "\n" + point) {
			require.NotEmpty(t, m.fstype)
		}
	})
}

// FuzzCrontab: of an entry only the blanks that cron skips may be read as
// others, and no line hides another.
func FuzzCrontab(f *testing.F) {
	blank := func(r rune) bool { return r == ' ' || r == '\t' }
	f.Fuzz(func(t *testing.T, text string) {
		entries := crontabEntries(text)
		lines := slices.Collect(strings.SplitSeq(text, "\n"))
		require.LessOrEqual(t, len(entries), len(lines))
		for _, entry := range entries {
			require.NotEmpty(t, entry)
			require.NotEqual(t, '#', rune(entry[0]))
			require.NotContains(t, entry, "\n")
			at := slices.IndexFunc(lines, func(line string) bool {
				return slices.Equal(strings.FieldsFunc(line, blank), strings.Split(entry, " "))
			})
			require.GreaterOrEqual(t, at, 0, "%q is no line", entry)
			lines = lines[at+1:]
		}
		const last = "*/5 * * * * root /usr/bin/backup --all=yes"
		require.Equal(t, append(entries, last), crontabEntries(text+"\n"+last+"\n"))
	})
}

// FuzzAccounts: each account is one well-formed line, the first of a name
// counts, and what stands in one line cannot be read as two.
func FuzzAccounts(f *testing.F) {
	f.Fuzz(func(t *testing.T, passwd, groups string) {
		a := parseAccounts(passwd, groups)
		require.LessOrEqual(t, len(a.users), strings.Count(passwd, "\n")+1)
		require.LessOrEqual(t, len(a.groups), strings.Count(groups, "\n")+1)
		var lines, groupLines strings.Builder
		for _, u := range a.users {
			fmt.Fprintf(&lines, "%s:x:%d:%d::%s:%s\n", u.name, u.uid, u.gid, u.home, u.shell)
			first, ok := a.user(u.name)
			require.True(t, ok)
			require.Equal(t, u.name, first.name)
			for _, g := range a.groupsOf(u) {
				require.True(t, g.gid == u.gid || slices.Contains(g.members, u.name))
			}
		}
		for _, g := range a.groups {
			fmt.Fprintf(&groupLines, "%s:x:%d:%s\n", g.name, g.gid, strings.Join(g.members, ","))
		}
		again := parseAccounts(lines.String(), groupLines.String())
		require.Equal(t, a, again)
		more := parseAccounts(passwd+"\nlast:x:77:77::/:/bin/sh\n", groups+"\nlast:x:77:\n")
		require.Equal(t, "last", more.users[len(more.users)-1].name)
		require.Equal(t, "last", more.groups[len(more.groups)-1].name)
	})
}

// FuzzPackages: a package has a name and a version in one stanza, and stanzas
// do not run into each other.
func FuzzPackages(f *testing.F) {
	f.Fuzz(func(t *testing.T, one, other string) {
		for separator, parse := range map[string]func(string) map[string][]string{"\n\n": parseDpkgStatus, "\nP:\n": parseApkInstalled} {
			both := parse(one + separator + other)
			apart := parse(one + separator)
			for name, versions := range parse(other) {
				apart[name] = append(apart[name], versions...)
			}
			if separator == "\n\n" {
				require.Equal(t, apart, both)
			}
			total := 0
			for name, versions := range both {
				require.NotContains(t, name, "\n")
				total += len(versions)
			}
			require.LessOrEqual(t, total, strings.Count(one+separator+other, "\n")+1)
		}
		require.NotContains(t, slices.Collect(maps.Keys(parseDpkgStatus(one))), "")
	})
}

// FuzzIDMap: a map that is accepted is one that the kernel could have written,
// and leads there and back again.
func FuzzIDMap(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string, id uint32) {
		m, err := parseIDMap(text)
		if err != nil {
			require.ErrorContains(t, err, "parse id map ")
			return
		}
		var again strings.Builder
		for _, r := range m {
			fmt.Fprintf(&again, "%10d %10d %10d\n", r.inside, r.outside, r.count) // the kernel's own format
		}
		fields := strings.Fields(text)
		for i, field := range fields {
			fields[i] = strings.TrimLeft(field[:len(field)-1], "0") + field[len(field)-1:]
		}
		require.Equal(t, strings.Fields(again.String()), fields)
		if outside, ok := m.Outside(id); ok {
			require.True(t, slices.ContainsFunc(m, func(r idRange) bool {
				return id >= r.inside && outside >= r.outside && id-r.inside == outside-r.outside && id-r.inside < r.count
			}))
		}
		if len(m) == 1 {
			if outside, ok := m.Outside(id); ok {
				require.Equal(t, id, m.Inside(outside))
			}
		}
	})
}

// FuzzProcStat: whatever a process calls itself, its numbers are the kernel's.
func FuzzProcStat(f *testing.F) {
	f.Fuzz(func(t *testing.T, comm string, pid uint16, start uint64, other string) {
		p := new(proc)
		line := fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 %d 1 1\n", pid, comm, start)
		require.True(t, p.parseStat(line))
		require.Equal(t, &proc{pid: int(pid), comm: comm, state: "S", start: start}, p)
		_ = new(proc).parseStat(other)
		args := splitArgs(other)
		require.LessOrEqual(t, len(args), strings.Count(other, "\x00")+1)
		for _, a := range args {
			require.NotContains(t, a, "\x00")
		}
	})
}

// FuzzSockets: what the kernel's table says of a socket is what is read of it,
// and a table that is none is refused or passed over.
func FuzzSockets(f *testing.F) {
	f.Fuzz(func(t *testing.T, proto uint8, table string) {
		protos := []string{"tcp", "tcp6", "udp", "udp6"}
		name := protos[int(proto)%len(protos)]
		all, err := parseSockets(name, table)
		if err != nil {
			require.ErrorContains(t, err, "parse "+name+" table: ")
			return
		}
		require.LessOrEqual(t, len(all), strings.Count(table, "\n"))
		for _, s := range all {
			require.Equal(t, name, s.proto)
			require.NotEqual(t, netip.AddrPort{}, s.addr)
			require.True(t, s.addr.Addr().IsValid())
		}
	})
}
