package incus

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"
	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/providers"
)

// architectures are Incus's names for those of Go.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// fromImage makes the instance of a root file system of the distribution's
// packages, or of a disk with them. The image is only its vehicle, and goes when the instance is there.
func (b *build) fromImage(ctx context.Context, post api.InstancesPost) (err error) {
	path, err := b.vehicle(ctx, &post.InstancePut)
	if err != nil {
		return err
	}
	rootfs, err := os.Open(path)
	if err != nil {
		return err
	}
	defer rootfs.Close()
	meta, err := imageMetadata(b.t.BuildName())
	if err != nil {
		return err
	}
	b.progress("importing the image of " + b.t.Name)
	fingerprint, err := b.p.importImage(ctx, b.t, meta, rootfs)
	if err != nil {
		return fmt.Errorf("import image: %w", err)
	}
	defer func() {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		err = errors.Join(err, b.p.deleteImage(undo, fingerprint))
	}()
	post.Source = api.InstanceSource{Type: "image", Fingerprint: fingerprint}
	return b.p.create(ctx, b.p.server.on(b.member), post)
}

// imageMetadata is the tarball that says what an image is. No two are alike,
// or two builds would have one image.
func imageMetadata(buildName string) ([]byte, error) {
	text, err := yaml.Marshal(map[string]any{
		"architecture": architectures[runtime.GOARCH], "creation_date": time.Now().Unix(),
		"properties": map[string]string{"description": buildName, "nonce": newNonce()},
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "metadata.yaml", Mode: 0o644, Size: int64(len(text))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (p *Provider) importImage(ctx context.Context, t providers.Template, meta []byte, rootfs *os.File) (fingerprint string, err error) {
	err = p.server.do(ctx, func(c incus.InstanceServer) error {
		op, err := c.CreateImage(api.ImagesPost{ImagePut: api.ImagePut{
			Properties: map[string]string{markKind: kindBuild, markTemplate: t.BuildName(), markHome: homeMark(p.home)},
		}}, &incus.ImageCreateArgs{
			MetaFile: bytes.NewReader(meta), MetaName: "metadata.tar", RootfsFile: rootfs, RootfsName: filepath.Base(rootfs.Name()), Type: string(instanceType(t)),
		})
		if err != nil {
			return err
		}
		ended, _, err := c.GetOperationWait(op.Get().ID, -1)
		switch {
		case err != nil:
			return err
		case ended.StatusCode != api.Success:
			return errors.New(ended.Err)
		}
		fingerprint, _ = ended.Metadata["fingerprint"].(string)
		return nil
	})
	return fingerprint, err
}

// deleteImage removes an image; one that is not there is nil.
func (p *Provider) deleteImage(ctx context.Context, fingerprint string) error {
	err := p.server.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) { return c.DeleteImage(fingerprint) })
	if errors.Is(err, providers.ErrNotFound) {
		return nil
	}
	return err
}
