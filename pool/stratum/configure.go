package stratum

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"hashyard"
	"hashyard/pool/share"
)

// maxExtensions bounds what one configure may ask.
const maxExtensions = 16

// extensions are a BIP310 request: names, and options of all of them in one map.
type extensions struct {
	names   []string
	options map[string]json.RawMessage
}

// parseExtensions reads the parameters of mining.configure; false when the
// first is no short list of names. Options that are no map are none.
func parseExtensions(params []json.RawMessage) (x extensions, ok bool) {
	if len(params) > 0 && json.Unmarshal(params[0], &x.names) != nil || len(x.names) > maxExtensions {
		return extensions{}, false
	}
	if len(params) > 1 && json.Unmarshal(params[1], &x.options) != nil {
		x.options = nil
	}
	return x, true
}

// configure answers BIP310: exactly the extensions asked for and no key more,
// for WhatsMiner M30S+ reconnects for ever over an extra one.
func (s *session) configure(r *request) {
	x, ok := parseExtensions(r.params)
	if !ok {
		s.send(replyError(r.id, share.Other, "extensions are a short list of names"))
		return
	}
	answer := make(map[string]any, len(x.names)+1)
	now := s.srv.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range x.names {
		switch name {
		case "version-rolling":
			mask, enough := x.mask(s.srv.cfg.Mask)
			if s.mask = mask; enough {
				answer["version-rolling.mask"] = fmt.Sprintf("%08x", mask)
			}
			answer[name] = enough
		case "minimum-difficulty":
			d, err := hashyard.DifficultyFromWire(number(x.options["minimum-difficulty.value"]))
			if answer[name] = err == nil; err == nil {
				s.floor = d
				if s.diff != nil && s.diff.Bound(s.least(), s.most(), now) {
					s.moved(now)
				}
			}
		case "info":
			s.device = x.device()
			answer[name] = true
		case "subscribe-extranonce":
			answer[name] = true
		default:
			answer[name] = false
		}
	}
	out, err := json.Marshal(answer)
	if err != nil { // names were JSON strings
		out = []byte("{}")
	}
	s.queue(replyRaw(r.id, string(out)))
	// cgminer reads one line here and takes it for the answer, and the next for
	// the answer to its subscribe: before that, the mask above must do.
	if s.subscribed && s.mask != 0 {
		s.queue(appendVersionMask(nil, s.mask))
	}
}

// mask is what both sides can roll, and whether that is as many bits as the
// client needs; where it is not, nothing is rolled.
func (x extensions) mask(ours uint32) (mask uint32, enough bool) {
	mask = ours & clientMask(x.options["version-rolling.mask"])
	if need := number(x.options["version-rolling.min-bit-count"]); float64(bits.OnesCount32(mask)) < need {
		return 0, false
	}
	return mask, true
}

// device is what the extension "info" tells; nil for nothing.
func (x extensions) device() *share.Device {
	text := func(key string) string {
		var s string
		if json.Unmarshal(x.options["info."+key], &s) != nil {
			return ""
		}
		return printable(s)
	}
	d := share.Device{
		HWID: text("hw-id"), HWVersion: text("hw-version"), SWVersion: text("sw-version"), URL: text("connection-url"),
	}
	if d == (share.Device{}) {
		return nil
	}
	return &d
}

// clientMask reads what the client can roll: hex text or a number. Absent means
// everything, nonsense nothing.
func clientMask(raw json.RawMessage) uint32 {
	if len(raw) == 0 || string(raw) == "null" {
		return math.MaxUint32
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		text = strings.TrimPrefix(strings.TrimPrefix(text, "0x"), "0X")
		n, err := strconv.ParseUint(text, 16, 32)
		if err != nil {
			return 0
		}
		return uint32(n)
	}
	n := number(raw)
	if !(n >= 0 && n <= math.MaxUint32) || n != math.Trunc(n) {
		return 0
	}
	return uint32(n)
}

// number reads a JSON number or text of one; 0 for nonsense.
func number(raw json.RawMessage) float64 {
	r := request{params: []json.RawMessage{raw}}
	n, _ := r.number(0)
	return n
}
