package main

import (
	"flag"
	"strings"
)

// runnerFlags are those of the 2501 runner's sandbox that ours has no use for
// of its own: the first works, the others are refused with what to do instead.
type runnerFlags struct{ envFile, templates, specialty string }

func declareRunnerFlags(fs *flag.FlagSet) *runnerFlags {
	f := &runnerFlags{}
	fs.StringVar(&f.envFile, "env-file", "", "`file` of NAME=value lines that this command takes its settings from, before the environment")
	fs.StringVar(&f.templates, "vm-templates-path", "", "refused: templates stand in the `folder`'s templates/")
	fs.StringVar(&f.specialty, "specialty", "", "refused: a `key` for agents, which a sandbox has none of")
	return f
}

// apply makes the file's lines this process's environment, which is where
// providers and the programs that they run look.
func (f *runnerFlags) apply(e *env) error {
	switch {
	case f.templates != "":
		return errTemplatesPath
	case f.specialty != "":
		return usagef("--specialty: a sandbox is a machine without agents: give it to benchtest start")
	case f.envFile == "":
		return nil
	}
	lines, err := readEnvFile(f.envFile)
	if err != nil {
		return usageError{err}
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=") // readEnvFile has looked
		if err := e.setenv(name, value); err != nil {
			return usagef("--env-file: %s: %w", name, err)
		}
	}
	return nil
}
