package settings

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Reference writes every command with every flag, its variable and its
// default, as Markdown, from what the program itself reads.
func Reference(w io.Writer, model *kong.Application) error {
	e := &errWriter{w: w}
	e.printf("# Configuration reference\n\n")
	e.printf("Made by `hashyard config-reference`; a test holds it to the program. Any setting comes from its flag, else from its\n")
	e.printf("variable. A variable `HASHYARD_X` may be given as a file instead: `HASHYARD_X_FILE` names it, or systemd hands it over\n")
	e.printf("as the credential `HASHYARD_X` (`LoadCredential=`). Secrets belong there.\n\n")
	e.printf("Flags of every command: %s\n", oneLine(model.Flags))
	for _, n := range model.Leaves(true) {
		e.printf("\n## %s\n\n%s\n", n.FullPath(), n.Help)
		for _, p := range n.Positional {
			e.printf("\n`%s`: %s\n", p.Summary(), p.Help)
		}
		table(e, n.Flags)
	}
	return e.err
}

func table(e *errWriter, flags []*kong.Flag) {
	if len(flags) == 0 {
		return
	}
	e.printf("\n| flag | variable | default | |\n|---|---|---|---|\n")
	for _, f := range flags {
		if f.Hidden || f.Name == "help" {
			continue
		}
		value := "—"
		switch {
		case f.Required:
			value = "required"
		case f.HasDefault && f.Default != "":
			value = "`" + f.Default + "`"
		}
		e.printf("| `--%s` | %s | %s | %s |\n", f.Name, names(f.Envs), value, strings.ReplaceAll(f.Help, "|", "\\|"))
	}
}

func names(envs []string) string {
	if len(envs) == 0 {
		return "—"
	}
	return "`" + strings.Join(envs, "`, `") + "`"
}

func oneLine(flags []*kong.Flag) string {
	var out []string
	for _, f := range flags {
		if f.Name != "help" {
			out = append(out, fmt.Sprintf("`--%s` (%s; `%s`): %s", f.Name, names(f.Envs), f.Default, f.Help))
		}
	}
	return strings.Join(out, " ")
}

// errWriter keeps the first error.
type errWriter struct {
	w   io.Writer
	err error
}

func (e *errWriter) printf(format string, args ...any) {
	if e.err == nil {
		_, e.err = fmt.Fprintf(e.w, format, args...)
	}
}
