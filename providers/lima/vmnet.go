package lima

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// checkVMNet says what macOS lacks for lima's shared networks. The paths are
// those that `limactl sudoers` and networks.yaml expect; root is "/" but in
// tests.
func checkVMNet(root string) (errs []error) {
	at := func(path string) string { return filepath.Join(root, path) }
	const program = "/opt/socket_vmnet/bin/socket_vmnet"
	const install = "brew install socket_vmnet && sudo mkdir -p /opt/socket_vmnet/bin && " +
		"sudo cp \"$(brew --prefix socket_vmnet)/bin/socket_vmnet\" " + program + " && sudo chown root:wheel " + program
	switch info, err := os.Lstat(at(program)); {
	case errors.Is(err, fs.ErrNotExist):
		errs = append(errs, fmt.Errorf("provider lima needs %s: %s", program, install))
	case err != nil:
		errs = append(errs, err)
	case !info.Mode().IsRegular():
		errs = append(errs, fmt.Errorf("provider lima needs %s to be the program itself, no link: %s", program, install))
	case info.Mode()&0o111 == 0 || info.Mode()&0o022 != 0:
		errs = append(errs, fmt.Errorf("provider lima needs %s to be executable, and written by root alone: sudo chmod 755 %s", program, program))
	case owner(info) != 0:
		errs = append(errs, fmt.Errorf("provider lima needs %s to be root's: sudo chown root:wheel %s", program, program))
	}
	if _, err := os.Lstat(at("/private/etc/sudoers.d/lima")); errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, errors.New("provider lima needs limactl's sudoers file: limactl sudoers | sudo tee /private/etc/sudoers.d/lima"))
	}
	const dir = "/private/var/run/lima"
	const makeDir = "sudo mkdir -p " + dir + " && sudo chown root:daemon " + dir + " && sudo chmod 775 " + dir
	switch info, err := os.Lstat(at(dir)); {
	case err != nil || !info.IsDir():
		errs = append(errs, fmt.Errorf("provider lima needs the directory %s: %s", dir, makeDir))
	case owner(info) != 0 || info.Mode().Perm() != 0o775:
		errs = append(errs, fmt.Errorf("provider lima needs %s to be root's, with mode 775: %s", dir, makeDir))
	}
	return errs
}

// owner is the user that a file belongs to.
func owner(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// blocks is what a file takes on disk, in bytes; holes take nothing.
func blocks(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return info.Size()
}
