package ansible

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

const (
	maxEvent  = 1 << 20  // one line of the plugin's; it bounds what it puts there
	maxEvents = 64 << 20 // all lines
)

// event is one line that the callback plugin wrote.
type event struct {
	Task *struct {
		TaskResult
		Started float64 `json:"started"`
		Ended   float64 `json:"ended"`
	} `json:"task"`
	Stats   map[string]Stats `json:"stats"`
	NoHosts *string          `json:"no_hosts"`
}

// readEvents fills r from the plugin's file. A last line that was cut when the
// run was does not count.
func (r *Report) readEvents(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it failed before any plugin was loaded
	}
	if err != nil {
		return fmt.Errorf("read task results: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 64<<10), maxEvent)
	for total := 0; lines.Scan(); {
		if total += len(lines.Bytes()); total > maxEvents {
			return fmt.Errorf("read task results: more than %d bytes", maxEvents)
		}
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			if r.ExitCode < 0 {
				break
			}
			return fmt.Errorf("read task results: %w", err)
		}
		r.take(e)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read task results: %w", err)
	}
	return nil
}

func (r *Report) take(e event) {
	switch {
	case e.Task != nil:
		t := e.Task.TaskResult
		t.Started, t.Ended = moment(e.Task.Started), moment(e.Task.Ended)
		r.Tasks = append(r.Tasks, t)
	case e.Stats != nil:
		r.Hosts, r.Complete = e.Stats, true
	case e.NoHosts != nil:
		r.NoHosts = append(r.NoHosts, *e.NoHosts)
	}
}

// moment is Python's time.time() as a time.
func moment(seconds float64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(seconds * 1e6))
}
