package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

func listCommand() command {
	return command{
		name: "list", args: "[DIR]", summary: "List scenarios",
		flags: func(fs *flag.FlagSet) runFunc {
			asJSON := fs.Bool("json", false, "one JSON array, for other programs")
			choose := fs.String("scenarios", "", "only these `keys or tags`, comma-separated")
			fs.StringVar(choose, "s", "", "the same as --scenarios")
			return func(_ context.Context, e *env, args []string) error { return e.list(args, *choose, *asJSON) }
		},
	}
}

// A listed scenario is what list --json prints of one.
type listed struct {
	Key       string   `json:"key"`
	Test      string   `json:"test"`
	Dir       string   `json:"dir"`
	Title     string   `json:"title"`
	Tags      []string `json:"tags"`
	Hosts     []string `json:"hosts"`
	Templates []string `json:"templates"`
	Expect    string   `json:"expect"`
	Digest    string   `json:"digest"`
}

func (e *env) list(args []string, choose string, asJSON bool) error {
	f, err := loaded(args)
	if err != nil {
		return err
	}
	defer f.close()
	chosen := f.all
	if choose != "" {
		if chosen, err = scenario.Select(f.all, choose); err != nil {
			return usageError{err}
		}
	}
	rows := make([]listed, 0, len(chosen))
	for _, s := range chosen {
		row := listed{
			Key: s.Key, Test: "Test_" + s.Group + "/" + s.Name, Dir: s.Dir, Title: s.Title,
			Tags: append([]string{}, s.Tags...), Expect: string(s.Expect), Digest: s.Digest,
		}
		for _, h := range s.Hosts {
			row.Hosts = append(row.Hosts, h.HostName)
			row.Templates = append(row.Templates, h.Template)
		}
		rows = append(rows, row)
	}
	if asJSON {
		return e.printJSON(rows)
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	e.printf(t, "KEY\tTEMPLATES\tTAGS\tTITLE\n")
	for _, r := range rows {
		e.printf(t, "%s\t%s\t%s\t%s\n", r.Key, strings.Join(r.Templates, ","), strings.Join(r.Tags, ","), r.Title)
	}
	return t.Flush()
}

// printJSON prints v, indented.
func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
