// Package settings owns how a flag gets its value besides the command line and
// its environment variable, and the reference of all of them.
package settings

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"hashyard"
)

// prefix of the variables that are ours.
const prefix = "HASHYARD_"

// fileSuffix makes the name of the variable that names a file instead.
const fileSuffix = "_FILE"

// largest is how long a setting may be.
const largest = 64 << 10

// Files lets any setting with an environment variable HASHYARD_X come from a
// file: the one that HASHYARD_X_FILE names, or the systemd credential
// HASHYARD_X. A secret then stands neither on a command line nor in an
// environment. A line end at the file's end does not belong to the value.
func Files(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			v, found, err := fromFile(getenv, name)
			if err != nil || found {
				return v, err
			}
		}
		return nil, nil
	})
}

func fromFile(getenv func(string) string, name string) (v any, found bool, err error) {
	path := getenv(name + fileSuffix)
	if path == "" {
		dir := getenv("CREDENTIALS_DIRECTORY")
		if dir == "" || getenv(name) != "" {
			return nil, false, nil
		}
		path = filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			return nil, false, nil // not among the unit's credentials
		}
	} else if getenv(name) != "" {
		return nil, false, hashyard.Invalid.Errorf("%s and %s%s are both set: keep one", name, name, fileSuffix)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false, hashyard.Invalid.Errorf("%s%s: %w", name, fileSuffix, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, false, fmt.Errorf("%s%s: %w", name, fileSuffix, err)
	}
	if len(b) > largest {
		return nil, false, hashyard.Invalid.Errorf("%s%s: %s holds more than %d bytes", name, fileSuffix, path, largest)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if text == "" {
		return nil, false, hashyard.Invalid.Errorf("%s%s: %s is empty", name, fileSuffix, path)
	}
	return text, true, nil
}
