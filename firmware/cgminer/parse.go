package cgminer

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"hashyard"
)

const (
	maxDepth   = 64
	maxDefects = 100
)

// Parse reads one reply as JSON, forgiving every defect seen in the field, and
// says which it forgave. It fails only where there is nothing to read: no
// object or array at all, or nesting beyond reason.
func Parse(b []byte) (Value, []Defect, error) {
	p := &parser{in: b}
	p.space()
	var v Value
	switch c := p.peek(); c {
	case '{', '[':
		v = p.value(0)
	case ',', '"':
		// Avalon cuts the head off: `,"id":1}`.
		p.defect("missing opening brace")
		v = p.object(0)
	default:
		return Value{}, nil, hashyard.Invalid.Errorf("reply is not JSON: %.60q", b)
	}
	if p.tooDeep {
		return Value{}, nil, hashyard.Invalid.Errorf("reply nests deeper than %d", maxDepth)
	}
	p.space()
	if p.at < len(p.in) {
		p.defect("bytes after the reply")
	}
	return v, p.defects, nil
}

// parser walks the input once. Every loop consumes at least one byte or ends.
type parser struct {
	in      []byte
	at      int
	defects []Defect
	tooDeep bool
}

func (p *parser) defect(what string) {
	// That a reply broke off is told last, and must not drown in the others.
	if len(p.defects) < maxDefects || strings.HasPrefix(what, truncated) {
		p.defects = append(p.defects, Defect{p.at, what})
	}
}

// peek is the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.in) {
		return p.in[p.at]
	}
	return 0
}

func (p *parser) end() bool { return p.at >= len(p.in) }

func (p *parser) space() {
	// Below ' ' lie all control characters, NUL terminators among them.
	for p.at < len(p.in) && (p.in[p.at] <= ' ' || p.in[p.at] == 0x7f) {
		p.at++
	}
}

func (p *parser) value(depth int) Value {
	if depth > maxDepth {
		p.tooDeep, p.at = true, len(p.in)
		return Value{}
	}
	switch c := p.peek(); c {
	case '{':
		p.at++
		return p.object(depth)
	case '[':
		p.at++
		return p.array(depth)
	case '"':
		return p.str()
	default:
		return p.bare()
	}
}

// object reads members up to the closing brace, which it consumes; the opening
// one is already behind it.
func (p *parser) object(depth int) Value {
	v := Value{Kind: Object}
	for first := true; ; first = false {
		p.commas(first, '}')
		if p.end() {
			p.defect("truncated object")
			return v
		}
		switch p.peek() {
		case '}':
			p.at++
			return v
		case ']':
			// The brace is missing; the bracket belongs to whoever opened it.
			p.defect("missing closing brace")
			if depth == 0 {
				p.at++
			}
			return v
		case '{', '[':
			p.defect("value without key")
			v.members = append(v.members, Member{Value: p.value(depth + 1)})
			continue
		case ':':
			p.defect("missing key")
			p.at++
			p.space()
			v.members = append(v.members, Member{Value: p.memberValue(depth)})
			continue
		}
		v.members = append(v.members, p.member(depth))
	}
}

func (p *parser) member(depth int) Member {
	key := p.key()
	p.space()
	if p.peek() != ':' {
		p.defect("key without value")
		return Member{Key: key}
	}
	p.at++
	p.space()
	return Member{Key: key, Value: p.memberValue(depth)}
}

// memberValue reads what follows the colon; nothing at all is null.
func (p *parser) memberValue(depth int) Value {
	switch p.peek() {
	case ',', '}', ']', 0:
		p.defect("empty value")
		return Value{}
	case ':':
		p.defect("doubled colon")
		p.at++
		return Value{}
	}
	return p.value(depth + 1)
}

func (p *parser) key() string {
	if p.peek() != '"' {
		p.defect("unquoted key")
		return p.bareword()
	}
	key := p.str().text
	if key == "" && isWord(p.peek()) {
		// `""temp0":…`: the quote before the key doubled.
		p.defect("doubled quote")
		key = p.bareword()
		if p.peek() == '"' {
			p.at++
		}
	}
	return key
}

