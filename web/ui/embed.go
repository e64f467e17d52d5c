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
