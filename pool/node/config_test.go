package node

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hashyard"
)

func TestNodesAreReadFromOneLine(t *testing.T) {
	for line, want := range map[string]Config{
		"http://127.0.0.1:8332":                                  {Name: "127.0.0.1:8332", URL: "http://127.0.0.1:8332"},
		"https://node:8332/?name=core+1&user=u&password-file=/p": {Name: "core 1", URL: "https://node:8332/", User: "u", PasswordFile: "/p"},
		"http://n:1?cookie-file=/c&zmq=tcp://n:28332":            {Name: "n:1", URL: "http://n:1", CookieFile: "/c", ZMQ: "tcp://n:28332"},
	} {
		got, err := ParseConfig(line)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Config{}, "Timeout", "MaxReply", "Wrap")); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", line, err, diff)
		}
	}
	for _, line := range []string{
		"", "127.0.0.1:8332", "ftp://n", "http://user:secret@n:1", "http://n:1?password=secret", "http://n:1?name=a&name=b", "http://n:1?name=",
		"http://n:1?zmq=n:28332", "http://n:1?zmq=tcp://n", "http://n:1?cookie-file=/c&user=u", "http://n:1?name=" + strings.Repeat("a", maxName+1),
		"http://n:1?name=%0a", "http://n:1?name=%zz", "http://secret%zz@n", "http://n:1?name=\u00fc",
	} {
		_, err := ParseConfig(line)
		if !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q is taken: %v", line, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add("http://127.0.0.1:8332?name=core1&cookie-file=/c&zmq=tcp://127.0.0.1:28332")
	f.Add("http://u:p@h/%zz?password=x")
	f.Fuzz(func(t *testing.T, line string) {
		cfg, err := ParseConfig(line)
		if err == nil && (cfg.URL == "" || cfg.Name == "" || cfg.Password != "") {
			t.Fatalf("%q is %+v", line, cfg)
		}
	})
}

// guarded is a node that lets in who has the present credentials.
func guarded(t *testing.T) (url string, pass *atomic.Value, asked *atomic.Int64) {
	t.Helper()
	pass, asked = new(atomic.Value), new(atomic.Int64)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		u, p, _ := r.BasicAuth()
		if u+":"+p != pass.Load() {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(rw, `{}`)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, pass, asked
}

// TestCookiesAreReadAgain: Core writes another cookie at every start.
func TestCookiesAreReadAgain(t *testing.T) {
	url, pass, asked := guarded(t)
	dir := t.TempDir()
	cookie := filepath.Join(dir, ".cookie")
	write := func(file, line string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := New(Config{URL: url, CookieFile: cookie})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	ask := func() error { _, _, err := c.post(t.Context(), []byte(`{}`)); return err }
	pass.Store("__cookie__:one")
	if err := ask(); !errors.Is(err, hashyard.Unauthenticated) || asked.Load() != 0 {
		t.Fatalf("no cookie yet: %v, asked %d times", err, asked.Load())
	}
	write(cookie, "__cookie__:one\n")
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	pass.Store("__cookie__:two")
	write(cookie, "__cookie__:two")
	if err := c.call(t.Context(), nil, "getblockcount"); errors.Is(err, hashyard.Unauthenticated) {
		t.Fatalf("the new cookie was not read: %v", err)
	}
	pass.Store("__cookie__:three")
	if err := c.call(t.Context(), nil, "getblockcount"); !errors.Is(err, hashyard.Unauthenticated) {
		t.Fatalf("a cookie of yesterday lets in: %v", err)
	}
	for _, bad := range []string{"", "no colon", "two:\nlines", strings.Repeat("a:", maxSecret)} {
		write(cookie, bad)
		c.forget()
		if _, err := c.credentials(); !errors.Is(err, hashyard.Unauthenticated) {
			t.Errorf("cookie %.20q: %v", bad, err)
		}
	}

	file := filepath.Join(dir, "password")
	write(file, "hush\r\n")
	pass.Store("u:hush")
	p, err := New(Config{URL: url, User: "u", PasswordFile: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if _, _, err := p.post(t.Context(), []byte(`{}`)); err != nil {
		t.Fatalf("password from a file: %v", err)
	}
	for _, cfg := range []Config{{URL: url, CookieFile: cookie, User: "u"}, {URL: url, Password: "p", PasswordFile: file}} {
		if _, err := New(cfg); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%+v is taken: %v", cfg, err)
		}
	}
}