func (p *parser) array(depth int) Value {
	v := Value{Kind: Array}
	for first := true; ; first = false {
		p.commas(first, ']')
		if p.end() {
			p.defect("truncated array")
			return v
		}
		switch p.peek() {
		case ']':
			p.at++
			return v
		case '}':
			p.defect("missing closing bracket")
			if depth == 0 {
				p.at++
			}
			return v
		}
		item := p.value(depth + 1)
		p.space()
		if p.peek() == ':' {
			// Whatsminer 2.0.4 writes a list like a dictionary.
			p.defect("list written as dictionary")
			p.at++
			p.space()
			item = Value{Kind: Object, members: []Member{{item.text, p.memberValue(depth + 1)}}}
		}
		v.items = append(v.items, item)
	}
}

// commas eats the separator before the next element and notes if there are
// none or too many. Before the first element there should be none, before the
// closer none either.
func (p *parser) commas(first bool, closer byte) {
	n := 0
	for p.space(); p.peek() == ','; p.space() {
		n++
		p.at++
	}
	closing := p.end() || p.peek() == closer
	switch {
	case n > 1, n == 1 && (first || closing):
		p.defect("stray comma")
	case n == 0 && !first && !closing && p.peek() != '}' && p.peek() != ']':
		p.defect("missing comma")
	}
}

// str reads a string; the next byte is its opening quote.
func (p *parser) str() Value {
	p.at++
	start := p.at
	for i := p.at; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '"':
			p.at = i + 1
			return Value{Kind: String, text: string(p.in[start:i])}
		case c == '\\' || c < ' ':
			return p.strSlow(start, i)
		}
	}
	// Half a pool's address is not an address: what broke off is nothing.
	p.at = len(p.in)
	p.defect("truncated string")
	return Value{}
}

func (p *parser) strSlow(start, i int) Value {
	var b strings.Builder
	b.Write(p.in[start:i])
	p.at = i
	for !p.end() {
		c := p.in[p.at]
		switch {
		case c == '"':
			p.at++
			return Value{Kind: String, text: b.String()}
		case c == '\\':
			p.at++
			p.escape(&b)
			continue
		case c == 0:
			// A NUL ends the reply on the wire; inside it is noise.
			p.defect("NUL in string")
		case c < ' ':
			p.defect("control character in string")
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
		p.at++
	}
	p.defect("truncated string")
	return Value{}
}

// escape reads what follows a backslash.
func (p *parser) escape(b *strings.Builder) {
	if p.end() {
		return
	}
	c := p.in[p.at]
	p.at++
	switch c {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case '"', '\\', '/':
		b.WriteByte(c)
	case 'u':
		p.unicodeEscape(b)
	default:
		// cgminer escapes only quote and backslash; forks escape anything.
		p.defect("invalid escape")
		b.WriteByte(c)
	}
}

func (p *parser) unicodeEscape(b *strings.Builder) {
	r, ok := p.hex4()
	if !ok {
		p.defect("invalid escape")
		b.WriteByte('u')
		return
	}
	if utf16.IsSurrogate(r) {
		mark := p.at
		if strings.HasPrefix(string(p.in[p.at:min(p.at+2, len(p.in))]), `\u`) {
			p.at += 2
			if low, ok := p.hex4(); ok {
				if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
					b.WriteRune(full)
					return
				}
			}
		}
		p.at, r = mark, utf8.RuneError
	}
	b.WriteRune(r)
}

func (p *parser) hex4() (rune, bool) {
	if p.at+4 > len(p.in) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.in[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 4
	return rune(n), true
}

// bare reads a number, a literal or a word without quotes.
func (p *parser) bare() Value {
	start := p.at
	word := p.bareword()
	if word == "" {
		p.defect("unexpected byte")
		p.at++
		return Value{}
	}
	if p.end() {
		// Half a number is not a number: 12 may have been 123.
		p.at = start
		p.defect("truncated value")
		p.at = len(p.in)
		return Value{}
	}
	switch strings.ToLower(strings.TrimLeft(word, "+-")) {
	case "true", "false":
		return Value{Kind: Bool, text: strings.ToLower(word)}
	case "null":
		return Value{}
	case "nan", "inf", "infinity", "nan(ind)", "1.#inf", "1.#qnan", "1.#ind":
		p.defect("not a number")
		return Value{}
	}
	if _, err := strconv.ParseFloat(word, 64); err == nil || isRange(err) {
		return Value{Kind: Number, text: word}
	}
	p.defect("unquoted string")
	return Value{Kind: String, text: word}
}

func (p *parser) bareword() string {
	start := p.at
	for !p.end() && isWord(p.in[p.at]) {
		p.at++
	}
	return string(p.in[start:p.at])
}

func isWord(c byte) bool {
	return c > ' ' && c != 0x7f && !strings.ContainsRune(",:{}[]\"", rune(c))
}
