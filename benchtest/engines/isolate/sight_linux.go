package isolate

import (
	"bufio"
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A sight is what the program is not to see, but for what it cannot do without.
type sight struct {
	hide, cover []string // absolute, without symbolic links
	places      []place
}

// newSight hides c's directories, the homes and what is benchtest's own.
func newSight(c Config) *sight {
	s := &sight{
		hide:  resolved(append(slices.Clone(c.Hide), Book, "/run/benchtest", "/run/lock/benchtest")),
		cover: resolved(append(slices.Clone(c.Cover), homes()...)),
	}
	for _, dir := range slices.Concat(s.hide, s.cover) {
		s.places = append(s.places, place{Path: dir, Kind: hidden})
	}
	for path, name := range map[string]string{os.TempDir(): "tmp", "/tmp": "tmp", "/var/tmp": "vartmp"} {
		for _, dir := range resolved([]string{path}) {
			s.cover = append(s.cover, dir)
			s.places = append(s.places, place{Path: dir, Kind: scratch, From: name})
		}
	}
	return s
}

// homes are where people keep what is theirs, and the socket of a name service
// that would deny the program its name.
func homes() []string {
	dirs := []string{"/root", "/home", "/run/user", "/run/nscd"}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, home)
	}
	return dirs
}

// resolved drops what is not there or no directory, and the root, which
// cannot be hidden.
func resolved(dirs []string) []string {
	var out []string
	for _, dir := range dirs {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || !filepath.IsAbs(real) || real == "/" {
			continue
		}
		if info, err := os.Stat(real); err == nil && info.IsDir() {
			out = append(out, real)
		}
	}
	return out
}

// program keeps in sight what the command line names, with what it needs.
func (s *sight) program(path string, args []string) {
	s.executable(path)
	if interpreter := interpreterOf(path); interpreter != "" {
		s.executable(interpreter)
	}
	for _, arg := range args {
		if _, value, found := strings.Cut(arg, "="); found {
			arg = value
		}
		info, err := os.Stat(arg)
		switch {
		case err != nil || !filepath.IsAbs(arg):
		case info.IsDir():
			s.directory(arg)
		default:
			s.executable(arg)
		}
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		s.directory(dir)
	}
}

func (s *sight) directory(path string) {
	for _, dir := range resolved([]string{path}) {
		s.widest(dir)
	}
}

// executable keeps a file in sight, and what lies beside it where that may be
// seen: programs come with files of their own. So does what it is a link to.
func (s *sight) executable(path string) {
	names := []string{direct(path)}
	if real, err := filepath.EvalSymlinks(path); err == nil && real != names[0] {
		names = append(names, real)
	}
	for _, name := range names {
		dir := filepath.Dir(name)
		if filepath.Base(dir) != "bin" || !s.widest(filepath.Dir(dir)) {
			s.widest(dir)
		}
		s.file(name)
	}
}

// direct is path without symbolic links on the way to its last element.
func direct(path string) string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return path
	}
	return filepath.Join(dir, filepath.Base(path))
}

// widest keeps a directory in sight if it may be, and says so.
func (s *sight) widest(dir string) bool {
	secret := func(d string) bool { return within(dir, d) || within(d, dir) }
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o005 != 0o005 || slices.ContainsFunc(s.hide, secret) {
		return false
	}
	if slices.ContainsFunc(s.cover, func(d string) bool { return within(d, dir) }) {
		return false
	}
	s.keep(place{Path: dir, Kind: shown})
	return true
}

// file keeps a single file in sight, as a copy where others may not read it.
func (s *sight) file(path string) {
	info, err := os.Lstat(path)
	if err != nil {
		return
	}
	p := place{Path: path, Kind: shown}
	switch want := fs.FileMode(0o004) | info.Mode()&0o100>>6; {
	case info.Mode()&fs.ModeSymlink != 0:
		if p.From, err = filepath.EvalSymlinks(path); err != nil {
			return
		}
		p.Kind = linked
	case info.Mode().IsRegular() && info.Mode()&want != want:
		p.Kind = copied
	}
	s.keep(p)
}

// keep adds a place that is to be reached. Where a directory on the way to it
// does not let others through, all else in that directory is hidden.
func (s *sight) keep(p place) {
	p.Path = direct(p.Path)
	for dir := filepath.Dir(p.Path); dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode()&0o001 == 0 {
			s.places = append(s.places, place{Path: dir, Kind: hidden})
		}
	}
	s.places = append(s.places, p)
}

// maxShebang is how much of a script's first line the kernel looks at.
const maxShebang = 256

// interpreterOf is the program that a script's first line names; empty for
// what is no script.
func interpreterOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, maxShebang)).ReadBytes('\n')
	line, script := bytes.CutPrefix(line, []byte("#!"))
	words := strings.Fields(string(line))
	if !script || len(words) == 0 {
		return ""
	}
	if filepath.Base(words[0]) != "env" {
		return words[0]
	}
	for _, word := range words[1:] {
		if strings.HasPrefix(word, "-") || strings.Contains(word, "=") {
			continue
		}
		found, _ := exec.LookPath(word)
		return found
	}
	return words[0]
}
