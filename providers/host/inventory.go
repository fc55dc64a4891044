package host

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// An Entry is one host of an inventory.
type Entry struct {
	ID        string // host_id; may be empty
	Name      string // host_name
	Address   string // a name or an IP address
	Port      int
	User      string // whom its SSH server lets in; other than root it needs sudo
	AgentUser string // whom the engine is; empty: User
	Key       string // path of the private key, absolute
	// HostKeys are its SSH server's; empty: KnownHosts says, or trust on first use.
	HostKeys   []ssh.PublicKey
	KnownHosts string // path, absolute; empty: the usual places
	Templates  []string
	Network    providers.Network // what the host can reach, by its owner's word

	at string // FILE:LINE:COL
}

// maxInventory bounds an inventory file, in bytes.
const maxInventory = 1 << 20

// Load reads an inventory: our YAML, or Ansible's INI or YAML. Paths in it
// stand below its own directory. All errors come at once, each with its place.
func Load(path string) ([]Entry, error) {
	data, err := readBounded(path, maxInventory)
	if err != nil {
		return nil, fmt.Errorf("read inventory: %w", err)
	}
	entries, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		e := &entries[i]
		for _, p := range []*string{&e.Key, &e.KnownHosts} {
			if *p, err = resolvePath(filepath.Dir(path), *p); err != nil {
				return nil, fmt.Errorf("%s: %w", e.at, err)
			}
		}
	}
	return entries, nil
}

// readBounded reads a file of at most size bytes.
func readBounded(path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, size+1))
	if err == nil && int64(len(data)) > size {
		err = fmt.Errorf("%s is larger than %d bytes", path, size)
	}
	return data, err
}

// resolvePath makes a path of the file absolute; ~ is the user's home.
func resolvePath(dir, path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find %s: %w", path, err)
		}
		return filepath.Join(home, rest), nil
	}
	if path == "" || filepath.IsAbs(path) {
		return path, nil
	}
	return filepath.Abs(filepath.Join(dir, path))
}

// Parse reads an inventory that is called file. The file's name and its first
// key say which of the formats it is. Paths stay as they stand there.
func Parse(file string, data []byte) ([]Entry, error) {
	r := &reader{file: file}
	switch {
	case len(data) > maxInventory:
		r.errorf(1, 1, "the inventory is larger than %d bytes", maxInventory)
	case !utf8.Valid(data):
		r.errorf(1, 1, "the inventory is not UTF-8")
	case isYAML(file, data):
		r.yaml(data)
	default:
		r.ini(string(data))
	}
	r.unique()
	if len(r.errs) == 0 && len(r.entries) == 0 {
		r.errorf(1, 1, "the inventory has no hosts")
	}
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	return r.entries, nil
}

// isYAML goes by the name, and without one by the first line that says
// something: a group of an INI file stands in brackets, a host without a colon.
func isYAML(file string, data []byte) bool {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".yml", ".yaml", ".json":
		return true
	case ".ini", ".cfg":
		return false
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		return line == "---" || strings.HasSuffix(line, ":") || line[0] == '{'
	}
	return false
}

// A reader collects what a file says, and what is wrong with it.
type reader struct {
	file    string
	entries []Entry
	errs    []error
}

// maxErrors bounds what a hostile file can make us say.
const maxErrors = 50

func (r *reader) errorf(line, col int, format string, args ...any) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, fmt.Errorf("%s: %s", r.place(line, col), fmt.Sprintf(format, args...)))
	}
}

func (r *reader) place(line, col int) string {
	return fmt.Sprintf("%s:%d:%d", r.file, line, max(col, 1))
}

// unique refuses two hosts that a scenario could not tell apart.
func (r *reader) unique() {
	names, ids := map[string]string{}, map[string]string{}
	for _, e := range r.entries {
		if at := names[e.Name]; at != "" {
			r.errs = append(r.errs, fmt.Errorf("%s: host_name %q is taken by the host at %s", e.at, e.Name, at))
		}
		if at := ids[e.ID]; at != "" && e.ID != "" {
			r.errs = append(r.errs, fmt.Errorf("%s: host_id %q is taken by the host at %s", e.at, e.ID, at))
		}
		names[e.Name], ids[e.ID] = e.at, e.at
	}
}

var (
	validName     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$`)
	validID       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)
	validAddress  = regexp.MustCompile(`^[A-Za-z0-9:][A-Za-z0-9._:%-]{0,252}$`)
	validUser     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)
	validTemplate = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// add fills in what a host left out, and takes it if it is whole.
func (r *reader) add(e Entry, line, col int) {
	before := len(r.errs)
	e.at = r.place(line, col)
	if e.Address == "" {
		e.Address = e.Name
	}
	if e.Port == 0 {
		e.Port = 22
	}
	if e.User == "" {
		e.User = "root"
	}
	if e.AgentUser == "" {
		e.AgentUser = e.User
	}
	if e.Network == "" {
		e.Network = providers.NetworkOpen
	}
	r.check(e, line, col)
	if len(r.errs) == before {
		r.entries = append(r.entries, e)
	}
}

func (r *reader) check(e Entry, line, col int) {
	match := func(what, value string, want *regexp.Regexp) {
		if !want.MatchString(value) {
			r.errorf(line, col, "%s %.80q: want %s", what, value, want)
		}
	}
	before := len(r.errs)
	match("host_name", e.Name, validName)
	if e.ID != "" {
		match("host_id", e.ID, validID)
	}
	match("address", e.Address, validAddress)
	match("user", e.User, validUser)
	match("agent_user", e.AgentUser, validUser)
	if len(r.errs) > before {
		return // what follows would repeat it to a terminal
	}
	for _, t := range e.Templates {
		match("template", t, validTemplate)
	}
	if e.Port < 1 || e.Port > 65535 {
		r.errorf(line, col, "port %d: want 1 to 65535", e.Port)
	}
	if e.Key == "" {
		r.errorf(line, col, "host %s has no key: name the file of a private key that its user %s has authorized", e.Name, e.User)
	}
	if !slices.Contains([]providers.Network{providers.NetworkNone, providers.NetworkOpen}, e.Network) {
		r.errorf(line, col, "network %.80q: want none (the host reaches nothing but the hosts of its attempts) or open", e.Network)
	}
}
