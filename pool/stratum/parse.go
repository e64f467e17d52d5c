package stratum

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"

	"hashyard"
)

// submitRequest is a mining.submit. The slices point into the line, or into
// memory of their own after the fallback.
type submitRequest struct {
	id                                   []byte // as JSON
	user, job, extranonce2, ntime, nonce []byte
	bits                                 []byte // nil when not sent
}

const submitMethod = "mining.submit"

// parseSubmit reads the ordinary spelling of a mining.submit without
// allocating. It returns false for everything else, also for legal JSON that
// is merely unusual (escapes, other keys, numbers for strings): parseRequest
// decides about those. When both understand a line they agree.
func parseSubmit(line []byte, r *submitRequest) bool {
	p := scanner{b: line}
	p.space()
	if !p.take('{') {
		return false
	}
	var haveID, haveMethod, haveParams bool
	for {
		p.space()
		key, ok := p.text()
		if !ok {
			return false
		}
		p.space()
		if !p.take(':') {
			return false
		}
		p.space()
		switch string(key) {
		case "id":
			ok = !haveID && p.id(&r.id)
			haveID = true
		case "method":
			var m []byte
			m, ok = p.text()
			ok = ok && !haveMethod && string(m) == submitMethod
			haveMethod = true
		case "jsonrpc": // ESP-Miner says it each time
			_, ok = p.text()
		case "params":
			ok = !haveParams && p.submitParams(r)
			haveParams = true
		default:
			ok = false
		}
		if !ok {
			return false
		}
		p.space()
		if p.take('}') {
			break
		}
		if !p.take(',') {
			return false
		}
	}
	p.space()
	return p.i == len(p.b) && haveID && haveMethod && haveParams
}

// scanner is a position in a line.
type scanner struct {
	b []byte
	i int
}

func (p *scanner) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return
		}
	}
}

func (p *scanner) take(c byte) bool {
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

// text reads a string of plain ASCII and gives it without quotes.
func (p *scanner) text() ([]byte, bool) {
	b, i := p.b, p.i
	if i >= len(b) || b[i] != '"' {
		return nil, false
	}
	i++
	start := i
	for i+8 <= len(b) {
		if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			i += bits.TrailingZeros64(m) / 8
			break
		}
		i += 8
	}
	for i < len(b) && plain(b[i]) {
		i++
	}
	if i >= len(b) || b[i] != '"' {
		return nil, false
	}
	p.i = i + 1
	return b[start:i], true
}

// plain bytes stand for themselves in a JSON string and are ASCII.
func plain(c byte) bool { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' }

// special marks, in eight bytes at once, the lowest byte that is not plain by
// the top bit of its place. Marks above the lowest may be wrong: the arithmetic
// carries upward.
func special(w uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	zero := func(v uint64) uint64 { return (v - ones) &^ v }
	return (w | (w + ones) | (w-ones*0x20)&^w | zero(w^ones*'"') | zero(w^ones*'\\')) & tops
}

// id reads a whole number or a plain string, as JSON.
func (p *scanner) id(out *[]byte) bool {
	start := p.i
	if p.i < len(p.b) && p.b[p.i] == '"' {
		_, ok := p.text()
		*out = p.b[start:p.i]
		return ok
	}
	for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
		p.i++
	}
	*out = p.b[start:p.i]
	n := p.i - start
	return n > 0 && (n == 1 || p.b[start] != '0')
}

func (p *scanner) submitParams(r *submitRequest) bool {
	if !p.take('[') {
		return false
	}
	r.bits = nil
	for n := 0; ; n++ {
		p.space()
		v, ok := p.text()
		if !ok || n > 5 {
			return false
		}
		switch n {
		case 0:
			r.user = v
		case 1:
			r.job = v
		case 2:
			r.extranonce2 = v
		case 3:
			r.ntime = v
		case 4:
			r.nonce = v
		case 5:
			r.bits = v
		}
		p.space()
		if p.take(']') {
			return n >= 4
		}
		if !p.take(',') {
			return false
		}
	}
}

// request is any other message.
type request struct {
	id     []byte // as JSON; "null" when absent
	method string // empty when it names none
	answer bool   // to something of ours
	params []json.RawMessage
}

// maxBatch bounds the messages of one line.
const maxBatch = 64

// messages are those of a line: one, or the several of a JSON-RPC batch.
func messages(line []byte) []json.RawMessage {
	var batch []json.RawMessage
	if line[0] == '[' && json.Unmarshal(line, &batch) == nil && len(batch) > 0 && len(batch) <= maxBatch {
		return batch
	}
	return []json.RawMessage{line}
}

// maxEchoedID bounds what is sent back unread.
const maxEchoedID = 256

// parseRequest reads a message by the JSON rules alone: of a key that comes
// twice the last one counts. What it gives beside an error has the id, where
// there is one.
func parseRequest(line []byte) (request, error) {
	r := request{id: []byte("null")}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return r, hashyard.Invalid.Errorf("stratum message: %w", err)
	}
	if fields == nil {
		return r, hashyard.Invalid.Errorf("stratum message: null")
	}
	if id := fields["id"]; len(id) > 0 && len(id) <= maxEchoedID {
		r.id = id
	}
	_, result := fields["result"]
	_, failed := fields["error"]
	r.answer = result || failed
	if m, ok := fields["method"]; ok {
		if err := json.Unmarshal(m, &r.method); err != nil {
			return r, hashyard.Invalid.Errorf("stratum method: %w", err)
		}
	}
	if p, ok := fields["params"]; ok {
		// An object or a bare value is no error: the method decides.
		if err := json.Unmarshal(p, &r.params); err != nil {
			r.params = nil
		}
	}
	return r, nil
}

// submit is the slow reading of a mining.submit. What is missing or no text
// stays nil and is refused by whoever needs it; a seventh parameter is nobody's.
func (r *request) submit() submitRequest {
	out := submitRequest{id: r.id}
	for i, field := range [...]*[]byte{&out.user, &out.job, &out.extranonce2, &out.ntime, &out.nonce, &out.bits} {
		if s, ok := r.text(i); ok {
			*field = []byte(s)
		} else if i == 5 && i < len(r.params) && !bytes.Equal(r.params[i], []byte("null")) {
			*field = []byte{} // there, but nothing that could be version bits
		}
	}
	return out
}

// text is parameter i as a string; false when it is absent or not one.
func (r *request) text(i int) (string, bool) {
	var s *string
	if i >= len(r.params) || json.Unmarshal(r.params[i], &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

// number is parameter i as a number, also when written as a string.
func (r *request) number(i int) (float64, bool) {
	if i >= len(r.params) {
		return 0, false
	}
	raw := r.params[i]
	if s, ok := r.text(i); ok {
		raw = []byte(s)
	}
	var n *float64
	if json.Unmarshal(raw, &n) != nil || n == nil {
		return 0, false
	}
	return *n, true
}
