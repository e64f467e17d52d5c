package fake

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// eventRow is one event: the exact bytes that every delivery carries, and what
// decides the order of delivery.
type eventRow struct {
	ID      string          `json:"id"`
	Seq     int64           `json:"seq"`
	Type    string          `json:"type"`
	Subject string          `json:"subject"` // id of the object it is about
	Created int64           `json:"created"`
	Raw     json.RawMessage `json:"raw"`
}

func (e *eventRow) key() string { return e.ID }

// delivery is one copy of an event on its way to the receiver.
type delivery struct {
	N           int64      `json:"n"`
	Event       string     `json:"event"`
	Copy        int        `json:"copy"` // from 0
	NotBefore   time.Time  `json:"not_before"`
	Attempts    int        `json:"attempts"`
	LastStatus  int        `json:"last_status,omitempty"`
	LastError   string     `json:"last_error,omitempty"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`
}

// emit records that something happened to an object and queues its deliveries.
func (t *tx) emit(kind, subject string, object any) { t.emitFor("", kind, subject, object) }

// emitFor is emit for an event of a connected account.
func (t *tx) emitFor(account, kind, subject string, object any) {
	shown, err := json.Marshal(object)
	if err != nil {
		panic(err) // our own objects
	}
	ev := event{
		ID: newID("evt_"), Object: "event", Account: account, APIVersion: Version, Created: t.unix(),
		Data: eventData{Object: shown}, PendingWebhooks: 1, Type: kind,
		Request: eventRequest{ID: optional(t.requestID), IdempotencyKey: optional(t.idemKey)},
	}
	raw, err := json.Marshal(ev)
	if err != nil {
		panic(err) // our own objects
	}
	row := &eventRow{ID: ev.ID, Seq: t.next(), Type: kind, Subject: subject, Created: ev.Created, Raw: raw}
	t.Events.add(row)
	at := t.now
	if opening(kind) && !t.cfg.Delivery.InOrder {
		at = at.Add(t.cfg.Delivery.Lag)
	}
	for i := range t.cfg.Delivery.Copies {
		t.queue(row.ID, i, at.Add(time.Duration(i)*t.cfg.Delivery.Gap))
	}
}

func (t *tx) queue(eventID string, copyNo int, at time.Time) {
	t.Deliveries = append(t.Deliveries, &delivery{N: t.next(), Event: eventID, Copy: copyNo, NotBefore: at})
}

// opening reports whether an event is one that later events of its object
// should overtake on the way.
func opening(kind string) bool {
	return strings.HasSuffix(kind, ".created") && kind != "refund.created" && kind != "transfer.created" ||
		strings.HasSuffix(kind, ".requires_action") || strings.HasSuffix(kind, ".partially_funded")
}

func listEvents(c *call) (any, *apiError) {
	kind, within := c.str("type"), c.created()
	kinds := c.list("types")
	c.flag("delivery_success")
	rows := where(c.Events.rows, func(e *eventRow) bool {
		return matches(kind, e.Type) && (len(kinds) == 0 || slices.Contains(kinds, e.Type)) && within(e.Created)
	})
	found, e := paginate(c, rows)
	if e != nil {
		return nil, e
	}
	return page[json.RawMessage]{
		Object: found.Object, HasMore: found.HasMore, URL: found.URL,
		Data: wires(found.Data, func(e *eventRow) json.RawMessage { return e.Raw }),
	}, nil
}

func getEvent(c *call) (any, *apiError) {
	if e := c.done(); e != nil {
		return nil, e
	}
	row, ok := c.Events.get(c.id())
	if !ok {
		return nil, missing("event", c.id(), "id")
	}
	return row.Raw, nil
}

// listEndpoints shows the one endpoint that the configuration names.
func listEndpoints(c *call) (any, *apiError) {
	var rows []*endpoint
	if c.cfg.WebhookURL != "" {
		rows = append(rows, &endpoint{
			ID: "we_double", Object: "webhook_endpoint", APIVersion: Version, EnabledEvents: []string{"*"},
			Metadata: metadata{}, Status: "enabled", URL: c.cfg.WebhookURL,
		})
	}
	return orError(paginate(c, rows))
}
