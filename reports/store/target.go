package store

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Target is a database that is named, and not yet opened.
type Target struct {
	name string // without secrets
	path string // of the file, with SQLite
	conn *pgx.ConnConfig
}

// None is the word for no database at all.
const None = "none"

// ErrNone says that no database is wanted.
var ErrNone = errors.New("there is to be no database")

// ParseTarget reads where a database is:
//
//	postgres://USER@HOST/DATABASE
//	sqlite:///PATH
//
// An empty text is the file benchtest.db in home. The word none is ErrNone.
// Nothing is opened. The error says what is wanted, and holds no password.
func ParseTarget(text, home string) (Target, error) {
	scheme, rest, isURL := strings.Cut(text, "://")
	switch {
	case text == "":
		return sqliteTarget(filepath.Join(home, "benchtest.db"))
	case text == None:
		return Target{}, ErrNone
	case isURL && scheme == "sqlite":
		path, err := url.PathUnescape(rest)
		if err != nil || !filepath.IsAbs(path) || strings.HasSuffix(path, "/") {
			return Target{}, fmt.Errorf("bad database %q: want sqlite:///PATH with the absolute path of a file", text)
		}
		return sqliteTarget(path)
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return postgresTarget(text)
	}
	// The rest may hold a password and is not repeated.
	return Target{}, fmt.Errorf("bad database, of kind %q: want postgres://USER@HOST/DATABASE, sqlite:///PATH or %s", kindOf(text), None)
}

// Argv is args without the database that the flag of this name is given, which may
// hold a password.
func Argv(args []string, flag string) []string {
	clean := make([]string, len(args))
	for i, arg := range args {
		name, value, given := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		clean[i] = arg
		switch {
		case given && name == flag && arg[0] == '-':
			clean[i] = strings.TrimSuffix(arg, value) + "..."
		case i > 0 && strings.HasPrefix(args[i-1], "-") && strings.TrimLeft(args[i-1], "-") == flag:
			clean[i] = "..."
		}
	}
	return clean
}

// kindOf is what stands before the first separator.
func kindOf(text string) string {
	if i := strings.IndexAny(text, ":/@ ="); i >= 0 {
		text = text[:i]
	}
	return text[:min(len(text), 20)]
}

func sqliteTarget(path string) (Target, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Target{}, fmt.Errorf("find database: %w", err)
	}
	return Target{name: "sqlite://" + abs, path: abs}, nil
}

func postgresTarget(text string) (Target, error) {
	conn, err := pgx.ParseConfig(text)
	if err != nil {
		return Target{}, errors.New("bad database: want postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require, with what is special in a password as %XX")
	}
	if conn.ConnectTimeout <= 0 || conn.ConnectTimeout > connectTimeout {
		conn.ConnectTimeout = connectTimeout
	}
	name := url.URL{Scheme: "postgres", Host: fmt.Sprintf("%s:%d", conn.Host, conn.Port), Path: "/" + conn.Database}
	if strings.HasPrefix(conn.Host, "/") { // the directory of a socket
		name.Host, name.RawQuery = "", fmt.Sprintf("host=%s&port=%d", conn.Host, conn.Port)
	}
	return Target{name: name.String(), conn: conn}, nil
}

// String names the database, the same for everybody who means it, without the
// user's name and password.
func (t Target) String() string { return t.name }
