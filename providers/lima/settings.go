package lima

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/shlex"

	"github.com/benchtest-dev/benchtest/providers"
)

// Settings are what the environment says of limactl. The zero value is what
// most people want.
type settings struct {
	limactl string   // the program: BENCHTEST_LIMACTL, else from PATH
	home    string   // LIMA_HOME: BENCHTEST_LIMA_HOME, else our own below BENCHTEST_HOME
	qemu    []string // BENCHTEST_LIMA_QEMU: the program and its first arguments; empty: limactl's choice
	chosen  bool     // qemu is the environment's
}

// emulation is what "tcg" in BENCHTEST_LIMA_QEMU stands for.
var emulation = []string{"-machine", "q35,vmport=off", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"}

func readSettings(home string, lookup func(string) string) (settings, error) {
	s := settings{limactl: lookup("BENCHTEST_LIMACTL"), home: lookup("BENCHTEST_LIMA_HOME")}
	if s.limactl == "" {
		s.limactl = "limactl"
	}
	if s.home == "" {
		s.home = filepath.Join(home, "lima")
	}
	if !filepath.IsAbs(s.home) {
		return settings{}, fmt.Errorf("BENCHTEST_LIMA_HOME=%q is not absolute", s.home)
	}
	if q := lookup("BENCHTEST_LIMA_QEMU"); q != "" {
		words, err := qemuWords(q)
		if err != nil {
			return settings{}, fmt.Errorf("BENCHTEST_LIMA_QEMU: %w", err)
		}
		s.qemu, s.chosen = words, true
	}
	return s, nil
}

// qemuArch is QEMU's and limactl's name of this machine's architecture.
func qemuArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return runtime.GOARCH
}

func qemuProgram() string { return "qemu-system-" + qemuArch() }

// usesQEMU: on macOS machines are Apple's, unless QEMU is asked for.
func (s settings) usesQEMU() bool { return runtime.GOOS != "darwin" || len(s.qemu) > 0 }

// emulated fills in software emulation where nobody chose and this user may
// not open /dev/kvm: limactl would only fail later.
func (s settings) emulated() settings {
	if len(s.qemu) > 0 || runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return s
	}
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err == nil {
		_ = f.Close()
		return s
	}
	s.qemu = append([]string{qemuProgram()}, emulation...)
	return s
}

// pace of machines that QEMU emulates: they are ten to twenty times slower, and
// limits have some room.
func (s settings) pace() float64 {
	const emulatedPace = 4
	if strings.Contains(strings.Join(s.qemu, " "), "tcg") {
		return emulatedPace
	}
	return 1
}

// with is s for a machine whose template names its QEMU; the environment's word
// counts more.
func (s settings) with(qemu string) (settings, error) {
	if qemu == "" || s.chosen {
		return s, nil
	}
	var err error
	s.qemu, err = qemuWords(qemu)
	return s, err
}

// qemuWords is what BENCHTEST_LIMA_QEMU, or a template's lima.qemu, means.
func qemuWords(text string) ([]string, error) {
	if text == "tcg" {
		if runtime.GOARCH != "amd64" {
			return nil, fmt.Errorf("QEMU %q is for amd64, and this is %s: name the program and its options", text, runtime.GOARCH)
		}
		return append([]string{qemuProgram()}, emulation...), nil
	}
	words, err := shlex.Split(text)
	if err == nil && len(words) == 0 {
		err = errors.New("no program")
	}
	if err != nil {
		return nil, fmt.Errorf("QEMU %q: %w", text, err)
	}
	return words, nil
}

// env is the environment of every limactl: what our own has, LIMA_HOME, and
// QEMU by way of our wrapper.
func (s settings) env(wrapper string) ([]string, error) {
	env := []string{"LIMA_HOME=" + s.home}
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); name != "LIMA_HOME" && !strings.HasPrefix(name, "BENCHTEST_") {
			env = append(env, e)
		}
	}
	if !s.usesQEMU() {
		return env, nil
	}
	program, args := qemuProgram(), []string(nil)
	if len(s.qemu) > 0 {
		program, args = s.qemu[0], s.qemu[1:]
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("find QEMU: %w", err)
	}
	words := append([]string{wrapper}, args...)
	for i, w := range words {
		words[i] = providers.ShellWord(w)
	}
	return append(env, "BENCHTEST_LIMA_PROGRAM="+path,
		"QEMU_SYSTEM_"+strings.ToUpper(qemuArch())+"="+strings.Join(words, " ")), nil
}
