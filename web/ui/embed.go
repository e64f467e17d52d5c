// Package ui carries the built browser app inside the binary.
//
// It owns nothing but the files of web/ui/dist. They are read-only after the
// build, so everything here is safe for concurrent use. A clean clone has only
// dist/.keep, so that Go builds without Node; Built then reports false and the
// caller says how to build the app.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed src/theme/tokens.css
var tokens string

// Tokens are the app's colours and type as CSS variables, for pages that are
// served beside it; the same whether the app was built or not.
func Tokens() string { return tokens }

//go:embed package-lock.json
var lock []byte

// Lock is npm's lock file: what the app was built from, to the byte.
func Lock() []byte { return lock }

// FS is the built app, rooted at the folder that holds index.html.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		// Sub fails only on an invalid name, and this one is a constant.
		panic(err)
	}
	return sub
}

// Built reports whether the app was built before the binary was.
func Built() bool {
	_, err := fs.Stat(FS(), "index.html")
	return err == nil
}
