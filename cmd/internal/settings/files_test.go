package settings

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

type roles struct {
	Serve struct {
		Key   string `required:"" env:"HASHYARD_TEST_KEY"`
		Other string `env:"OTHER_KEY" default:"d"`
		Shown int    `env:"HASHYARD_TEST_NUMBER"`
	} `cmd:""`
}

func parse(t *testing.T, env map[string]string, args ...string) (roles, error) {
	t.Helper()
	for k, v := range env {
		t.Setenv(k, v)
	}
	var r roles
	p, err := kong.New(&r, kong.Resolvers(Files(os.Getenv)), kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Parse(append([]string{"serve"}, args...))
	return r, err
}

func TestASettingComesFromAFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := write("secret", " a b \n")
	write("HASHYARD_TEST_KEY", "from systemd")
	for _, tt := range []struct {
		name string
		env  map[string]string
		args []string
		key  string
		says string
	}{
		{name: "the file", env: map[string]string{"HASHYARD_TEST_KEY_FILE": secret}, key: " a b "},
		{name: "the credential", env: map[string]string{"CREDENTIALS_DIRECTORY": dir}, key: "from systemd"},
		{name: "the file before the credential", env: map[string]string{"CREDENTIALS_DIRECTORY": dir, "HASHYARD_TEST_KEY_FILE": secret}, key: " a b "},
		{name: "the variable before the credential", env: map[string]string{"CREDENTIALS_DIRECTORY": dir, "HASHYARD_TEST_KEY": "v"}, key: "v"},
		{name: "the flag before all", env: map[string]string{"HASHYARD_TEST_KEY_FILE": secret}, args: []string{"--key=f"}, key: "f"},
		{name: "both", env: map[string]string{"HASHYARD_TEST_KEY_FILE": secret, "HASHYARD_TEST_KEY": "v"}, says: "both set"},
		{name: "no such file", env: map[string]string{"HASHYARD_TEST_KEY_FILE": secret + "x"}, says: "no such file"},
		{name: "an empty file", env: map[string]string{"HASHYARD_TEST_KEY_FILE": write("empty", "\n")}, says: "is empty"},
		{name: "a huge file", env: map[string]string{"HASHYARD_TEST_KEY_FILE": write("huge", strings.Repeat("x", largest+1))}, says: "more than"},
		{name: "nothing", says: "--key"},
		{name: "not ours", env: map[string]string{"OTHER_KEY_FILE": secret, "HASHYARD_TEST_KEY": "v"}, key: "v"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parse(t, tt.env, tt.args...)
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("said %v, want %q", err, tt.says)
				}
				return
			}
			if err != nil || r.Serve.Key != tt.key || r.Serve.Other != "d" {
				t.Errorf("%+v, %v; want %q", r.Serve, err, tt.key)
			}
		})
	}
	if r, err := parse(t, map[string]string{"HASHYARD_TEST_KEY": "k", "HASHYARD_TEST_NUMBER_FILE": write("n", "7\n")}); err != nil || r.Serve.Shown != 7 {
		t.Errorf("a number: %+v, %v", r.Serve, err)
	}
}
