package ansible

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/benchtest-dev/benchtest/providers"
)

const (
	maxFiles = 10_000
	maxBytes = 256 << 20
)

//go:embed callback.py
var callback []byte

// A workdir is the private directory of one run, and HOME for it.
type workdir string

func (w workdir) path(name string) string { return filepath.Join(string(w), name) }

// fill writes everything that ansible-playbook reads.
func (w workdir) fill(p Play) error {
	for _, dir := range []string{"callback", "tmp", "files"} {
		if err := os.Mkdir(w.path(dir), 0o700); err != nil {
			return err
		}
	}
	inventory, err := json.MarshalIndent(p.inventory(), "", "  ")
	if err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	vars, err := json.Marshal(p.ExtraVars)
	if err != nil {
		return fmt.Errorf("write extra variables: %w", err)
	}
	if p.ExtraVars == nil {
		vars = []byte("{}")
	}
	for name, data := range map[string][]byte{
		"callback/benchtest.py": callback,
		// That it is there keeps ansible from every other one.
		"ansible.cfg":    []byte("[defaults]\n"),
		"inventory.json": inventory,
		"vars.json":      vars,
	} {
		if err := os.WriteFile(w.path(name), data, 0o600); err != nil {
			return err
		}
	}
	return copyFiles(w.path("files"), p.Files)
}

// inventory is in the form of Ansible's YAML plugin, of which JSON is a part.
// What stands in a host's variables wins over a playbook's keywords.
func (p Play) inventory() any {
	type group struct {
		Hosts    map[string]any   `json:"hosts,omitempty"`
		Children map[string]group `json:"children,omitempty"`
	}
	all := group{Hosts: map[string]any{}, Children: map[string]group{}}
	for _, h := range p.Hosts {
		all.Hosts[h] = map[string]any{
			"ansible_host":               h,
			"ansible_user":               p.User,
			"ansible_connection":         "ssh",
			"ansible_python_interpreter": "/usr/bin/python3",
		}
	}
	for name, hosts := range p.Groups {
		g := group{Hosts: map[string]any{}}
		for _, h := range hosts {
			g.Hosts[h] = nil
		}
		if name != "all" && name != "ungrouped" {
			all.Children[name] = g
		}
	}
	return map[string]any{"all": all}
}

// environment is all that ansible-playbook gets of the driver's and ours.
func (w workdir) environment(p Play) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + string(w),
		"LANG=C.UTF-8",
		"LC_ALL=C.UTF-8",
		"BENCHTEST_EVENTS=" + w.path("events.jsonl"),
		"ANSIBLE_CONFIG=" + w.path("ansible.cfg"),
		"ANSIBLE_HOME=" + w.path(".ansible"),
		"ANSIBLE_LOCAL_TEMP=" + w.path("tmp"),
		// A directory that is there already: nothing of ours stays in the guest.
		"ANSIBLE_REMOTE_TEMP=/tmp",
		"ANSIBLE_INVENTORY_ENABLED=yaml",
		"ANSIBLE_CALLBACK_PLUGINS=" + w.path("callback"),
		"ANSIBLE_CALLBACKS_ENABLED=benchtest",
		"ANSIBLE_STDOUT_CALLBACK=default",
		"ANSIBLE_NOCOLOR=1",
		"ANSIBLE_NOCOWS=1",
		"ANSIBLE_RETRY_FILES_ENABLED=0",
		"ANSIBLE_HOST_KEY_CHECKING=1",
		"ANSIBLE_LOCALHOST_WARNING=0",
		"ANSIBLE_DEPRECATION_WARNINGS=0",
		"ANSIBLE_FORKS=" + strconv.Itoa(min(len(p.Hosts), 16)),
		"ANSIBLE_TIMEOUT=20",
		"ANSIBLE_PIPELINING=1",
		// Not sftp and not scp: what a guest lacks cannot stop a copy.
		"ANSIBLE_SSH_TRANSFER_METHOD=piped",
		// No master connection: it would outlive the run, and one more session
		// through the driver costs less than it saves.
		// Ansible splits it as a POSIX shell does.
		"ANSIBLE_SSH_ARGS=-F " + providers.ShellWord(p.SSHConfig) + " -o ControlMaster=no",
	}
	return append(env, p.Env...)
}

// copyFiles copies every regular file of src, and what a symbolic link in it
// stands for, as long as src itself lets it be reached.
func copyFiles(dst string, src fs.FS) error {
	files, left := 0, int64(maxBytes)
	return fs.WalkDir(src, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dst, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		if files++; files > maxFiles {
			return fmt.Errorf("copy %s: more than %d files", name, maxFiles)
		}
		info, err := fs.Stat(src, name)
		if err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("copy %s: not a regular file", name)
		}
		n, err := copyFile(to, src, name, info.Mode().Perm()&0o700|0o600, left)
		left -= n
		return err
	})
}

func copyFile(to string, src fs.FS, name string, mode fs.FileMode, left int64) (int64, error) {
	in, err := src.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, io.LimitReader(in, left+1))
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err == nil && n > left {
		err = fmt.Errorf("copy %s: more than %d bytes in all", name, maxBytes)
	}
	return n, err
}
