package lima

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// An instance is what `limactl list --json` says of one. The fields are those
// that 1.2 and 2.x have in common; neither prints an array, but one object a
// line.
type instance struct {
	Name         string `json:"name"`
	Status       string `json:"status"` // "Running", "Stopped", "Broken", ...
	Dir          string `json:"dir"`
	VMType       string `json:"vmType"` // "qemu", "vz", ...
	CPUs         int    `json:"cpus"`
	Memory       int64  `json:"memory"` // bytes
	Disk         int64  `json:"disk"`   // bytes
	SSHLocalPort int    `json:"sshLocalPort"`
	Protected    bool   `json:"protected"`
	LimaVersion  string `json:"limaVersion"`
}

// parseList reads the output of `limactl list --json`. Nothing is no instance.
func parseList(out []byte) ([]instance, error) {
	var list []instance
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var i instance
		if err := dec.Decode(&i); err != nil {
			return nil, fmt.Errorf("read limactl's list: %w", err)
		}
		if i.Name == "" {
			return nil, fmt.Errorf("read limactl's list: instance %d has no name", len(list)+1)
		}
		list = append(list, i)
	}
	return list, nil
}

// An event is a line that the host agent of an instance writes; fields that
// other versions add are left out.
type event struct {
	Status struct {
		Running      bool     `json:"running"`
		Degraded     bool     `json:"degraded"`
		Exiting      bool     `json:"exiting"`
		Errors       []string `json:"errors"`
		SSHLocalPort int      `json:"sshLocalPort"`
	} `json:"status"`
}

// A tale is what an instance's host agent has told so far.
type tale struct {
	port    int // of its SSH server, on loopback; 0: not yet known
	running bool
	exiting bool
	errors  []string
}

// parseEvents reads the host agent's lines, the last of which may be half
// written.
func parseEvents(lines []byte) tale {
	var t tale
	for line := range bytes.Lines(lines) {
		var e event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if e.Status.SSHLocalPort != 0 {
			t.port = e.Status.SSHLocalPort
		}
		t.running = e.Status.Running
		t.exiting = e.Status.Exiting
		if len(e.Status.Errors) > 0 {
			t.errors = e.Status.Errors
		}
	}
	return t
}

// readTale reads what the instance in dir tells, if it runs.
func readTale(dir string) (tale, error) {
	if _, err := os.Stat(filepath.Join(dir, "ha.pid")); err != nil {
		return tale{}, fmt.Errorf("it is off: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "ha.stdout.log"))
	if err != nil {
		return tale{}, err
	}
	return parseEvents(b), nil
}
