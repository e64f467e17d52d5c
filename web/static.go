package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// notBuilt is shown when the binary was built without the browser app.
const notBuilt = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>hashyard</title></head>
<body>
<h1>hashyard is running, without its browser app</h1>
<p>This binary was built before the app was. Build the app, then the binary, and start again:</p>
<pre>cd web/ui
npm ci
npm run build
cd ../..
go build ./cmd/hashyard</pre>
<p><code>make run</code> does all of it. The API works as it is; it is described at <a href="/openapi.json">/openapi.json</a>.</p>
</body>
</html>
`

// file is one file of the app, held in memory: it is small and never changes.
type file struct {
	body, zipped []byte // zipped is nil where it would not help
	kind, etag   string
}

// Static serves the built browser app in fsys. Files under assets/ have their
// hash in the name and are kept for ever; everything else is asked for anew.
// Any path that is no file and no folder with an index.html of its own is a page
// of the app, so it gets index.html.
// Without index.html every page says how to build the app.
func Static(fsys fs.FS) http.Handler {
	files := load(fsys)
	if files["index.html"] == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write([]byte(notBuilt)) // the caller has gone; nothing is lost
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		f := files[name]
		w.Header().Set("Cache-Control", "no-cache")
		switch {
		case f == nil && strings.HasPrefix(name, "assets/"):
			// A page of an older build asks for a file that is gone: a page of
			// HTML in its place would only break later and stranger.
			http.Error(w, "no such file", http.StatusNotFound)
			return
		case f == nil && files[name+"/index.html"] != nil:
			f = files[name+"/index.html"] // a page of its own beside the app's
		case f == nil:
			f = files["index.html"]
		case strings.HasPrefix(name, "assets/"):
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		f.serve(w, r)
	})
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	body, etag := f.body, `"`+f.etag+`"`
	if f.zipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body, etag = f.zipped, `"`+f.etag+`-gz"`
	}
	h.Set("ETag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the caller has gone; nothing is lost
	}
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// load reads all files. What cannot be read is left out, as if not built.
func load(fsys fs.FS) map[string]*file {
	files := map[string]*file{}
	if fsys == nil {
		return files
	}
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return nil //nolint:nilerr // unreadable is the same as absent
		}
		body, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil //nolint:nilerr // unreadable is the same as absent
		}
		sum := sha256.Sum256(body)
		files[name] = &file{body: body, zipped: zipped(name, body), kind: kind(name), etag: hex.EncodeToString(sum[:8])}
		return nil
	})
	return files
}

func kind(name string) string {
	switch path.Ext(name) {
	// The system's own table may say otherwise, or nothing.
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func zipped(name string, body []byte) []byte {
	switch path.Ext(name) {
	case ".js", ".mjs", ".css", ".html", ".svg", ".json", ".map":
	default:
		return nil
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(body); err != nil || z.Close() != nil || b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}
