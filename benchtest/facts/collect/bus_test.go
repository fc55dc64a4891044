//go:build linux

package collect

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	dbus "github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// A fakeSystemd answers on a Unix socket as systemd does. answers maps
// "UNIT.PROPERTY" and "METHOD" to values; anything else is an error.
type fakeSystemd struct {
	answers map[string]any
	reject  bool // hang up on whoever greets
}

func (f *fakeSystemd) listen(t *testing.T) string {
	t.Helper()
	// Names of Unix sockets are short; directories of tests may be long.
	dir, err := os.MkdirTemp("", "bus") //nolint:usetesting // t.TempDir has the name of the test in it
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(conn)
		}
	}()
	return l.Addr().String()
}

func (f *fakeSystemd) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	identity := hex.EncodeToString([]byte(strconv.Itoa(os.Getuid())))
	if err != nil || f.reject || line != "\x00AUTH EXTERNAL "+identity+"\r\n" {
		_, _ = conn.Write([]byte("REJECTED EXTERNAL\r\n"))
		return
	}
	_, _ = conn.Write([]byte("OK 0123456789abcdef\r\n"))
	if line, err = r.ReadString('\n'); err != nil || line != "BEGIN\r\n" {
		return
	}
	for serial := uint32(1); ; serial++ {
		msg, err := dbus.DecodeMessage(r)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := f.reply(msg).EncodeTo(&out, binary.LittleEndian); err != nil {
			panic(err)
		}
		binary.LittleEndian.PutUint32(out.Bytes()[8:], serial)
		if _, err := conn.Write(out.Bytes()); err != nil {
			return
		}
	}
}

func (f *fakeSystemd) reply(msg *dbus.Message) *dbus.Message {
	path := string(msg.Headers[dbus.FieldPath].Value().(dbus.ObjectPath))
	question := msg.Headers[dbus.FieldMember].Value().(string)
	if question == "Get" {
		unit := path[strings.LastIndexByte(path, '/')+1:]
		for escaped, plain := range map[string]string{"_2e": ".", "_2d": "-", "_40": "@"} {
			unit = strings.ReplaceAll(unit, escaped, plain)
		}
		question = unit + "." + msg.Body[1].(string)
	}
	headers := map[dbus.HeaderField]dbus.Variant{dbus.FieldReplySerial: dbus.MakeVariant(msg.Serial())}
	value, ok := f.answers[question]
	if !ok {
		headers[dbus.FieldErrorName] = dbus.MakeVariant("test.NoAnswer")
		headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(""))
		return &dbus.Message{Type: dbus.TypeError, Headers: headers, Body: []any{question}}
	}
	if msg.Headers[dbus.FieldMember].Value() == "Get" {
		value = dbus.MakeVariant(value)
	}
	headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(value))
	return &dbus.Message{Type: dbus.TypeMethodReply, Headers: headers, Body: []any{value}}
}

// addUnit makes the fake answer for a unit.
func (f *fakeSystemd) addUnit(name, load, active, sub, files string, pid uint32) {
	since := uint64(0)
	if active == "active" {
		since = 1_767_323_045_000_006
	}
	start := []execCommand{}
	if pid != 0 {
		start = []execCommand{{Path: "/usr/sbin/nginx", Args: []string{"nginx"}}}
	}
	for property, value := range map[string]any{
		"LoadState": load, "ActiveState": active, "SubState": sub, "UnitFileState": files,
		"ActiveEnterTimestamp": since, "MainPID": pid, "NRestarts": uint32(2),
		"ControlGroup": "/system.slice/" + name, "ExecStart": start,
	} {
		f.answers[name+"."+property] = value
	}
}

