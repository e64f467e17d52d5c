// Package paper prints what travels with a shipment: the packing list and the
// pallet label. It turns values into PDF and keeps no state.
package paper

import (
	"bytes"
	"fmt"
	stdimage "image"
	"image/draw"
	"image/png"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/image"
	"github.com/johnfercher/maroto/v2/pkg/components/line"
	"github.com/johnfercher/maroto/v2/pkg/components/page"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/consts/pagesize"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"

	"hashyard"
)

// List is a packing list.
type List struct {
	Number, Seller, Buyer, Carrier, Tracking string
	Expected                                 int
	SSCC                                     []string
	Lines                                    []Line
	At                                       time.Time
}

// Line is one packed machine.
type Line struct {
	Box         int
	Serial, MAC string
	PackedAt    time.Time
}

// PackingList prints the list, its lines in the order given.
func PackingList(l List) ([]byte, error) {
	m := maroto.New(config.NewBuilder().WithPageNumber(props.PageNumber{Pattern: "{current} of {total}", Place: props.Bottom}).
		WithLeftMargin(15).WithRightMargin(15).WithTopMargin(12).Build())
	m.AddRow(10, text.NewCol(8, "Packing list "+l.Number, props.Text{Size: 16, Style: fontstyle.Bold}),
		text.NewCol(4, l.At.UTC().Format("02 Jan 2006 15:04 UTC"), props.Text{Size: 9, Align: align.Right, Top: 2}))
	carrier := "not handed over yet"
	if l.Carrier != "" {
		carrier = l.Carrier + ", " + l.Tracking
	}
	for _, kv := range [][2]string{
		{"From", l.Seller},
		{"To", l.Buyer},
		{"Carrier", carrier},
		{"Pallets", strings.Join(l.SSCC, "  ")},
		{"Packed", fmt.Sprintf("%d of %d machines", len(l.Lines), l.Expected)},
	} {
		m.AddRow(6, text.NewCol(2, kv[0], props.Text{Size: 9}), text.NewCol(10, latin(kv[1]), props.Text{Size: 9, Style: fontstyle.Bold}))
	}
	m.AddRow(4, line.NewCol(12))
	rows := []core.Row{listRow(props.Text{Size: 9, Style: fontstyle.Bold}, "", "Box", "Serial", "MAC", "Packed, UTC")}
	for i, x := range l.Lines {
		rows = append(rows, listRow(props.Text{Size: 9}, strconv.Itoa(i+1), fmt.Sprintf("%02d", x.Box), x.Serial, x.MAC, x.PackedAt.UTC().Format("02 Jan 15:04:05")))
	}
	m.AddRows(rows...)
	return finish(m)
}

func listRow(p props.Text, cells ...string) core.Row {
	sizes := []int{1, 1, 5, 3, 2}
	cols := make([]core.Col, len(cells))
	for i, c := range cells {
		cols[i] = text.NewCol(sizes[i], c, p)
	}
	return row.New(5).Add(cols...)
}

// Label is a pallet's label.
type Label struct {
	SSCC, Number, From, To string
	Pallet, Pallets        int
	Units                  int
}

// Labels prints one A6 page a pallet with its SSCC as GS1-128.
func Labels(ls []Label) ([]byte, error) {
	m := maroto.New(config.NewBuilder().WithPageSize(pagesize.A6).WithLeftMargin(6).WithRightMargin(6).WithTopMargin(6).WithBottomMargin(6).Build())
	small, big := props.Text{Size: 8}, props.Text{Size: 12, Style: fontstyle.Bold}
	for _, l := range ls {
		code, err := GS1128("00", l.SSCC)
		if err != nil {
			return nil, err
		}
		r := func(height float64, cols ...core.Col) core.Row { return row.New(height).Add(cols...) }
		m.AddPages(page.New().Add(
			r(5, text.NewCol(12, "From", small)),
			r(9, text.NewCol(12, latin(l.From), big)),
			r(5, text.NewCol(12, "To", small)),
			r(9, text.NewCol(12, latin(l.To), big)),
			r(4, line.NewCol(12)),
			r(5, text.NewCol(6, "Shipment", small), text.NewCol(6, "Pallet", small)),
			r(9, text.NewCol(6, l.Number, big), text.NewCol(6, fmt.Sprintf("%d of %d", l.Pallet, l.Pallets), big)),
			r(5, text.NewCol(12, fmt.Sprintf("SSCC   %d machines on the shipment", l.Units), small)),
			r(9, text.NewCol(12, l.SSCC, big)),
			r(4, line.NewCol(12)),
			r(38, image.NewFromBytesCol(12, code, extension.Png, props.Rect{Center: true, Percent: 100})),
			r(7, text.NewCol(12, "(00) "+l.SSCC, props.Text{Size: 9, Align: align.Center})),
		))
	}
	return finish(m)
}

// GS1128 draws a GS1-128 barcode with one application identifier, as PNG.
func GS1128(ai, digits string) ([]byte, error) {
	content := string(code128.FNC1) + ai + digits
	code, err := code128.Encode(content)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("barcode of (%s) %s: %w", ai, digits, err)
	}
	// Ten quiet modules on each side would be cut by scaling, so the width is a
	// whole multiple of the modules.
	wide, err := barcode.Scale(code, code.Bounds().Dx()*4, 200)
	if err != nil {
		return nil, fmt.Errorf("scale barcode: %w", err)
	}
	// PDF takes eight bits a sample; the drawn code has sixteen.
	gray := stdimage.NewGray(wide.Bounds())
	draw.Draw(gray, gray.Bounds(), wide, wide.Bounds().Min, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, gray); err != nil {
		return nil, fmt.Errorf("draw barcode: %w", err)
	}
	return b.Bytes(), nil
}

func finish(m core.Maroto) ([]byte, error) {
	doc, err := m.Generate()
	if err != nil {
		return nil, fmt.Errorf("print: %w", err)
	}
	return doc.GetBytes(), nil
}

// latin keeps what the printer's built-in letters can show.
func latin(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > 'ÿ' || (r > '~' && r < '\u00a0') {
			return '?'
		}
		return r
	}, s)
}
