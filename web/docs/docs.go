// Package docs owns the documentation that the binary serves: Markdown pages,
// turned into HTML once, their pictures, and their style. The API viewer at
// /docs belongs to the browser app's build; everything below /docs/ is here.
package docs

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"hashyard/web/ui"
)

//go:embed pages/*.md
var pages embed.FS

//go:embed img
var pictures embed.FS

//go:embed docs.css
var style string

// page is a document around the rendered Markdown.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en" data-mantine-color-scheme="dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<link rel="icon" type="image/svg+xml" href="/mark.svg">
<link rel="stylesheet" href="/docs/docs.css">
<title>{{.Title}} · hashyard</title>
<script src="/scheme.js"></script>
</head>
<body>
<header><a href="/">hashyard</a><nav aria-label="Documentation"><a href="/docs">API</a>{{range .Nav}}<a href="/docs/{{.Name}}"{{if eq .Name $.Name}} aria-current="page"{{end}}>{{.Title}}</a>{{end}}</nav></header>
<main>{{.Body}}</main>
</body>
</html>
`))

// link is an entry of the navigation.
type link struct{ Name, Title string }

// nav is the order in which a reader needs the pages.
var nav = []link{{"tour", "Tour"}, {"orders", "Orders"}, {"pool", "Mining"}, {"operations", "Operation"}, {"configuration", "Configuration"}}

// Handler serves the pages and hands everything else on.
func Handler(next http.Handler) (http.Handler, error) {
	files, err := render()
	if err != nil {
		return nil, fmt.Errorf("documentation: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Clean(r.URL.Path)
		b, ok := files[name]
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		if path.Ext(name) == "" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
	}), nil
}

// served turns the links of the sources, which work between the files, into
// those of the server.
func served(src []byte) []byte {
	src = bytes.ReplaceAll(src, []byte("](../img/"), []byte("](/docs/img/"))
	for _, l := range nav {
		src = bytes.ReplaceAll(src, []byte("]("+l.Name+".md"), []byte("](/docs/"+l.Name))
	}
	return src
}

// render makes every file by its path.
func render() (map[string][]byte, error) {
	files := map[string][]byte{"/docs/docs.css": []byte(ui.Tokens() + style)}
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	for _, l := range nav {
		src, err := pages.ReadFile("pages/" + l.Name + ".md")
		if err != nil {
			return nil, err
		}
		var body, out bytes.Buffer
		if err := md.Convert(served(src), &body); err != nil {
			return nil, err
		}
		// Our own text, and goldmark leaves raw HTML out.
		err = page.Execute(&out, struct {
			link
			Nav  []link
			Body template.HTML
		}{l, nav, template.HTML(body.String())})
		if err != nil {
			return nil, err
		}
		files["/docs/"+l.Name] = out.Bytes()
	}
	return files, fs.WalkDir(pictures, "img", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".png") {
			return err
		}
		b, err := pictures.ReadFile(name)
		files["/docs/"+name] = b
		return err
	})
}
