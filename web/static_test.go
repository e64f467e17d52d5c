package web

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestStatic(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("console.log(1);", 100)
	app := Static(fstest.MapFS{
		"index.html": {Data: []byte("<html>app</html>")}, "assets/main-1a2b.js": {Data: []byte(big)},
		"mark.svg": {Data: []byte("<svg/>")}, ".keep": {Data: []byte("x")},
	})
	srv, _, _ := edge(t, Config{Static: app})
	for _, tt := range []struct {
		path, cache, kind, body string
		status                  int
	}{
		{"/", "no-cache", "text/html; charset=utf-8", "<html>app</html>", 200},
		{"/units/0192aaaa-0000-7000-8000-000000000001", "no-cache", "text/html; charset=utf-8", "<html>app</html>", 200},
		{"/.keep", "no-cache", "text/html; charset=utf-8", "<html>app</html>", 200},
		{"/../../etc/passwd", "no-cache", "text/html; charset=utf-8", "<html>app</html>", 200},
		{"/assets/main-1a2b.js", "public, max-age=31536000, immutable", "text/javascript; charset=utf-8", big, 200},
		{"/mark.svg", "no-cache", "image/svg+xml", "<svg/>", 200},
		{"/assets/gone-9.js", "no-cache", "text/plain; charset=utf-8", "no such file\n", 404},
	} {
		r := send(t, srv, "GET", tt.path, "")
		if r.status != tt.status || r.body != tt.body || r.header.Get("Cache-Control") != tt.cache || r.header.Get("Content-Type") != tt.kind {
			t.Errorf("%s: %d %q %q %.40q", tt.path, r.status, r.header.Get("Cache-Control"), r.header.Get("Content-Type"), r.body)
		}
		if etag := r.header.Get("ETag"); tt.status == 200 {
			if again := send(t, srv, "GET", tt.path, "", "If-None-Match", etag); again.status != 304 || again.body != "" {
				t.Errorf("%s again: %d %q", tt.path, again.status, again.body)
			}
		}
	}
	if r := send(t, srv, "GET", "/api/v1/nothing", ""); r.status != 404 || !strings.Contains(r.body, "request_id") {
		t.Errorf("an unknown API path got the app: %d %.60q", r.status, r.body)
	}
	if r := send(t, srv, "POST", "/units", ""); r.status != 404 {
		t.Errorf("a command to a page: %d", r.status)
	}
	bare, _, _ := edge(t, Config{Static: Static(fstest.MapFS{".keep": {}})})
	if r := send(t, bare, "GET", "/", ""); r.status != 200 || !strings.Contains(r.body, "npm run build") {
		t.Errorf("not built: %d %q", r.status, r.body)
	}
}
