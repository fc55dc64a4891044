package benchtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/otel/oteltest"
)

// patience is how long scripts wait for what must happen.
const patience = 30 * time.Second

// eventually waits until a file that matches the pattern is there, or with !
// until none is.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] eventually PATTERN")
	}
	pattern := ts.MkAbs(args[0])
	for end := time.Now().Add(patience); ; {
		found, err := filepath.Glob(pattern)
		ts.Check(err)
		if (len(found) > 0) != neg {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("after %s: %q are there", patience, found)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// within runs a command and fails when it takes longer than the first argument.
func within(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] within DURATION COMMAND...")
	}
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	begin := time.Now()
	err = ts.Exec(args[1], args[2:]...)
	if took := time.Since(begin); took > limit {
		ts.Fatalf("%v took %s", args[1:], took)
	}
	if (err != nil) != neg {
		ts.Fatalf("%v: %v", args[1:], err)
	}
}

// signal sends a signal to the process whose ID is in a file.
func signal(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: signal NAME PIDFILE")
	}
	text := ""
	for range 200 { // it is there before anything is in it
		if text = strings.TrimSpace(ts.ReadFile(args[1])); text != "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	pid, err := strconv.Atoi(text)
	ts.Check(err)
	ts.Check(ts.Exec("kill", "-"+args[0], strconv.Itoa(pid)))
}

// attempts counts the finished attempts of all runs whose fields (key, outcome,
// iteration) have these values.
func attempts(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg {
		ts.Fatalf("usage: attempts COUNT [FIELD=VALUE...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	logs, err := filepath.Glob(filepath.Join(ts.Getenv("BENCHTEST_HOME"), "runs/*/events.jsonl"))
	ts.Check(err)
	got := 0
	for _, log := range logs {
		for _, a := range readAttempts(ts, log) {
			fields := []string{"key=" + a.Key, "outcome=" + string(a.Outcome), fmt.Sprintf("iteration=%d", a.Iteration)}
			if !slices.ContainsFunc(args[1:], func(want string) bool { return !slices.Contains(fields, want) }) {
				got++
			}
		}
	}
	if got != want {
		ts.Fatalf("%d attempts with %q, not %d", got, args[1:], want)
	}
}

// finished wants the attempts in a report directory to have ended in the order
// of these keys, but for the first: on a busy machine it may be admitted before
// the others are there to be chosen among.
func finished(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: finished REPORT_DIR KEY...")
	}
	var keys []string
	for _, a := range readAttempts(ts, filepath.Join(ts.MkAbs(args[0]), "events.jsonl")) {
		keys = append(keys, a.Key)
	}
	if len(keys) == 0 {
		ts.Fatalf("nothing finished")
	}
	want := slices.DeleteFunc(slices.Clone(args[1:]), func(key string) bool { return key == keys[0] })
	if !slices.Equal(keys[1:], want) {
		ts.Fatalf("finished %q, not %q", keys, args[1:])
	}
}

func readAttempts(ts *testscript.TestScript, log string) []reports.Attempt {
	f, err := os.Open(log)
	ts.Check(err)
	defer f.Close()
	list, _, err := reports.Attempts(reports.ReadEvents(f))
	ts.Check(err)
	return list
}

// parted wants the texts that match in one file or the other to be so many,
// and none of them to be in both.
func parted(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 || neg {
		ts.Fatalf("usage: parted FIRST SECOND PATTERN COUNT")
	}
	re, err := regexp.Compile(args[2])
	ts.Check(err)
	first, second := re.FindAllString(ts.ReadFile(args[0]), -1), re.FindAllString(ts.ReadFile(args[1]), -1)
	for _, text := range first {
		if slices.Contains(second, text) {
			ts.Fatalf("%q is in both", text)
		}
	}
	if n := strconv.Itoa(len(first) + len(second)); n != args[3] {
		ts.Fatalf("%s texts match, not %s: %q %q", n, args[3], first, second)
	}
}

// pasted runs the one indented line of a summary that begins with "go test" in
// a shell, where the script stands, and wants it to end with this status.
func pasted(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: pasted STATUS FILE")
	}
	lines := regexp.MustCompile(`(?m)^ +(go test .*)$`).FindAllStringSubmatch(ts.ReadFile(args[1]), -1)
	if len(lines) != 1 {
		ts.Fatalf("%d lines to repeat an attempt, not one: %q", len(lines), lines)
	}
	err := ts.Exec("sh", "-c", lines[0][1]+`; test $? = "$0"`, args[0])
	ts.Check(err)
}

// runID runs the suite with the ID of the one run that there is for RUN in its
// arguments.
func runID(ts *testscript.TestScript, neg bool, args []string) {
	runs := runDirs(ts)
	if len(runs) != 1 {
		ts.Fatalf("%d runs, not one", len(runs))
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "RUN", filepath.Base(runs[0]))
	}
	if err := ts.Exec("suite", args...); (err != nil) != neg {
		ts.Fatalf("%v: %v", args, err)
	}
}

// importRuns imports all runs.
func importRuns(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: import-runs")
	}
	ts.Check(ts.Exec("benchtest", append([]string{"import"}, runDirs(ts)...)...))
}

func runDirs(ts *testscript.TestScript) []string {
	dirs, err := filepath.Glob(filepath.Join(ts.Getenv("BENCHTEST_HOME"), "runs/*"))
	ts.Check(err)
	return dirs
}

// collect starts a collector of spans to which OTEL_EXPORTER_OTLP_ENDPOINT points
// from then on. It writes spans.txt: a line a span, with its status and attributes, its
// ID and its parent's.
func collect(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: collect")
	}
	var got oteltest.Receiver
	file, err := os.Create(ts.MkAbs("spans.txt"))
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		before := len(got.Spans())
		got.ServeHTTP(w, req)
		for _, s := range got.Spans()[before:] {
			_, _ = fmt.Fprintf(file, "%s %s %v %x-%x below %x\n", s.Name, s.Status.GetCode(), oteltest.Attributes(s.Attributes), s.TraceId, s.SpanId, s.ParentSpanId)
		}
	}))
	ts.Defer(func() { server.Close(); _ = file.Close() })
	ts.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
}
