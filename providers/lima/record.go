package lima

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// A record is what we know of a machine. It is written before limactl hears of
// the machine, and removed after the last of it: it is by its record, and by
// nothing else, that an instance is ours.
type record struct {
	ID       string            `json:"id"`
	Instance string            `json:"instance"` // limactl's name of it
	Run      string            `json:"run,omitempty"`
	Template string            `json:"template"` // build name
	HostName string            `json:"host_name"`
	HostKey  string            `json:"host_key,omitempty"` // what the guest shows, as in authorized_keys
	Network  providers.Network `json:"network"`
	// Attempt is the network it is plugged into, and Peers the sockets of it.
	Attempt   string `json:"attempt,omitempty"`
	Peers     []peer `json:"peers,omitempty"`
	VCPU      int    `json:"vcpu"`
	MemoryMiB int    `json:"memory_mib"`
	DiskMiB   int    `json:"disk_mib"`
	QEMU      string `json:"qemu,omitempty"` // the template's word
	Mode      string `json:"mode,omitempty"` // the template's
	// Mounts are what the guest sees of the driver, with the user's files as
	// Agent's; Forwards are ports of it. Both from its next start on.
	Mounts   []providers.Mount   `json:"mounts,omitempty"`
	Agent    guest.User          `json:"agent,omitzero"`
	Forwards []providers.Forward `json:"forwards,omitempty"`
	Created  time.Time           `json:"created"`
}

// hostKey is the key to pin.
func (r record) hostKey() (ssh.PublicKey, error) { return parseKey(r.HostKey) }

func parseKey(line string) (ssh.PublicKey, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return nil, fmt.Errorf("read the pinned host key: %w", err)
	}
	return key, nil
}

// keyLine is the other way.
func keyLine(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

const instancePrefix = "benchtest-"

// instanceName is limactl's name of what is called id in the state of home.
// Sockets below it must have paths of at most 104 characters, so it is short;
// the record says what it stands for.
func instanceName(home, id string) string {
	sum := sha256.Sum256([]byte(home + "\x00" + id))
	return instancePrefix + hex.EncodeToString(sum[:5])
}

func (p *Provider) machines() string            { return filepath.Join(p.state, "machines") }
func (p *Provider) recordPath(id string) string { return filepath.Join(p.machines(), id+".json") }

// readRecord finds the machine called id; one without a record is ErrNotFound.
func (p *Provider) readRecord(id string) (record, error) {
	r, err := readJSON[record](p.recordPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		err = providers.ErrNotFound
	}
	if err != nil {
		return record{}, fmt.Errorf("machine %s: %w", id, err)
	}
	return r, nil
}

// changeRecord edits a machine's record under its lock. One whose record is
// gone stays gone.
func (p *Provider) changeRecord(id string, edit func(*record)) error {
	unlock, err := p.lockRecord(id)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := p.readRecord(id)
	if err != nil {
		return err
	}
	edit(&r)
	return writeJSON(p.recordPath(id), r)
}

// newRecord takes the ID: exactly one of those who want it gets it.
func (p *Provider) newRecord(r record) error {
	if err := os.MkdirAll(p.machines(), 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	tmp := filepath.Join(p.machines(), ".new-"+r.ID)
	if err := replaceFile(tmp, append(b, '\n'), 0o600); err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp) }()
	if err := os.Link(tmp, p.recordPath(r.ID)); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return errors.New("the ID is in use")
		}
		return err
	}
	return nil
}

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

func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return replaceFile(path, append(b, '\n'), 0o600)
}

// names lists the NAME of every NAME.json in dir, sorted.
func names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && !strings.HasPrefix(name, ".") {
			list = append(list, name)
		}
	}
	return list, nil
}
