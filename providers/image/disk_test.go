package image_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers/image"
)

func TestDisk(t *testing.T) {
	t.Parallel()
	needsDebian(t)
	oncePerContent(t)
	var log bytes.Buffer
	s := image.Store{Dir: filepath.Join(t.TempDir(), "images"), Log: &log, System: t.TempDir()}
	path, err := s.Disk(t.Context(), small)
	require.NoError(t, err, log.String())
	out, err := exec.CommandContext(t.Context(), "qemu-img", "info", "--output=json", path).Output()
	require.NoError(t, err)
	var info struct {
		VirtualSize int64 `json:"virtual-size"`
		Format      string
	}
	require.NoError(t, json.Unmarshal(out, &info))
	assert.Equal(t, int64(2048)<<20, info.VirtualSize)
	assert.Equal(t, "qcow2", info.Format)
}
