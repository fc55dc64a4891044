package lima

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// A bootSpec is one start of an instance.
type bootSpec struct {
	instance string
	network  providers.Network
	state    string // go on from this snapshot; empty: boot
	first    bool   // cloud-init sets the guest up
	qemu     string // the template's word on QEMU
	// What the guest is shown, to whom it belongs there, and how much memory
	// QEMU shares for that.
	mounts    []providers.Mount
	agent     guest.User
	memoryMiB int
}

// bootOf is a start of the machine of r.
func bootOf(r record, state string) bootSpec {
	return bootSpec{
		instance: r.Instance, network: r.Network, state: state, qemu: r.QEMU,
		mounts: r.Mounts, agent: r.Agent, memoryMiB: r.MemoryMiB,
	}
}

// firstBootLimit is how long cloud-init may take in a guest that answers.
const firstBootLimit = 10 * time.Minute

const (
	// bootTries: under emulation about two boots in ten hang before the kernel.
	bootTries = 3
	bootPoll  = 50 * time.Millisecond
	// resumeLimit is for a guest that goes on from a saved state, at its pace.
	resumeLimit = 2 * time.Minute
)

// The limits of one boot until the SSH server answers, and of its console's
// silence in that time. Under emulation how long it takes is how busy the
// machine is, and silence alone tells one that hangs.
func (s settings) bootLimits() (whole, silence time.Duration) {
	if len(s.qemu) > 0 {
		return 15 * time.Minute, 2 * time.Minute
	}
	return 2 * time.Minute, time.Minute
}

var errSilent = errors.New("its console is silent: it hangs before or in its kernel")

// boot starts an instance and returns when answers says that the guest does.
// One that does not come up is killed and tried again; one that does not go on
// from its state boots instead.
func (p *Provider) boot(ctx context.Context, b bootSpec, answers func(context.Context) error) error {
	var errs []error
	for try := range bootTries {
		if try > 0 {
			if err := p.halt(ctx, b.instance); err != nil {
				return errors.Join(append(errs, err)...)
			}
			b.state = ""
		}
		err := p.bootOnce(ctx, b, answers)
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("start %d: %w", try+1, err))
		if ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("boot %s: %w", b.instance, errors.Join(errs...))
}

// bootOnce starts limactl and does not wait for it: its host agent looks at the
// guest every ten seconds only.
func (p *Provider) bootOnce(ctx context.Context, b bootSpec, answers func(context.Context) error) error {
	t := p.tool
	var err error
	if t.settings, err = t.settings.with(b.qemu); err != nil {
		return err
	}
	whole, silence := t.settings.bootLimits()
	if b.state != "" {
		whole = providers.Stretch(p, resumeLimit)
		silence = whole
	}
	ctx, cancel := context.WithTimeoutCause(ctx, whole, fmt.Errorf("it does not answer within %s", whole))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	if err := p.serveShares(ctx, t, b, fail); err != nil {
		return err
	}
	if err := p.launch(ctx, t, b, fail); err != nil {
		return err
	}
	go watchConsole(ctx, p.tool.dir(b.instance), silence, fail)
	if err := answers(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return err
	}
	return nil
}

// launch starts limactl, which fails the boot when it does not like it, and
// returns when it is at work on this instance alone.
func (p *Provider) launch(ctx context.Context, t tool, b bootSpec, fail context.CancelCauseFunc) error {
	dir := p.tool.dir(b.instance)
	unlock, err := p.lockInstances(ctx, shared)
	if err != nil {
		return err
	}
	defer unlock()
	// What a start of before told must not be taken for this one's.
	_ = os.Remove(filepath.Join(dir, "ha.stdout.log"))
	log, err := os.Create(filepath.Join(dir, "benchtest-start.log"))
	if err != nil {
		return err
	}
	cloudInit := ""
	if b.first {
		cloudInit = "1"
	}
	extra := []string{
		"BENCHTEST_LIMA_CLOUDINIT=" + cloudInit,
		"BENCHTEST_LIMA_NETWORK=" + string(b.network), "BENCHTEST_LIMA_STATE=" + b.state,
		"BENCHTEST_LIMA_SHARES=" + tagsOf(b.mounts), "BENCHTEST_LIMA_MEMORY=" + strconv.Itoa(b.memoryMiB),
	}
	// The machine outlives the call; limactl ends when its host agent is content.
	cmd, err := t.command(context.WithoutCancel(ctx), b.instance, extra, "start", "--tty=false", b.instance)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Start()
	_ = log.Close()
	if err != nil {
		return fmt.Errorf("start limactl: %w", err)
	}
	go func() {
		if err := cmd.Wait(); err != nil {
			said, _ := os.ReadFile(log.Name())
			agent, _ := os.ReadFile(filepath.Join(dir, "ha.stderr.log")) // says why, where limactl only says that
			fail(fmt.Errorf("limactl start: %w: %s", err, cmp.Or(complaint(agent), complaint(said))))
		}
	}()
	awaitLook(ctx, dir)
	return nil
}

// watchConsole fails a boot whose serial console says nothing for too long.
func watchConsole(ctx context.Context, dir string, silence time.Duration, fail context.CancelCauseFunc) {
	var size int64 = -1
	last := time.Now()
	for providers.Pause(ctx, time.Second) == nil {
		info, err := os.Stat(filepath.Join(dir, "serial.log"))
		if err == nil && info.Size() != size {
			size, last = info.Size(), time.Now()
		}
		if time.Since(last) > silence {
			fail(errSilent)
			return
		}
	}
}

// halt ends an instance without asking its guest.
func (p *Provider) halt(ctx context.Context, instance string) error {
	dir := p.tool.dir(instance)
	if err := killMarked(ctx, dir); err != nil {
		return fmt.Errorf("stop %s: %w", instance, err)
	}
	// It also removes what a killed host agent leaves, which would keep the next
	// one from starting.
	if err := p.lookAtAll(ctx, instance, "stop", "--force", "--tty=false", instance); err != nil {
		return fmt.Errorf("stop %s: %w", instance, err)
	}
	return nil
}

// stop asks the guest to turn itself off.
func (p *Provider) stop(ctx context.Context, instance string) error {
	const stopLimit = 2 * time.Minute
	gentle, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if _, err := p.tool.run(gentle, instance, "stop", "--tty=false", instance); err != nil {
		if ctx.Err() != nil {
			return err
		}
	}
	// Whatever came of it, nothing of it goes on.
	return p.halt(ctx, instance)
}
