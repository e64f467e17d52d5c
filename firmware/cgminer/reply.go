package cgminer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"hashyard"
)

// Codes of the API that callers tell apart.
const (
	CodeInvalidCommand = 14
	CodeInvalidJSON    = 23
	CodeAccessDenied   = 45
	CodeNoDevices      = 10
)

// Status is the STATUS of a reply.
type Status struct {
	Letter      string // S success, I info, W warning, E error, F fatal
	Code        int
	Message     string
	Description string
}

// StatusError is a reply that says the command failed.
type StatusError struct {
	Command string
	Status  Status
}

// Error is the machine's answer with its code.
func (e *StatusError) Error() string {
	return fmt.Sprintf("miner refused %s: code %d: %s", e.Command, e.Status.Code, e.Status.Message)
}

// Is makes a refusal for lack of privilege hashyard.Denied.
func (e *StatusError) Is(target error) bool {
	return target == hashyard.Denied && e.Status.Code == CodeAccessDenied
}

// Section is one part of a reply: "SUMMARY" and its rows.
type Section struct {
	Name string
	Rows []Value
}

// Reply is one parsed answer of the RPC API.
type Reply struct {
	Status   Status
	Sections []Section
	Parts    map[string]Reply // of a joined command "summary+pools", else nil
	Defects  []Defect
	Root     Value // the whole JSON; zero for a text reply
}

// Rows are the rows of the named section, whatever case it is written in.
func (r Reply) Rows(name string) []Value {
	for _, s := range r.Sections {
		if strings.EqualFold(s.Name, name) {
			return s.Rows
		}
	}
	return nil
}

// Has reports whether the reply has the named section, be it empty.
func (r Reply) Has(name string) bool {
	return slices.ContainsFunc(r.Sections, func(s Section) bool { return strings.EqualFold(s.Name, name) })
}

// First is the first row of the named section, or an absent value.
func (r Reply) First(name string) Value {
	if rows := r.Rows(name); len(rows) > 0 {
		return rows[0]
	}
	return Value{}
}

// Err is the *StatusError of a reply that failed, else nil.
func (r Reply) Err(command string) error {
	if r.Status.Letter == "E" || r.Status.Letter == "F" {
		return &StatusError{command, r.Status}
	}
	return nil
}

// ParseReply reads one answer in either of the API's languages.
func ParseReply(b []byte) (Reply, error) {
	b = bytes.TrimRight(b, "\x00\r\n \t")
	trimmed := bytes.TrimLeft(b, "\x00\r\n \t")
	if len(trimmed) == 0 {
		return Reply{}, hashyard.Invalid.Errorf("empty reply")
	}
	if bytes.HasPrefix(trimmed, []byte("STATUS=")) || bytes.HasPrefix(trimmed, []byte("CMD=")) {
		return parseText(string(trimmed)), nil
	}
	root, defects, err := Parse(b)
	if err != nil {
		return Reply{}, err
	}
	r := fromJSON(root)
	r.Defects = defects
	return r, nil
}

func fromJSON(root Value) Reply {
	r := Reply{Root: root}
	for _, m := range root.Members() {
		switch {
		case strings.EqualFold(m.Key, "STATUS"):
			r.Status = status(root, m.Value)
		case m.Value.Kind == Object || m.Value.Kind == Array:
			r.add(m.Key, m.Value)
		}
	}
	return r
}

// add files one member of the reply: a whole inner reply where the command was
// joined, else a section.
func (r *Reply) add(name string, v Value) {
	rows := v.Rows()
	if len(rows) == 1 && rows[0].Fold("STATUS").Kind == Array {
		if r.Parts == nil {
			r.Parts = map[string]Reply{}
		}
		r.Parts[strings.ToLower(name)] = fromJSON(rows[0])
		return
	}
	r.Sections = append(r.Sections, Section{name, rows})
}

// status reads STATUS as array, as object (Bitmain's web) or flat in the root
// (Whatsminer; BYE after quit).
func status(root, v Value) Status {
	s := root
	if rows := v.Rows(); len(rows) > 0 {
		s, v = rows[0], rows[0].Fold("STATUS")
	}
	code, _ := s.Fold("Code").Int()
	return Status{
		Letter:      v.Text(),
		Code:        int(code),
		Message:     s.Fold("Msg").Text(),
		Description: s.Fold("Description").Text(),
	}
}

// parseText reads "STATUS=S,Code=22,Msg=…|VERSION,CGMiner=4.11.1|". A joined
// reply of bfgminer begins each part with "CMD=summary|".
func parseText(s string) Reply {
	var r Reply
	part := &r
	var name string
	flush := func() {
		if name != "" {
			r.Parts[name] = *part
		}
	}
	for _, section := range splitEscaped(s, '|') {
		fields := splitEscaped(section, ',')
		key, val, _ := cutEscaped(fields[0], '=')
		switch {
		case strings.Trim(section, "\x00\r\n ") == "":
		case key == "CMD":
			flush()
			if r.Parts == nil {
				r.Parts = map[string]Reply{}
			}
			name, part = strings.ToLower(val), &Reply{}
		case key == "STATUS":
			row := textRow(fields)
			part.Status = status(row, row.Get("STATUS"))
		default:
			part.addText(key, val, fields)
		}
	}
	flush()
	if !strings.HasSuffix(s, "|") {
		r.Defects = append(r.Defects, Defect{len(s), truncated + " text"})
	}
	return r
}

func (r *Reply) addText(key, val string, fields []string) {
	row := textRow(fields)
	if val == "" && len(fields) > 0 {
		row.members = row.members[1:] // a bare section name: "VERSION,…"
	}
	if n := len(r.Sections); n > 0 && r.Sections[n-1].Name == key {
		r.Sections[n-1].Rows = append(r.Sections[n-1].Rows, row)
		return
	}
	r.Sections = append(r.Sections, Section{key, []Value{row}})
}

func textRow(fields []string) Value {
	row := Value{Kind: Object}
	for _, f := range fields {
		k, v, _ := cutEscaped(f, '=')
		row.members = append(row.members, Member{k, Value{Kind: String, text: v}})
	}
	return row
}

// splitEscaped splits at sep where no backslash protects it; escapes stay.
func splitEscaped(s string, sep byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// cutEscaped cuts at the first unprotected sep and removes escapes.
func cutEscaped(s string, sep byte) (before, after string, found bool) {
	parts := splitEscaped(s, sep)
	if len(parts) == 1 {
		return unescape(s), "", false
	}
	return unescape(parts[0]), unescape(s[len(parts[0])+1:]), true
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
