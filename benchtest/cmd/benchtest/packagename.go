package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// packageName is the package clause of the tests in dir: the one that its
// other test files have; else NAME_test, where NAME is the package that they
// test, or is made of the folder's name.
func packageName(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is good
	tested := ""
	for _, file := range files {
		if filepath.Base(file) == scenario.GeneratedFile {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
		switch {
		case err != nil: // the go command will say so
		case strings.HasSuffix(file, "_test.go"):
			return f.Name.Name
		default:
			tested = f.Name.Name
		}
	}
	if tested == "" {
		tested = nameOf(dir)
	}
	return tested + "_test"
}

// nameOf makes a package's name of a folder's.
func nameOf(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, strings.ToLower(filepath.Base(dir)))
	if name == "" || name[0] < 'a' { // it would begin with a digit or _
		name = "scenarios" + name
	}
	return name
}
