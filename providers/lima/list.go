package lima

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/providers"
)

// List names the templates, clones and networks of this BENCHTEST_HOME. An
// instance that has no record of ours is not ours.
func (p *Provider) List(ctx context.Context) ([]providers.MachineInfo, error) {
	infos, err := p.listTemplates()
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	ids, err := names(p.machines())
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	if len(ids) == 0 {
		return infos, nil
	}
	status, err := p.statuses(ctx)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	var attempts []string
	for _, id := range ids {
		r, err := p.readRecord(id)
		if err != nil {
			continue // it went while we looked
		}
		infos = append(infos, providers.MachineInfo{
			ID: r.ID, Kind: providers.KindClone, Provider: "lima", Template: r.Template, Run: r.Run,
			State: stateName(status[r.Instance]), Bytes: bytesOf(p.tool.dir(r.Instance)), Created: r.Created,
		})
		if r.Attempt != "" && !slices.Contains(attempts, r.Attempt) {
			attempts = append(attempts, r.Attempt)
			infos = append(infos, providers.MachineInfo{ID: r.Attempt, Kind: providers.KindNetwork, Provider: "lima", Run: r.Run, State: "running"})
		}
	}
	return infos, nil
}

// statuses maps our instances to limactl's word for their states. One that is
// half made or half gone is not among them.
func (p *Provider) statuses(ctx context.Context) (map[string]string, error) {
	const tries = 3 // one may go while limactl looks
	var last error
	for range tries {
		known, err := p.loadable()
		if err != nil || len(known) == 0 {
			return nil, err
		}
		out, err := p.tool.run(ctx, "", append([]string{"list", "--json", "--tty=false"}, known...)...)
		if err == nil {
			return parseStatuses(out)
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// loadable are the instances of ours that limactl can read. It refuses to list
// any when one that it is to list has no configuration yet, or no more.
func (p *Provider) loadable() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(p.tool.settings.home, instancePrefix+"*", "lima.yaml"))
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		files[i] = filepath.Base(filepath.Dir(f))
	}
	return files, nil
}

func parseStatuses(out []byte) (map[string]string, error) {
	list, err := parseList(out)
	if err != nil {
		return nil, err
	}
	m := map[string]string{}
	for _, i := range list {
		m[i.Name] = i.Status
	}
	return m, nil
}

// stateName says limactl's word in ours.
func stateName(status string) string {
	switch status {
	case "Running":
		return "running"
	case "Stopped":
		return "stopped"
	}
	return "broken" // also what is half made or half gone
}

func (p *Provider) listTemplates() ([]providers.MachineInfo, error) {
	built, err := names(p.templates())
	if err != nil {
		return nil, err
	}
	var infos []providers.MachineInfo
	for _, name := range built {
		m, err := readJSON[meta](p.metaPath(name))
		if err != nil {
			continue
		}
		infos = append(infos, providers.MachineInfo{
			ID: name, Kind: providers.KindTemplate, Provider: "lima", Template: name, State: "complete", Bytes: m.Bytes, Created: m.Created,
		})
	}
	notes, err := filepath.Glob(filepath.Join(p.templates(), "template-*.building"))
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		name := strings.TrimSuffix(filepath.Base(note), ".building")
		if !slices.Contains(built, name) {
			infos = append(infos, providers.MachineInfo{ID: name, Kind: providers.KindTemplate, Provider: "lima", Template: name, State: "broken"})
		}
	}
	return infos, nil
}
