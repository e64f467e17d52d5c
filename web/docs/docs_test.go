package docs

import (
	"bytes"
	"image/png"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

var links = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

// TestEveryPageAndEveryLink: each page is there, says something, needs no other
// host, and what it links to within the documentation exists.
func TestEveryPageAndEveryLink(t *testing.T) {
	t.Parallel()
	elsewhere := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h, err := Handler(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range nav {
		w := get(t, h, "/docs/"+l.Name)
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, "<h1") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", l.Name, w.Code, w.Header())
		}
		if strings.Contains(body, "style=") || strings.Contains(body, "<script>") {
			t.Errorf("%s: the content security policy would stop a part of it", l.Name)
		}
		for _, m := range links.FindAllStringSubmatch(body, -1) {
			to := m[1]
			switch {
			case strings.HasPrefix(to, "/docs/"):
				to, _, _ = strings.Cut(to, "#")
				if got := get(t, h, to).Code; got != http.StatusOK {
					t.Errorf("%s links to %s: %d", l.Name, to, got)
				}
			case !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "#"):
				t.Errorf("%s links to another host or nowhere: %s", l.Name, to)
			}
		}
	}
	for _, path := range []string{"/docs", "/docs/nothing", "/market", "/docs/../etc/passwd"} {
		if got := get(t, h, path).Code; got != http.StatusTeapot {
			t.Errorf("%s is not handed on: %d", path, got)
		}
	}
	if w := get(t, h, "/docs/docs.css"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "--bg:") {
		t.Errorf("style: %d", w.Code)
	}
}

// TestPicturesAreSmall: the tour must load anywhere.
func TestPicturesAreSmall(t *testing.T) {
	t.Parallel()
	total := 0
	err := fs.WalkDir(pictures, "img", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := pictures.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := png.DecodeConfig(bytes.NewReader(b)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if total += len(b); len(b) > 150<<10 {
			t.Errorf("%s has %d bytes", name, len(b))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 600<<10 || total == 0 {
		t.Errorf("%d bytes of pictures", total)
	}
}
