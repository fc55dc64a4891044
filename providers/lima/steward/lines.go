//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// maxLine bounds a request, in bytes; a longer one is dropped in pieces.
const maxLine = 1 << 20

// A line is a serial line as sessions need it.
type line interface {
	io.ReadWriter
	// call begins a session: from now on Read ends when the driver hangs up,
	// where it waited for the next call before.
	call()
	// hangUp ends it: every Read and Write fails, also those under way.
	hangUp()
	// free makes the line as it was before.
	free()
}

// serve answers requests until the line fails.
func serve(l line, k *keys) error {
	in := bufio.NewReaderSize(l, maxLine)
	for {
		text, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull), errors.Is(err, os.ErrDeadlineExceeded):
			continue // too long, or told by hangUp
		case err != nil:
			return fmt.Errorf("read request: %w", err)
		}
		nonce, request, asked := strings.Cut(string(bytes.TrimSpace(text)), " ")
		if !asked {
			continue // what was left of a session
		}
		verb, rest, _ := strings.Cut(request, " ")
		status := do(verb, rest)
		var config *ssh.ServerConfig
		if verb == "ssh" {
			if config, err = serverConfig(k); err != nil {
				status = 1
			}
		}
		// The driver reads lines: ours begins a new one, whatever came before.
		if _, err := fmt.Fprintf(l, "\n%s %d\n", nonce, status); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		if config != nil {
			l.call()
			d := &dialog{in: in, line: l}
			serveSSH(d, config)
			_ = d.Close()
			d.await()
			l.free()
		}
	}
}

// do does what a request asks for and returns its exit status.
func do(verb, rest string) int {
	switch verb {
	case "hello", "ssh":
		return 0
	case "sync":
		unix.Sync()
		return 0
	case "wake":
		if wake(rest) != nil {
			return 1
		}
		return 0
	case "run":
		script, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return 1
		}
		sh := shell()
		sh.Stdin = bytes.NewReader(script)
		if start(sh) != nil {
			return -1
		}
		_ = sh.Wait()
		return sh.ProcessState.ExitCode() // -1 for a signal, and where there is no shell
	}
	return 127
}