// serviceEnv is a machine with a systemd that says f's answers, and processes
// that do not all agree.
func serviceEnv(t *testing.T, f *fakeSystemd) *Env {
	t.Helper()
	proc := map[string]string{"self/mountinfo": ""}
	fakeProcess(proc, "40", "nginx", "/nowhere/nginx", "nginx", "0", "10")
	fakeProcess(proc, "41", "nginx", "/nowhere/nginx", "nginx", "0", "10")
	fakeProcess(proc, "42", "sh", "/nowhere/dash", "sh /usr/sbin/nginx", "0", "10")
	fakeProcess(proc, "43", "nginx", "/nowhere/nginx", "nginx", "0", "10")
	proc["40/cgroup"] = "9:name=systemd:/outer/system.slice/nginx.service\n8:pids:/x\n0::/outer/system.slice/nginx.service\n"
	proc["41/cgroup"] = "0::/user.slice/user-0.slice/session-1.scope\n"
	proc["43/cgroup"] = "0::/system.slice/claimed.service\n"
	proc["42/cgroup"] = "0::/system.slice/script.service\n"
	e := testEnv(t, map[string]string{
		"run/systemd/system/": "",
		"etc/passwd":          passwdFile,
		"var/lib/dpkg/status": "",
		"etc/systemd/system/multi-user.target.wants/nginx.service":   "->/lib/systemd/system/nginx.service",
		"etc/systemd/system/multi-user.target.wants/oneshot.service": "->/lib/systemd/system/oneshot.service",
		"etc/systemd/system/multi-user.target.wants/idle.service":    "->/lib/systemd/system/idle.service",
		"etc/systemd/system/default.target.requires/gone.service":    "->/lib/systemd/system/gone.service",
		"etc/systemd/system/alias.service":                           "->/lib/systemd/system/broken.service",
		"lib/systemd/system/unloaded.service":                        "",
		"lib/systemd/system/idle.service":                            "",
		"lib/systemd/system/getty@.service":                          "",
		"etc/systemd/system/hidden.service":                          "->/dev/null",
	}, proc)
	e.SystemdSocket = f.listen(t)
	e.BusSocket = e.SystemdSocket + ".none"
	return e
}

func TestService(t *testing.T) {
	t.Parallel()
	f := &fakeSystemd{answers: map[string]any{}}
	f.addUnit("nginx.service", "loaded", "active", "running", "enabled", 40)
	f.addUnit("gone.service", "loaded", "active", "running", "enabled", 99)
	f.addUnit("elsewhere.service", "loaded", "active", "running", "disabled", 41)
	f.addUnit("script.service", "loaded", "active", "running", "static", 42)
	f.addUnit("oneshot.service", "loaded", "active", "exited", "enabled", 0)
	f.addUnit("empty.service", "loaded", "active", "running", "enabled-runtime", 0)
	f.addUnit("claimed.service", "loaded", "active", "running", "enabled", 43)
	f.addUnit("borrowed.service", "loaded", "active", "running", "disabled", 40)
	f.answers["borrowed.service.ControlGroup"] = "/system.slice/nginx.service"
	f.addUnit("broken.service", "loaded", "failed", "failed", "enabled", 0)
	f.addUnit("hidden.service", "masked", "inactive", "dead", "masked", 0)
	f.addUnit("nope.service", "not-found", "inactive", "dead", "", 0)
	f.addUnit("daily.timer", "loaded", "active", "waiting", "enabled", 0)
	e := serviceEnv(t, f)
	const real = "/nowhere/nginx"
	const since = "2026-01-02T03:04:05.000006Z"
	tests := []struct {
		name, subject                    string
		running, enabled, masked, failed bool
		pid                              float64
		since                            any
		raw                              string
		program                          any
	}{
		{"runs", "nginx", true, true, false, false, 40, since, "ExecStart=/usr/sbin/nginx", real},
		{"by its full name", "nginx.service", true, true, false, false, 40, since, "", real},
		{"its process is not there", "gone", false, true, false, false, 99, since, "process 99 is not there", nil},
		{"its process is another's", "elsewhere", false, false, false, false, 41, since, "process 41 is not in cgroup /system.slice/elsewhere.service", real},
		{"a script's interpreter", "script", true, false, false, false, 42, since, "", "/nowhere/dash"},
		{"has run", "oneshot", true, true, false, false, 0, since, "", nil},
		{"enabled, without a link", "claimed", true, false, false, false, 43, since, "", real},
		{"another unit's cgroup", "borrowed", false, false, false, false, 40, since, "not the cgroup of borrowed.service", nil},
		{"says running, has no process", "empty", false, false, false, false, 0, since, "no process is in cgroup", nil},
		{"failed", "broken", false, true, false, true, 0, nil, "", nil},
		{"masked", "hidden", false, false, true, false, 0, nil, "", nil},
		{"not there", "nope", false, false, false, false, 0, nil, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fact := askOne(t, e, facts.Query{Noun: facts.NounService, Subject: tt.subject})
			require.Empty(t, fact.Error)
			assert.Equal(t, map[string]any{
				"running": tt.running, "enabled": tt.enabled, "masked": tt.masked, "failed": tt.failed,
				"restarts": 2.0, "main-pid": tt.pid, "since": tt.since, "program": tt.program, "witness": nil,
			}, fact.Attrs)
			assert.Contains(t, fact.Raw, tt.raw)
		})
	}
	assert.Equal(t, true, attrsOf(t, e, facts.Query{Noun: facts.NounService, Subject: "daily.timer"})["running"])
	assert.Contains(t, askOne(t, e, facts.Query{Noun: facts.NounService, Subject: "unheard-of"}).Error, "test.NoAnswer")
	assert.NotEmpty(t, askOne(t, e, facts.Query{Noun: facts.NounService, Subject: "../x"}).Error)
}

