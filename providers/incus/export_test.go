package incus

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"

	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// ImageMetadata is what an image's metadata is made with.
var ImageMetadata = imageMetadata

// What a virtual machine is told in itself.
var (
	VMScript    = vmScript
	WiresScript = wiresScript
)

// WiresTool is where WiresScript is in it.
const WiresTool = wiresTool

// MakeOf makes the instance of a virtual machine's template out of a disk, as a
// build does that has found the daemon able to.
func MakeOf(ctx context.Context, made providers.Provider, t providers.Template, disk string) error {
	p := made.(*Provider)
	p.disk = func(context.Context, providers.Template, io.Writer) (string, error) { return disk, nil }
	s, err := p.look(ctx)
	if err != nil {
		return err
	}
	b, err := p.newBuild(s, t)
	if err != nil {
		return err
	}
	err = b.copyBase(ctx)
	return errors.Join(err, b.close(ctx, err))
}

// ImportVM imports the image of a virtual machine, and returns what removes it.
func ImportVM(ctx context.Context, made providers.Provider, t providers.Template, disk string) (fingerprint string, remove func() error, err error) {
	p := made.(*Provider)
	meta, err := imageMetadata(t.BuildName())
	if err != nil {
		return "", nil, err
	}
	f, err := os.Open(disk)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = f.Close() }()
	fingerprint, err = p.importImage(ctx, t, meta, f)
	return fingerprint, func() error { return p.deleteImage(context.WithoutCancel(ctx), fingerprint) }, err
}

// VMPost is all that a virtual machine is ever asked for with: as a build of a
// disk, and as a clone with a way out.
func VMPost(keys providers.Keys) (api.InstancesPost, error) {
	from := &api.Instance{Type: string(api.InstanceTypeVM), InstancePut: api.InstancePut{
		Config: api.ConfigMap{markType: typeVM, markPasswd: "root:x:0:0::/root:/bin/sh\nagent:x:1:1::/home/agent:/bin/sh\n"},
	}}
	post, err := (&Provider{}).request(&site{pool: "default"}, from, providers.CloneSpec{ID: "benchtest-x", Keys: keys})
	if err != nil {
		return post, err
	}
	vmSource(&post.InstancePut, "amd64")
	plug(&post.InstancePut, []wire{{
		device: openDevice, network: "br0", address: netip.MustParsePrefix("10.1.0.9/16"), gateway: netip.MustParseAddr("10.1.0.1"),
	}})
	return post, nil
}
