package local

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
)

// What the client, an ordinary user, and its elevated helper say to each other:
// one connection a call. The client sends a request; the helper answers with
// any number of replies that carry progress and one that is Done. A connection
// that the client closes early cancels the call.

// A request is one call. Each method uses the fields it needs.
type request struct {
	Method   string            `json:"method"`
	ID       string            `json:"id,omitempty"`
	Attempt  string            `json:"attempt,omitempty"`
	Hosts    map[string]string `json:"hosts,omitempty"` // host_name to machine ID
	Template *wireTemplate     `json:"template,omitempty"`
	Spec     wireSpec          `json:"spec,omitzero"`
	Input    []byte            `json:"input,omitempty"`
}

// A reply ends with Done; until then it only carries Progress.
type reply struct {
	Done     bool                    `json:"done,omitempty"`
	Progress string                  `json:"progress,omitempty"`
	Error    string                  `json:"error,omitempty"`
	Kind     string                  `json:"kind,omitempty"` // which of wireErrors it is, if one
	Output   []byte                  `json:"output,omitempty"`
	Infos    []providers.MachineInfo `json:"infos,omitempty"`
	Swept    []string                `json:"swept,omitempty"`
	Enforced providers.Enforced      `json:"enforced,omitzero"`
}

// wireErrors are the errors that callers branch on, and their names in a reply.
var wireErrors = map[string]error{
	"not-found": providers.ErrNotFound, "in-use": ErrTemplateInUse,
	"canceled": context.Canceled, "deadline": context.DeadlineExceeded,
	"refused": syscall.ECONNREFUSED, "unavailable": providers.ErrUnavailable,
}

// fail turns an error into a reply.
func fail(err error) reply {
	r := reply{Done: true, Error: err.Error()}
	for kind, target := range wireErrors {
		if errors.Is(err, target) {
			r.Kind = kind
		}
	}
	return r
}

// A remoteError is what the helper's error was.
type remoteError struct {
	text string
	kind error // of wireErrors, or nil
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.kind }

// err is the error that a reply carries, or nil.
func (r reply) err() error {
	if r.Error == "" {
		return nil
	}
	return &remoteError{text: r.Error, kind: wireErrors[r.Kind]}
}

// A wireSpec is a CloneSpec without its template, which goes beside it, and
// without what this provider ignores.
type wireSpec struct {
	ID       string            `json:"id"`
	HostName string            `json:"host_name"`
	Run      string            `json:"run"`
	Attempt  string            `json:"attempt"`
	Network  providers.Network `json:"network"`
	Limits   providers.Limits  `json:"limits"`
	Keys     providers.Keys    `json:"keys"`
	Mounts   []providers.Mount `json:"mounts,omitempty"`
}

// A wireTemplate is a template with its files in it.
type wireTemplate struct {
	Name   string        `json:"name"`
	Digest string        `json:"digest"`
	Base   *wireTemplate `json:"base,omitempty"`
	Suite  string        `json:"suite,omitempty"`

	Source *providers.Source     `json:"source,omitempty"`
	Type   providers.MachineType `json:"type,omitempty"`

	Packages  []string `json:"packages,omitempty"`
	Provision string   `json:"provision,omitempty"`
	Files     []byte   `json:"files,omitempty"` // a zip archive; empty: none
	VCPU      int      `json:"vcpu"`
	MemoryMiB int      `json:"memory_mib"`
	DiskMiB   int      `json:"disk_mib"`
}

// pack prepares a template for its way, with its files where a build needs them.
func pack(t providers.Template, files bool) (*wireTemplate, error) {
	w := &wireTemplate{
		Name: t.Name, Digest: t.Digest, Suite: t.Suite, Packages: t.Packages, Provision: t.Provision,
		Source: t.Source, Type: t.Type, VCPU: t.VCPU, MemoryMiB: t.MemoryMiB, DiskMiB: t.DiskMiB,
	}
	if t.Base != nil {
		var err error
		if w.Base, err = pack(*t.Base, files); err != nil {
			return nil, err
		}
	}
	if !files || t.Files == nil {
		return w, nil
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := errors.Join(z.AddFS(t.Files), z.Close()); err != nil {
		return nil, fmt.Errorf("pack template %s: %w", t.Name, err)
	}
	w.Files = b.Bytes()
	return w, nil
}

// unpack is pack's inverse.
func (w *wireTemplate) unpack() (providers.Template, error) {
	t := providers.Template{
		Name: w.Name, Digest: w.Digest, Suite: w.Suite, Packages: w.Packages, Provision: w.Provision,
		Source: w.Source, Type: w.Type, VCPU: w.VCPU, MemoryMiB: w.MemoryMiB, DiskMiB: w.DiskMiB,
	}
	if w.Base != nil {
		base, err := w.Base.unpack()
		if err != nil {
			return t, err
		}
		t.Base = &base
	}
	if len(w.Files) > 0 {
		z, err := zip.NewReader(bytes.NewReader(w.Files), int64(len(w.Files)))
		if err != nil {
			return t, fmt.Errorf("unpack template %s: %w", t.Name, err)
		}
		t.Files = z
	}
	return t, nil
}

// maxFrame bounds one message, in bytes: a probe's answer in base64.
const maxFrame = 2 * maxProbeOutput

// writeFrame sends v as JSON with its length in front, and with it file, where
// there is one.
func writeFrame(c *net.UnixConn, v any, file *os.File) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var rights []byte
	if file != nil {
		rights = unix.UnixRights(int(file.Fd()))
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(b)))
	if _, _, err := c.WriteMsgUnix(head, rights, nil); err != nil {
		return err
	}
	_, err = c.Write(b)
	return err
}

// readFrame is writeFrame's inverse. The caller closes file, which is nil where
// none came.
func readFrame(c *net.UnixConn, v any) (file *os.File, err error) {
	head, oob := make([]byte, 4), make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := c.ReadMsgUnix(head, oob)
	if err != nil {
		return nil, err
	}
	file = passedFile(oob[:oobn])
	defer func() {
		if err != nil && file != nil {
			_ = file.Close()
			file = nil
		}
	}()
	if n == 0 {
		return file, io.EOF
	}
	if _, err := io.ReadFull(c, head[n:]); err != nil {
		return file, err
	}
	size := binary.BigEndian.Uint32(head)
	if size > maxFrame {
		return file, errTooLong
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(c, b); err != nil {
		return file, err
	}
	return file, json.Unmarshal(b, v)
}

func passedFile(oob []byte) *os.File {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) == 0 {
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil
	}
	unix.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "passed")
}
