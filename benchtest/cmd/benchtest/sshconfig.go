package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
)

func sandboxConfig() command {
	return command{
		name: "sandbox ssh-config", args: "NAME", summary: "Print an OpenSSH configuration for a sandbox, for editors and scp; it holds across restarts",
		flags: func(fs *flag.FlagSet) runFunc {
			user := userFlag(fs)
			path := fs.Bool("path", false, "print the path of a file with it instead, for ssh -F and Include")
			return func(_ context.Context, e *env, args []string) error {
				if err := checkUser(*user); err != nil {
					return err
				}
				return e.withSandbox(args, func(k *sandboxes.Keeper, r sandboxes.Record) error {
					if r.Provider == "host" {
						return usagef("sandbox %s is a host of an inventory, and has none of our keys: reach it with that inventory's address, user and key", r.Name)
					}
					proxy, err := e.dialProxy(r)
					if err != nil {
						return err
					}
					config := k.Store.SSHConfig(r, *user, proxy)
					file, err := k.Store.WriteSSHConfig(r, config)
					if err != nil {
						return err
					}
					if *path {
						config = []byte(file + "\n")
					}
					_, err = e.stdout.Write(config)
					return err
				})
			}
		},
	}
}

// dialProxy is the ProxyCommand that reaches a sandbox, from any directory.
func (e *env) dialProxy(r sandboxes.Record) ([]string, error) {
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return nil, err
	}
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	argv := []string{binary}
	// go tool keeps its binaries in a cache, which forgets them.
	if slices.Contains(strings.Split(filepath.ToSlash(binary), "/"), "go-build") {
		module, err := moduleDir()
		if err != nil {
			return nil, err
		}
		argv = []string{"go", "-C", module, "tool", "benchtest"}
	}
	argv = append(append([]string{"env", "BENCHTEST_HOME=" + home}, argv...), "dial", "--mode", r.Provider, r.ID)
	for _, word := range argv {
		if strings.ContainsAny(word, "\n\r\x00") {
			return nil, fmt.Errorf("%q cannot stand in an ssh_config", word)
		}
	}
	return argv, nil
}

// moduleDir is the nearest directory above with a go.mod.
func moduleDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", usagef("no go.mod here: call it in the module whose go.mod has benchtest as a tool")
		}
	}
}
