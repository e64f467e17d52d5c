package fake

import "slices"

type page[P any] struct {
	Object  string `json:"object"`
	Data    []P    `json:"data"`
	HasMore bool   `json:"has_more"`
	URL     string `json:"url"`
}

type withKey interface{ key() string }

// paginate answers a list endpoint: newest first, by limit and cursor. rows
// are in the order they were made, already filtered.
func paginate[P withKey](c *call, rows []P) (page[P], *apiError) {
	limit := c.count("limit", 10)
	after, before := c.str("starting_after"), c.str("ending_before")
	if limit < 1 || limit > 100 {
		c.fail(badParam("parameter_invalid_integer", "limit", "This value must be between 1 and 100."))
	}
	out := page[P]{Object: "list", Data: []P{}, URL: c.r.URL.Path}
	if e := c.done(); e != nil {
		return out, e
	}
	rows = slices.Clone(rows)
	slices.Reverse(rows)
	at := func(id string) int { return slices.IndexFunc(rows, func(p P) bool { return p.key() == id }) }
	switch {
	case after != "":
		i := at(after)
		if i < 0 {
			return out, missing("object", after, "starting_after")
		}
		rows = rows[i+1:]
	case before != "":
		i := at(before)
		if i < 0 {
			return out, missing("object", before, "ending_before")
		}
		rows = rows[max(0, i-int(limit)):i]
	}
	out.HasMore = len(rows) > int(limit)
	out.Data = append(out.Data, rows[:min(len(rows), int(limit))]...)
	return out, nil
}

// created is the filter on created[gte], [gt], [lte], [lt].
func (c *call) created() func(int64) bool {
	gte, gt := c.count("created[gte]", 0), c.count("created[gt]", -1)
	lte, lt := c.count("created[lte]", 1<<62), c.count("created[lt]", 1<<62)
	return func(at int64) bool { return at >= gte && at > gt && at <= lte && at < lt }
}

// where keeps the rows that ok accepts.
func where[P any](rows []P, ok func(P) bool) []P {
	out := []P{}
	for _, r := range rows {
		if ok(r) {
			out = append(out, r)
		}
	}
	return out
}

// wires turns rows into what the API shows of them.
func wires[R, W any](rows []R, wire func(R) W) []W {
	out := make([]W, len(rows))
	for i, r := range rows {
		out[i] = wire(r)
	}
	return out
}

// matches is the filter of a parameter that is compared when given.
func matches(param, value string) bool { return param == "" || param == value }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
