package inventory

import (
	"context"
	"strconv"
	"strings"

	"hashyard"
)

// Finder answers what people type into a search, and what waits for them.
type Finder interface {
	// FindShipments finds shipments by number or tracking number, newest first.
	FindShipments(ctx context.Context, actor hashyard.Actor, number int64, tracking string, limit int) ([]Shipment, error)
	// ShipmentTurns counts the shipments that wait for the actor's organisation.
	ShipmentTurns(ctx context.Context, actor hashyard.Actor) (int, error)
}

// FindUnits finds machines by a part of their serial or MAC. A MAC may be
// typed with dashes, dots or nothing between its bytes.
func (s *Service) FindUnits(ctx context.Context, actor hashyard.Actor, text string, limit int) (units []Unit, more bool, err error) {
	for _, t := range spellings(text) {
		us, next, err := s.Units(ctx, actor, UnitQuery{Text: t, Limit: limit})
		if err != nil || len(us) > 0 {
			return us, next != "", err
		}
	}
	return nil, false, nil
}

// spellings are the forms in which a text may stand in a serial or a MAC.
func spellings(text string) []string {
	text = strings.TrimSpace(text)
	if len(text) < 2 {
		return nil
	}
	out := []string{text}
	bytes := strings.NewReplacer(":", "", "-", "", ".", "").Replace(strings.ToLower(text))
	if len(bytes) < 4 || len(bytes) > 12 || strings.Trim(bytes, "0123456789abcdef") != "" {
		return out
	}
	var mac strings.Builder
	for i := 0; i < len(bytes); i++ {
		if i > 0 && i%2 == 0 {
			mac.WriteByte(':')
		}
		mac.WriteByte(bytes[i])
	}
	return append(out, mac.String())
}

// FindShipments finds what a text names among the actor's shipments.
func (s *Service) FindShipments(ctx context.Context, actor hashyard.Actor, text string, limit int) ([]Shipment, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "S-"), 10, 64)
	if err != nil || n < 1 {
		n = 0
	}
	if n == 0 && len(text) < 4 {
		return nil, nil
	}
	return s.store.FindShipments(ctx, actor, n, text, limit)
}

// ShipmentTurns counts the shipments whose next step is the actor's
// organisation's.
func (s *Service) ShipmentTurns(ctx context.Context, actor hashyard.Actor) (int, error) {
	return s.store.ShipmentTurns(ctx, actor)
}
