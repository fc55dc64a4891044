package incus

import (
	"context"
	_ "embed"
	"runtime"

	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// agentData has cloud-init install incus-agent in a disk that does not have it.
//
//go:embed agent.yaml
var agentData string

// cloudDevice is the drive from which cloud-init takes its data. Only a build
// has it.
const cloudDevice = "cloud-init"

// vmSource is what a virtual machine that is made of a disk needs beside it:
// its firmware, and incus-agent by cloud-init.
func vmSource(put *api.InstancePut, processor string) {
	put.Devices[cloudDevice] = map[string]string{"type": "disk", "source": "cloud-init:config"}
	put.Config["cloud-init.user-data"] = agentData
	// The address comes by the agent, as in every other guest.
	put.Config["cloud-init.network-config"] = "config: disabled\n"
	if processor == "amd64" {
		put.Config[firmware] = "true" // image.Store's disks boot by BIOS
	}
}

// firmware is the key of what a virtual machine boots by, which its copies need
// too.
const firmware = "security.csm"

// keepFirmware has a copy boot by what it is a copy of does.
func keepFirmware(config, from map[string]string) {
	if from[firmware] != "" {
		config[firmware] = from[firmware]
	}
}

// dropSource takes out of a template what only its build's first boot needed.
func dropSource(put *api.InstancePut) {
	delete(put.Devices, cloudDevice)
	delete(put.Config, "cloud-init.user-data")
	delete(put.Config, "cloud-init.network-config")
}

// vehicle is the file that an instance without a base is made of, and what an
// image of it is called.
func (b *build) vehicle(ctx context.Context, put *api.InstancePut) (path string, err error) {
	if !b.vm() {
		b.progress("making the root file system of " + b.t.Name)
		return b.p.rootfs(ctx, b.t, b.log)
	}
	b.progress("making the disk of " + b.t.Name)
	vmSource(put, runtime.GOARCH)
	return b.p.disk(ctx, b.t, b.log)
}

// foreign reports whether the template's disk is not of our making: it has
// neither its packages nor our users.
func (b *build) foreign() bool {
	ours := b.t.Source == nil && runtime.GOOS == "linux" && runtime.GOARCH == "amd64"
	return b.vm() && !ours && (b.t.Source == nil || b.t.Source.Image == "")
}

func (b *build) vm() bool { return b.t.Type == providers.TypeVM }
