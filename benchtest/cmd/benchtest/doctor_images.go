package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/benchtest-dev/benchtest/providers/image"
)

// imageFindings says what is missing for making images on a system, as Go
// calls it, and for the network of virtual machines on macOS.
func imageFindings(system string) []finding {
	if system == "darwin" {
		return socketVMNet("/")
	}
	err := image.CheckDisk()
	if err == nil {
		return []finding{{What: "images", OK: true, Detail: "root file systems and bootable disks can be made"}}
	}
	var list []finding
	for _, line := range leaves(err) {
		list = append(list, finding{
			What: "images", OK: true, Warning: true, Detail: "bootable disks (provider lima) cannot be made here", Remedy: line.Error(),
		})
	}
	return list
}

// A hostFile is one that macOS must have for socket_vmnet, by which Lima's
// machines reach each other. Lima trusts only what root alone can change.
type hostFile struct {
	path   string
	dir    bool
	remedy string
}

var socketVMNetFiles = []hostFile{
	{"opt/socket_vmnet/bin/socket_vmnet", false, "brew install socket_vmnet && sudo mkdir -p /opt/socket_vmnet/bin && sudo cp $(brew --prefix socket_vmnet)/bin/socket_vmnet /opt/socket_vmnet/bin/ && sudo chown -R root:wheel /opt/socket_vmnet"},
	{"private/etc/sudoers.d/lima", false, "limactl sudoers | sudo tee /private/etc/sudoers.d/lima"},
	{"private/var/run/lima", true, "sudo mkdir -p /private/var/run/lima && sudo chown root:daemon /private/var/run/lima && sudo chmod 775 /private/var/run/lima"},
}

// socketVMNet looks at what a Mac has of it. It is below root, but in tests.
func socketVMNet(root string) []finding {
	var list []finding
	for _, f := range socketVMNetFiles {
		found := finding{What: "socket_vmnet (networks between virtual machines)", OK: true, Detail: "/" + f.path}
		if err := f.check(filepath.Join(root, f.path)); err != nil {
			found.Warning, found.Detail, found.Remedy = true, "/"+f.path+": "+err.Error(), f.remedy
		}
		list = append(list, found)
	}
	return list
}

func (f hostFile) check(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("it is not there")
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("it is a link, which Lima does not follow: copy the file")
	case f.dir != info.IsDir():
		return fmt.Errorf("it is %s", info.Mode().Type())
	case ok && st.Uid != 0:
		return fmt.Errorf("it belongs to user %d, not to root", st.Uid)
	case f.dir && info.Mode().Perm()&0o070 != 0o070:
		return fmt.Errorf("its mode is %v, and the group daemon must be able to write to it", info.Mode().Perm())
	case !f.dir && info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("its mode is %v: others than root can change it", info.Mode().Perm())
	}
	return nil
}
