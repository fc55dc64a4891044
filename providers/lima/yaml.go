package lima

import (
	"fmt"
	"runtime"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/providers"
)

// A config is the lima.yaml of a template's instance: everything that limactl
// would otherwise take from the driver's machine or its user is said. It is
// written as limactl 1.2 and 2.x both read it.
type config struct {
	VMType            string        `yaml:"vmType"`
	Arch              string        `yaml:"arch"`
	Images            []configImage `yaml:"images"`
	CPUs              int           `yaml:"cpus"`
	Memory            string        `yaml:"memory"`
	Disk              string        `yaml:"disk"`
	Plain             bool          `yaml:"plain"`
	Mounts            []struct{}    `yaml:"mounts"`
	PortForwards      []portForward `yaml:"portForwards"`
	Containerd        containerd    `yaml:"containerd"`
	Firmware          firmware      `yaml:"firmware"`
	Video             video         `yaml:"video"`
	SSH               sshConfig     `yaml:"ssh"`
	User              user          `yaml:"user"`
	HostResolver      hostResolver  `yaml:"hostResolver"`
	PropagateProxyEnv bool          `yaml:"propagateProxyEnv"`
	UpgradePackages   bool          `yaml:"upgradePackages"`
}

type configImage struct {
	Location string `yaml:"location"`
	Arch     string `yaml:"arch"`
}

// A portForward of ours says what is not forwarded: clones of one template
// would fight for the same ports.
type portForward struct {
	GuestIP           string `yaml:"guestIP"`
	GuestIPMustBeZero bool   `yaml:"guestIPMustBeZero"`
	GuestPortRange    [2]int `yaml:"guestPortRange,flow"`
	Proto             string `yaml:"proto"`
	Ignore            bool   `yaml:"ignore"`
}

type containerd struct {
	System bool `yaml:"system"`
	User   bool `yaml:"user"`
}

type firmware struct {
	LegacyBIOS bool `yaml:"legacyBIOS"`
}

type video struct {
	Display string `yaml:"display"`
}

type sshConfig struct {
	LoadDotSSHPubKeys bool `yaml:"loadDotSSHPubKeys"`
	ForwardAgent      bool `yaml:"forwardAgent"`
}

type user struct {
	Name string `yaml:"name"`
	UID  int    `yaml:"uid"`
	Home string `yaml:"home"`
}

type hostResolver struct {
	Enabled bool `yaml:"enabled"`
}

// guestUID is clear of the users that templates make.
const guestUID = 20000

// configOf is the lima.yaml of t's instance, which starts from a disk image. It
// is the same in both modes: see integrated.go.
func configOf(t providers.Template, image string, qemu bool) ([]byte, error) {
	c := config{
		VMType: "vz", Arch: qemuArch(), Images: []configImage{{Location: image, Arch: qemuArch()}},
		CPUs: max(t.VCPU, 1), Memory: fmt.Sprintf("%dMiB", memoryOf(t)), Disk: fmt.Sprintf("%dMiB", diskOf(t)),
		Plain: true, Mounts: []struct{}{},
		PortForwards: []portForward{{GuestIP: "0.0.0.0", GuestPortRange: [2]int{1, 65535}, Proto: "any", Ignore: true}},
		Video:        video{Display: "none"},
		User:         user{Name: guestUser, UID: guestUID, Home: "/home/" + guestUser},
		HostResolver: hostResolver{Enabled: true},
	}
	if qemu {
		c.VMType = "qemu"
		c.Firmware.LegacyBIOS = runtime.GOARCH == "amd64"
	}
	return yaml.Marshal(c)
}

func memoryOf(t providers.Template) int {
	if t.MemoryMiB == 0 {
		return 1024
	}
	return t.MemoryMiB
}

func diskOf(t providers.Template) int {
	if t.DiskMiB == 0 {
		return 10240
	}
	return t.DiskMiB
}
