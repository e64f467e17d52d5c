package web

import "encoding/json"

// Page is one page of a list. Next is the cursor of the page after it, absent
// on the last one.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Pass it as cursor for the next page; absent on the last page."`
}

// MarshalJSON writes an empty page as an empty list, never as null.
func (p Page[T]) MarshalJSON() ([]byte, error) {
	type bare Page[T]
	if p.Items == nil {
		p.Items = []T{}
	}
	return json.Marshal(bare(p))
}
