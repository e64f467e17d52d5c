package stratum

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"hashyard"
	"hashyard/pool/share"
)

// maxExtensions bounds what one configure may ask.
const maxExtensions = 16

// configure answers BIP310: exactly the extensions asked for and no key more,
// for WhatsMiner M30S+ reconnects for ever over an extra one.
func (s *session) configure(r *request) {
	var asked []string
	options := map[string]json.RawMessage{}
	if len(r.params) > 0 && json.Unmarshal(r.params[0], &asked) != nil || len(asked) > maxExtensions {
		s.send(replyError(r.id, share.Other, "extensions are a short list of names"))
		return
	}
	if len(r.params) > 1 && json.Unmarshal(r.params[1], &options) != nil {
		options = map[string]json.RawMessage{}
	}
	answer := map[string]any{}
	now := s.srv.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range asked {
		switch name {
		case "version-rolling":
			s.mask = s.srv.cfg.Mask & clientMask(options["version-rolling.mask"])
			answer[name], answer["version-rolling.mask"] = true, fmt.Sprintf("%08x", s.mask)
		case "minimum-difficulty":
			d, err := hashyard.DifficultyFromWire(number(options["minimum-difficulty.value"]))
			if answer[name] = err == nil; err == nil {
				s.floor = d
				if s.diff != nil && s.diff.Bound(s.least(), s.most(), now) {
					s.moved(now)
				}
			}
		case "subscribe-extranonce", "info":
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

// clientMask reads what the client can roll: hex text, a number, or nothing,
// which means everything.
func clientMask(raw json.RawMessage) uint32 {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		n, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 32)
		if err != nil {
			return 0
		}
		return uint32(n)
	}
	var n uint32
	if json.Unmarshal(raw, &n) == nil {
		return n
	}
	return 1<<32 - 1
}

// number reads a JSON number or text of one; 0 for nonsense.
func number(raw json.RawMessage) float64 {
	r := request{params: []json.RawMessage{raw}}
	n, _ := r.number(0)
	return n
}
