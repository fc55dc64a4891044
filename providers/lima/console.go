package lima

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"
)

//go:embed console.sh
var consoleScript string

// guestScript is adopt.sh with the console's program in it.
func guestScript() string {
	return strings.Replace(adoptScript, "@CONSOLE@", base64.StdEncoding.EncodeToString([]byte(consoleScript)), 1)
}

// runByConsole has the guest's root run a script.
func (p *Provider) runByConsole(ctx context.Context, instance, script string) error {
	return p.console(ctx, instance, "run "+base64.StdEncoding.EncodeToString([]byte(script)))
}

// wakeByConsole is what wakeScript is by SSH.
func (p *Provider) wakeByConsole(ctx context.Context, instance string) error {
	now := time.Now()
	return p.console(ctx, instance, fmt.Sprintf("wake %d %09d %s", now.Unix(), now.Nanosecond(), rand.Text()+rand.Text()))
}

// console has console.sh in the guest do what it is asked, by the serial line
// that limactl keeps as a socket. An error may be the guest's doing, who is root
// there: the caller then goes by SSH, or gives up.
func (p *Provider) console(ctx context.Context, instance, request string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", filepath.Join(p.tool.dir(instance), "serialv.sock"))
	if err != nil {
		return fmt.Errorf("reach its console: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		stop()
		_ = conn.Close()
	}()
	nonce := rand.Text()
	if _, err := fmt.Fprintf(conn, "\n%s %s\n", nonce, request); err != nil {
		return fmt.Errorf("write to its console: %w", err)
	}
	// What the guest says beside the answer is bounded, and means nothing.
	const most = 1 << 20
	lines := bufio.NewScanner(io.LimitReader(conn, most))
	for lines.Scan() {
		answer, status, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch {
		case answer != nonce:
		case status == "0":
			return nil
		default:
			return fmt.Errorf("its console: exit status %.20q", status)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("its console says nothing: %w", lines.Err())
}
