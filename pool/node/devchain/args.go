package devchain

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// args are a call's parameters by place; missing ones are nil.
type args []json.RawMessage

// decodeParams takes an array, or an object with the method's parameter names.
// For a method with one object parameter the object itself is taken, too, as
// public-pool sends it.
func decodeParams(raw json.RawMessage, names []string) (args, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return make(args, len(names)), nil
	}
	if raw[0] != '{' {
		var list args
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fail(codeInvalidRequest, "Params must be an array or object")
		}
		if len(list) > len(names) {
			return nil, fail(codeMisc, "too many parameters: at most %d", len(names))
		}
		return append(list, make(args, len(names)-len(list))...), nil
	}
	var named map[string]json.RawMessage
	if err := json.Unmarshal(raw, &named); err != nil {
		return nil, fail(codeInvalidRequest, "Params must be an array or object")
	}
	out := make(args, len(names))
	for name, value := range named {
		at := slices.Index(names, name)
		if at < 0 {
			if len(names) == 1 && names[0] == "template_request" {
				return args{raw}, nil
			}
			return nil, fail(codeParameter, "Unknown named parameter %.40s", name)
		}
		out[at] = value
	}
	return out, nil
}

func (a args) absent(i int) bool {
	return len(a[i]) == 0 || bytes.Equal(a[i], []byte("null"))
}

// into decodes parameter i; an absent one leaves v as it is.
func (a args) into(i int, v any) error {
	if a.absent(i) {
		return nil
	}
	if err := json.Unmarshal(a[i], v); err != nil {
		return fail(codeType, "parameter %d has the wrong type", i+1)
	}
	return nil
}

func (a args) text(i int) (string, error) {
	if a.absent(i) {
		return "", fail(codeMisc, "parameter %d is missing", i+1)
	}
	var s string
	return s, a.into(i, &s)
}

func (a args) hash(i int) (*chainhash.Hash, error) {
	s, err := a.text(i)
	if err != nil {
		return nil, err
	}
	if len(s) != 2*chainhash.HashSize {
		return nil, fail(codeParameter, "parameter %d must be of length 64 (not %d)", i+1, len(s))
	}
	h, err := chainhash.NewHashFromStr(s)
	if err != nil {
		return nil, fail(codeParameter, "parameter %d must be hexadecimal", i+1)
	}
	return h, nil
}

func (a args) bytes(i int) ([]byte, error) {
	s, err := a.text(i)
	if err != nil {
		return nil, err
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, fail(codeDeserialize, "parameter %d is not hexadecimal", i+1)
	}
	return b, nil
}

func (a args) number(i int, otherwise int64) (int64, error) {
	n := otherwise
	return n, a.into(i, &n)
}

// verbosity is a number, or a boolean as older callers write it.
func (a args) verbosity(i, otherwise int) (int, error) {
	var b bool
	if !a.absent(i) && json.Unmarshal(a[i], &b) == nil {
		if b {
			return 1, nil
		}
		return 0, nil
	}
	n, err := a.number(i, int64(otherwise))
	return int(n), err
}
