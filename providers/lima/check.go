package lima

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// longestSocket is what limactl and ssh put below an instance's directory.
const longestSocket = "ssh.sock.1234567890123456"

// Check says everything that is missing here, each with the command that
// mends it.
func (p *Provider) Check(ctx context.Context) error {
	errs := []error{checkUser(os.Geteuid()), p.checkLength()}
	if _, err := exec.LookPath(p.tool.settings.limactl); err != nil {
		errs = append(errs, errors.New("provider lima needs limactl: "+limactlRemedy()))
	}
	if p.tool.settings.usesQEMU() {
		errs = append(errs, p.checkQEMU()...)
	}
	if _, err := exec.LookPath("ssh"); err != nil {
		errs = append(errs, errors.New("provider lima needs ssh: apt-get install openssh-client"))
	}
	if runtime.GOOS == "darwin" {
		errs = append(errs, checkVMNet("/")...)
	}
	return errors.Join(append(errs, ctx.Err())...)
}

// Warnings names what makes machines slow, and what mode integrated lacks here.
func (p *Provider) Warnings(context.Context) (lines []string, err error) {
	if p.tool.settings.pace() > 1 {
		lines = append(lines, "provider lima emulates the processor, and all takes ten times as long: let this user open /dev/kvm, say with `usermod -aG kvm USER`, on a machine that has it")
	}
	if runtime.GOOS == "linux" {
		if err := p.canShare(); err != nil {
			lines = append(lines, err.Error())
		}
	}
	return lines, nil
}

func checkUser(uid int) error {
	if uid != 0 {
		return nil
	}
	return errors.New("provider lima does not run as root, since limactl refuses to: use an ordinary account, say with `useradd -m bench` and `runuser -u bench -- go test …` (scripts/lima.sh does both)")
}

func limactlRemedy() string {
	if runtime.GOOS == "darwin" {
		return "brew install lima"
	}
	return "scripts/lima.sh builds it, or name it with BENCHTEST_LIMACTL"
}

func (p *Provider) checkQEMU() (errs []error) {
	program := qemuProgram()
	if len(p.tool.settings.qemu) > 0 {
		program = p.tool.settings.qemu[0]
	}
	for name, remedy := range map[string]string{
		program:    "apt-get install qemu-system-x86 (qemu-system-arm on arm64), or name it with BENCHTEST_LIMA_QEMU",
		"qemu-img": "apt-get install qemu-utils",
	} {
		if _, err := exec.LookPath(name); err != nil {
			errs = append(errs, fmt.Errorf("provider lima needs %s: %s", name, remedy))
		}
	}
	return errs
}

// checkLength: the kernel takes socket paths of some hundred characters only.
func (p *Provider) checkLength() error {
	longest := 107
	if runtime.GOOS == "darwin" {
		longest = 103
	}
	path := filepath.Join(p.tool.dir(instanceName(p.home, "")), longestSocket)
	if len(path) <= longest {
		return nil
	}
	return fmt.Errorf("provider lima needs a shorter LIMA_HOME than %s, by %d characters: set BENCHTEST_LIMA_HOME, say to ~/.benchtest-lima", p.tool.settings.home, len(path)-longest)
}
