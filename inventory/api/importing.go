package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/inventory"
	"hashyard/inventory/sheet"
	"hashyard/web"
)

// registerImport adds lists of machines, in and out.
func (e edge) registerImport(api *web.API, get, post func(id, path, summary string) huma.Operation) {
	check := post("check-import", "/api/v1/units/import/check", "Read a CSV or XLSX list of machines and say what taking it in would do; nothing is changed")
	check.MaxBodyBytes = sheet.MaxFile
	take := post("import-units", "/api/v1/units/import", "Take a list of machines in, each once")
	take.MaxBodyBytes = sheet.MaxFile
	web.Handle(api, web.Asks(check), web.UnitsWrite, e.checkImport)
	web.Handle(api, take, web.UnitsWrite, e.importUnits)
	web.Handle(api, web.Answers(get("export-units", "/api/v1/exports/units.csv", "Your machines as CSV"), "text/csv"), web.UnitsRead, e.exportUnits)
}

type checkInput struct {
	RawBody []byte `contentType:"application/octet-stream" doc:"The file as it is: CSV or XLSX."`
}

// ImportEntry is one machine of a list.
type ImportEntry struct {
	Serial string `json:"serial" maxLength:"256"`
	MAC    string `json:"mac,omitempty" maxLength:"64"`
	Model  string `json:"model,omitempty" maxLength:"120"`
	Shelf  string `json:"shelf,omitempty" maxLength:"120"`
}

// ImportRow is an entry as it was checked.
type ImportRow struct {
	ImportEntry
	Line    int         `json:"line" doc:"Of the list, from 1, without its header."`
	Problem string      `json:"problem,omitempty" doc:"Why it is left out."`
	Known   bool        `json:"known,omitempty" doc:"It is yours already."`
	UnitID  hashyard.ID `json:"unit_id,omitzero"`
}

// Import is a list as it was checked or taken in.
type Import struct {
	New   int         `json:"new"`
	Known int         `json:"known"`
	Wrong int         `json:"wrong"`
	Rows  []ImportRow `json:"rows" nullable:"false"`
}

func importOf(im inventory.Import) *Import {
	out := &Import{New: im.New, Known: im.Known, Wrong: im.Wrong, Rows: []ImportRow{}}
	for _, r := range im.Rows {
		out.Rows = append(out.Rows, ImportRow{ImportEntry{r.Serial, r.MAC, r.Model, r.Shelf}, r.Line, r.Problem, r.Known, r.Unit})
	}
	return out
}

func (e edge) checkImport(ctx context.Context, actor hashyard.Actor, in *checkInput) (*Import, error) {
	rows, err := sheet.Read(in.RawBody, inventory.MaxImport+1)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, hashyard.Invalid.Errorf("the list is empty")
	}
	at, header, err := sheet.Columns(rows[0])
	if err != nil {
		return nil, err
	}
	if header {
		rows = rows[1:]
	}
	entries := make([]inventory.Entry, 0, len(rows))
	for _, row := range rows {
		cell := func(c sheet.Column) string {
			if at[c] < 0 || at[c] >= len(row) {
				return ""
			}
			return web.CSVText(row[at[c]])
		}
		en := inventory.Entry{Serial: cell(sheet.Serial), MAC: cell(sheet.MAC), Model: cell(sheet.Model), Shelf: cell(sheet.Shelf)}
		if en != (inventory.Entry{}) { // blank rows mean nothing
			entries = append(entries, en)
		}
	}
	im, err := e.svc.CheckImport(ctx, actor, entries)
	if err != nil {
		return nil, err
	}
	return importOf(im), nil
}

type importInput struct {
	Body struct {
		Rows []ImportEntry `json:"rows" minItems:"1" maxItems:"5000" nullable:"false"`
	}
}

func (e edge) importUnits(ctx context.Context, actor hashyard.Actor, in *importInput) (*Import, error) {
	entries := make([]inventory.Entry, len(in.Body.Rows))
	for i, r := range in.Body.Rows {
		entries[i] = inventory.Entry(r)
	}
	im, err := e.svc.Import(ctx, actor, entries)
	if err != nil {
		return nil, err
	}
	return importOf(im), nil
}

// maxExport bounds a file of machines.
const maxExport = 50_000

func (e edge) exportUnits(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*web.File, error) {
	c := web.NewCSV("serial", "mac", "model", "shelf", "state", "nominal_ghs", "boards", "registered_at")
	q := inventory.UnitQuery{Limit: 500}
	for n := 0; n < maxExport; {
		us, next, err := e.svc.Units(ctx, actor, q)
		if err != nil {
			return nil, err
		}
		for _, u := range us {
			boards := ""
			for i, b := range u.Boards {
				if i > 0 {
					boards += " "
				}
				boards += b
			}
			c.Row(u.Serial, u.MAC, u.Model, u.Shelf, string(u.State), int64(u.NominalGHs), boards, u.RegisteredAt)
		}
		n += len(us)
		if q.Cursor = next; next == "" {
			return web.CSVFile("machines", c), nil
		}
	}
	return nil, hashyard.Invalid.Errorf("more than %d machines do not fit one file; use the list with its cursor", maxExport)
}
