package paper

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/boombuler/barcode/code128"
)

func TestPrints(t *testing.T) {
	t.Parallel()
	l := List{Number: "S-0931", Seller: "Seller «A» 日本", Buyer: "Buyer B", Expected: 120, SSCC: []string{"376132450000009314"}, At: time.Unix(1_795_000_000, 0)}
	for i := range 120 {
		l.Lines = append(l.Lines, Line{Box: i/4 + 1, Serial: fmt.Sprintf("SMTTEZUBDJCKH%04d", i), MAC: "02:00:00:00:00:01", PackedAt: l.At})
	}
	list, err := PackingList(l)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := Labels([]Label{
		{SSCC: "376132450000009314", Number: "S-0931", From: "Seller A", To: "Buyer B", Pallet: 1, Pallets: 2, Units: 240},
		{SSCC: "376132450000009321", Number: "S-0931", From: "Seller A", To: "Buyer B", Pallet: 2, Pallets: 2, Units: 240},
		{SSCC: "376132450000009338", Number: "S-0931", From: "Seller A", To: "Buyer B", Pallet: 2, Pallets: 2, Units: 240},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		doc   []byte
		pages int
	}{"list of 120": {list, 3}, "three labels": {labels, 3}} {
		if !bytes.HasPrefix(tt.doc, []byte("%PDF-")) || !bytes.Contains(tt.doc, []byte("%%EOF")) {
			t.Errorf("%s: no PDF: %.20q", name, tt.doc)
		}
		if name == "three labels" && !bytes.Contains(tt.doc, []byte("/Subtype /Image")) {
			t.Errorf("%s: no barcode", name)
		}
		if n := bytes.Count(tt.doc, []byte("/Type /Page\n")); n != tt.pages {
			t.Errorf("%s: %d pages, want %d", name, n, tt.pages)
		}
	}
}

// TestGS1128 holds the code to the standard: start C, FNC1, then digit pairs.
func TestGS1128(t *testing.T) {
	t.Parallel()
	if _, err := GS1128("00", "376132450000009314"); err != nil {
		t.Fatal(err)
	}
	code, err := code128.Encode(string(code128.FNC1) + "00376132450000009314")
	if err != nil {
		t.Fatal(err)
	}
	// Start, FNC1, ten pairs, check: 11 modules each; stop has 13.
	if got := code.Bounds().Dx(); got != 13*11+13 {
		t.Errorf("%d modules", got)
	}
	if _, err := GS1128("00", "日本"); err == nil {
		t.Error("letters that no barcode has were drawn")
	}
}
