package minersim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// field is one key and value of a reply; the order on the wire is that of the
// real thing, which some parsers out there depend on.
type field struct {
	key   string
	value any
}

type row []field

// MarshalJSON writes the fields in order.
func (r row) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		k, err := json.Marshal(f.key)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(f.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.key, err)
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// number is a number printed in a given way.
type number string

// MarshalJSON writes the digits as they are.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

func fixed(f float64, decimals int) number {
	return number(strconv.FormatFloat(f, 'f', decimals, 64))
}

func trimFloat(f float64, decimals int) string {
	s := strconv.FormatFloat(f, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// reply is one answer of the RPC API.
type reply struct {
	letter  string // S, W, I, E
	code    int
	message string
	section string // empty: none
	rows    []row
	// glued leaves the comma between rows out, as bmminer up to the S9 does.
	glued bool
}

func success(code int, message, section string, rows ...row) reply {
	return reply{letter: "S", code: code, message: message, section: section, rows: rows}
}

func failure(code int, format string, args ...any) reply {
	return reply{letter: "E", code: code, message: fmt.Sprintf(format, args...)}
}

func (r reply) status(description string, now time.Time) row {
	return row{
		{"STATUS", r.letter},
		{"When", now.Unix()},
		{"Code", r.code},
		{"Msg", r.message},
		{"Description", description},
	}
}

// json writes the reply as the API's JSON, without the terminator.
func (r reply) json(description string, now time.Time) ([]byte, error) {
	status, err := json.Marshal(r.status(description, now))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"STATUS":[%s]`, status)
	if r.section != "" {
		fmt.Fprintf(&b, `,%q:[`, r.section)
		for i, row := range r.rows {
			if i > 0 && !r.glued {
				b.WriteByte(',')
			}
			text, err := json.Marshal(row)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
		b.WriteByte(']')
	}
	b.WriteString(`,"id":1}`)
	return b.Bytes(), nil
}

// text writes the reply in the API's older language.
func (r reply) text(description string, now time.Time) []byte {
	var b bytes.Buffer
	escape := strings.NewReplacer(`\`, `\\`, `|`, `\|`, `,`, `\,`, `=`, `\=`)
	write := func(fields row) {
		for i, f := range fields {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%s=%s", escape.Replace(f.key), escape.Replace(fmt.Sprint(f.value)))
		}
		b.WriteByte('|')
	}
	write(r.status(description, now))
	for _, fields := range r.rows {
		// Numbered rows name themselves: "POOL=0,URL=…|".
		if r.section != "POOLS" && r.section != "DEVS" && r.section != "STATS" {
			b.WriteString(r.section + ",")
		}
		write(fields)
	}
	return b.Bytes()
}
