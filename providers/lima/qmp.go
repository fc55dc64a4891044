package lima

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"
)

// A monitor is a connection to QEMU's machine protocol. limactl uses the same
// socket, one client at a time, so it is held for a moment only.
type monitor struct {
	conn net.Conn
	in   *bufio.Reader
	stop func() bool // leaves its context alone
}

// openMonitor connects to the QEMU of an instance. The caller closes it. Without
// a deadline of ctx all that is asked must be over soon.
func (p *Provider) openMonitor(ctx context.Context, instance string) (*monitor, error) {
	const monitorLimit = 10 * time.Second
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", filepath.Join(p.tool.dir(instance), "qmp.sock"))
	if err != nil {
		return nil, fmt.Errorf("reach QEMU: %w", err)
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(monitorLimit)
	}
	m := &monitor{conn: conn, in: bufio.NewReader(conn)}
	err = conn.SetDeadline(deadline)
	m.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	if err == nil {
		_, err = m.in.ReadBytes('\n') // its greeting
	}
	if err == nil {
		err = m.do("qmp_capabilities", nil)
	}
	if err != nil {
		m.close()
		return nil, fmt.Errorf("reach QEMU: %w", err)
	}
	return m, nil
}

func (m *monitor) close() {
	m.stop()
	_ = m.conn.Close()
}

// do runs one command; what it returns is of no interest.
func (m *monitor) do(command string, arguments any) error {
	_, err := m.ask(command, arguments)
	return err
}

// human runs a command of the monitor that is meant for people. It prints
// something when it fails, and then only.
func (m *monitor) human(line string) error {
	text, err := m.says(line)
	if err != nil {
		return err
	}
	if text = strings.TrimSpace(text); text != "" {
		return fmt.Errorf("%s: %s", line, text)
	}
	return nil
}

// says runs a command of that monitor and returns what it prints.
func (m *monitor) says(line string) (string, error) {
	said, err := m.ask("human-monitor-command", map[string]any{"command-line": line})
	if err != nil {
		return "", err
	}
	var text string
	if err := json.Unmarshal(said, &text); err != nil {
		return "", fmt.Errorf("%s: %w", line, err)
	}
	return text, nil
}

// ask runs one command and returns what it says.
func (m *monitor) ask(command string, arguments any) (json.RawMessage, error) {
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	b, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if _, err := m.conn.Write(append(b, '\n')); err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	for {
		line, err := m.in.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("%s: %w", command, err)
		}
		var answer struct {
			Return *json.RawMessage `json:"return"`
			Error  *struct {
				Desc string `json:"desc"`
			} `json:"error"`
		}
		switch err := json.Unmarshal(line, &answer); {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", command, err)
		case answer.Error != nil:
			return nil, fmt.Errorf("%s: %s", command, answer.Error.Desc)
		case answer.Return != nil:
			return *answer.Return, nil
		} // else an event
	}
}

// ignoring is do, for which an error that says one of these words is none.
func (m *monitor) ignoring(command string, arguments any, words ...string) error {
	err := m.do(command, arguments)
	for _, w := range words {
		if err != nil && strings.Contains(err.Error(), w) {
			return nil
		}
	}
	return err
}

// reset presses the machine's reset button.
func (p *Provider) reset(ctx context.Context, instance string) error {
	m, err := p.openMonitor(ctx, instance)
	if err != nil {
		return err
	}
	defer m.close()
	return m.do("system_reset", nil)
}
