package brokerage

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

func TestWant(t *testing.T) {
	t.Parallel()
	id := hashyard.NewID()
	for text, want := range map[string]Wanted{
		"T-2187":                   {Number: 2187},
		" t-21 ":                   {Number: 21},
		"2187":                     {Number: 2187},
		"218700":                   {Number: 218700, Tail: "218700"}, // an order's tail may be digits
		id.String():                {ID: id},
		"1a2b3c":                   {Tail: "1a2b3c"},
		"O-1A2B3C":                 {Tail: "1a2b3c"},
		"1a2b3":                    {}, // too short to name one
		"pi_1Abc":                  {Rail: "pi_1Abc"},
		"sk_live":                  {},
		"SMTTEZUBDJAJG0":           {},
		"":                         {},
		"t-0":                      {},
		"-5":                       {},
		"%":                        {},
		"t-9999999999999999999999": {},
		strings.Repeat("a", 37):    {},
	} {
		if diff := cmp.Diff(want, Want(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