func TestServiceWhenSystemdIsSilent(t *testing.T) {
	t.Parallel()
	e := serviceEnv(t, &fakeSystemd{reject: true})
	fact := askOne(t, e, facts.Query{Noun: facts.NounService, Subject: "nginx"})
	assert.Equal(t, map[string]any{
		"running": true, "enabled": true, "masked": false, "failed": nil, "restarts": nil, "main-pid": nil, "since": nil,
		"program": "/nowhere/nginx", "witness": nil,
	}, fact.Attrs)
	assert.Contains(t, fact.Raw, "systemd did not answer")
	hidden := attrsOf(t, e, facts.Query{Noun: facts.NounService, Subject: "hidden"})
	assert.Equal(t, true, hidden["masked"])
	assert.Equal(t, false, hidden["running"])

	none := testEnv(t, map[string]string{}, nil)
	assert.Equal(t, "no systemd runs on this machine", askOne(t, none, facts.Query{Noun: facts.NounService, Subject: "nginx"}).Error)
}

func TestServicesOfTheSuperset(t *testing.T) {
	t.Parallel()
	f := &fakeSystemd{answers: map[string]any{}}
	f.addUnit("nginx.service", "loaded", "active", "running", "enabled", 40)
	f.answers["ListUnitsByPatterns"] = []unitStatus{
		{Name: "nginx.service", Load: "loaded", Active: "active", Sub: "running", Path: "/u", JobPath: "/"},
		{Name: "idle.service", Load: "loaded", Active: "inactive", Sub: "dead", Path: "/u", JobPath: "/"},
		{Name: "wanted-only.service", Load: "not-found", Active: "inactive", Sub: "dead", Path: "/u", JobPath: "/"},
	}
	e := serviceEnv(t, f)
	snap := facts.NewSnapshot("web1", facts.Healthy, 0, Run(t.Context(), e, facts.Request{Superset: true}))
	assert.Contains(t, snap.Complete, facts.NounService)
	assert.Equal(t, true, snap.Facts["service:nginx"].Attrs["running"])
	assert.Equal(t, true, snap.Facts["service:idle"].Attrs["enabled"])
	assert.Equal(t, false, snap.Facts["service:unloaded"].Attrs["enabled"])
	assert.NotContains(t, snap.Facts, "service:getty@")
	assert.NotContains(t, snap.Facts, "service:wanted-only")
}

func TestTimers(t *testing.T) {
	t.Parallel()
	f := &fakeSystemd{answers: map[string]any{
		"ListUnitsByPatterns": []unitStatus{
			{Name: "daily.timer", Active: "active", Path: "/org/freedesktop/systemd1/unit/daily_2etimer", JobPath: "/"},
			{Name: "off.timer", Active: "inactive", Path: "/u", JobPath: "/"},
		},
		"daily.timer.Unit":            "backup.service",
		"daily.timer.TimersCalendar":  []calendarEntry{{"OnCalendar", "*-*-* 06:00:00", 1}},
		"daily.timer.TimersMonotonic": []monotonicEntry{{"OnBootUSec", 900e6, 1}},
	}}
	e := serviceEnv(t, f)
	assert.Equal(t, list("daily.timer: OnBootSec=900s Unit=backup.service", "daily.timer: OnCalendar=*-*-* 06:00:00 Unit=backup.service"),
		attrsOf(t, e, facts.Query{Noun: facts.NounCron, Subject: "system"})["entries"])
}

func TestUnitPath(t *testing.T) {
	t.Parallel()
	assert.Equal(t, dbus.ObjectPath("/org/freedesktop/systemd1/unit/nginx_2eservice"), unitPath("nginx.service"))
	assert.Equal(t, dbus.ObjectPath("/org/freedesktop/systemd1/unit/_37zip_402_5fx_2eservice"), unitPath("7zip@2_x.service"))
}

func TestManyCallsTravelInWindows(t *testing.T) {
	t.Parallel()
	f := &fakeSystemd{answers: map[string]any{"x.service.LoadState": "loaded"}}
	s := newTestSession(serviceEnv(t, f), 0)
	d, err := s.connectSystemd(t.Context())
	require.NoError(t, err)
	t.Cleanup(s.close)
	calls := make([]busCall, 3*windowSize+1)
	for i := range calls {
		calls[i] = property(unitPath("x.service"), unitIface, "LoadState")
	}
	replies, err := d.ask(t.Context(), calls)
	require.NoError(t, err)
	require.Len(t, replies, len(calls))
	for _, r := range replies {
		var load string
		require.NoError(t, r.store(&load))
		assert.Equal(t, "loaded", load)
	}
}
