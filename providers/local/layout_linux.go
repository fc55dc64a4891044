package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

const (
	// runDir holds what lives as long as the host is up. It is not below
	// BENCHTEST_HOME, since the guest's root must be able to traverse it and a
	// home directory may be closed (0700).
	runDir = "/run/benchtest"
	// networksDir is inside runDir; no machine can have its name, which lacks "benchtest".
	networksDir = runDir + "/networks"
)

// A machineID is used as a path element, a container ID and a cgroup name.
var machineID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

const maxIDLen = 40

func checkID(id string) error {
	if len(id) > maxIDLen || !machineID.MatchString(id) || !strings.Contains(id, "benchtest") {
		return fmt.Errorf("machine ID %q: want at most %d of a-z, 0-9 and -, not - first, with \"benchtest\" in it", id, maxIDLen)
	}
	return nil
}

// A runName becomes a cgroup's name.
var runName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// A dir is one machine's directory in runDir.
type dir string

func dirOf(id string) dir { return dir(filepath.Join(runDir, id)) }

// nascent is a machine's directory before it has its record.
func nascent(id string) dir { return dir(filepath.Join(runDir, ".new-"+id)) }

func (d dir) root() string       { return filepath.Join(string(d), "root") } // the guest's /
func (d dir) disk() string       { return filepath.Join(string(d), "disk") } // the clone's own file system
func (d dir) bundle() string     { return filepath.Join(string(d), "bundle") }
func (d dir) record() string     { return filepath.Join(string(d), "machine.json") }
func (d dir) state() string      { return filepath.Join(string(d), "state.json") }
func (d dir) wire() string       { return filepath.Join(string(d), "wire.json") }
func (d dir) console() string    { return filepath.Join(string(d), "console.log") }
func (d dir) monitorLog() string { return filepath.Join(string(d), "monitor.log") }

// A record says what a machine is made of; it is written before anything else
// of the machine exists and hardly changes.
type record struct {
	ID       string    `json:"id"`
	Home     string    `json:"home"` // whose machine it is
	Run      string    `json:"run"`
	Template string    `json:"template"` // build name
	HostName string    `json:"host_name"`
	Created  time.Time `json:"created"`
	// Layers are the lower directories, uppermost first. None: Upper is the
	// whole root file system (a template's base while it is built).
	Layers []string `json:"layers,omitempty"`
	// Upper is where a build keeps its changes; empty for a clone, whose
	// changes are in DiskImage.
	Upper     string `json:"upper,omitempty"`
	DiskImage string `json:"disk_image,omitempty"`
	DiskMiB   int    `json:"disk_mib,omitempty"`
	MemoryMiB int    `json:"memory_mib,omitempty"`
	VCPU      int    `json:"vcpu,omitempty"`
	// Mounts are what the guest sees of the host, from its next start on.
	Mounts []providers.Mount `json:"mounts,omitempty"`
	// Agent is the guest's user who works in them, as its template had it: what
	// the guest says later is not asked.
	Agent guest.User `json:"agent,omitzero"`
	// Client is whose directories these must be; 0: root asks, for anybody's.
	Client int `json:"client,omitempty"`

	Enforced providers.Enforced `json:"enforced"`
}

// A state says what became of a machine; its monitor writes it.
type state struct {
	Monitor process `json:"monitor"`
	// Init is the guest's PID 1 as the host sees it; zero when it is off.
	Init process `json:"init"`
	// Boots counts the starts, this one included.
	Boots int `json:"boots"`
	// Off says why the guest is not running; empty while it is.
	Off string `json:"off,omitempty"`
}

// What Off says beside how init was killed or exited.
const (
	offStarting  = "starting"
	offRebooting = "rebooting"
	offPower     = "powered off"
)

func readJSON[T any](path string) (T, error) {
	var v T
	b, err := os.ReadFile(path)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("read %s: %w", path, err)
	}
	return v, nil
}

// writeJSON replaces path in one step: a reader sees the old or the new.
func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// exists reports whether path names anything.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
