package journey

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"hashyard"
)

// The journey reads the API as any outside tool would: with structs of its own
// that name only what it looks at.

type party struct {
	ID   hashyard.ID `json:"id"`
	Name string      `json:"name"`
}

type minerView struct {
	ID      hashyard.ID  `json:"id"`
	UnitID  hashyard.ID  `json:"unit_id"`
	Serial  string       `json:"serial"`
	MAC     string       `json:"mac"`
	Address string       `json:"address"`
	State   string       `json:"state"`
	Reading *readingView `json:"reading"`
	Boards  []struct {
		Slot   int    `json:"slot"`
		Serial string `json:"serial"`
	} `json:"boards"`
}

func (m minerView) boardSerials() []string {
	var out []string
	for _, b := range m.Boards {
		out = append(out, b.Serial)
	}
	return out
}

type readingView struct {
	At          time.Time `json:"at"`
	ReportedTHs *float64  `json:"reported_ths"`
}

type unitView struct {
	ID        hashyard.ID `json:"id"`
	Serial    string      `json:"serial"`
	Owner     party       `json:"owner"`
	Custodian *party      `json:"custodian"`
	Carrier   string      `json:"carrier"`
	State     string      `json:"state"`
}

type eventView struct {
	ID      hashyard.ID        `json:"id"`
	Kind    hashyard.EventKind `json:"kind"`
	At      time.Time          `json:"at"`
	Payload json.RawMessage    `json:"payload"`
}

type instrumentView struct {
	ID         hashyard.ID  `json:"id"`
	Model      string       `json:"model"`
	NominalGHs hashyard.GHs `json:"nominal_ghs"`
}

type levelView struct {
	Price  hashyard.MilliCentsPerTH `json:"price_mc"`
	Units  int64                    `json:"units"`
	Orders int                      `json:"orders"`
}

type bookView struct {
	Bids []levelView `json:"bids"`
	Asks []levelView `json:"asks"`
}

// open is the state of an order that rests in the book.
const openOrder = "open"

type orderView struct {
	ID        hashyard.ID              `json:"id"`
	State     string                   `json:"state"`
	Price     hashyard.MilliCentsPerTH `json:"price_mc"`
	Reason    string                   `json:"reason"`
	Condition json.RawMessage          `json:"condition"`
}

type tradeView struct {
	ID         hashyard.ID              `json:"id"`
	Number     string                   `json:"number"`
	State      string                   `json:"state"`
	Reason     string                   `json:"reason"`
	BidOrder   hashyard.ID              `json:"bid_order"`
	AskOrder   hashyard.ID              `json:"ask_order"`
	Units      []hashyard.ID            `json:"units"`
	Price      hashyard.MilliCentsPerTH `json:"price_mc"`
	SoldTHs    float64                  `json:"sold_ths"`
	Amount     hashyard.Cents           `json:"amount_cents"`
	Commission hashyard.Cents           `json:"commission_cents"`
	Held       hashyard.Cents           `json:"held_cents"`
	Paid       hashyard.Cents           `json:"paid_cents"`
	MatchedAt  time.Time                `json:"matched_at"`
	Payment    *struct {
		Instructions struct {
			AccountNumber string `json:"account_number"`
			Reference     string `json:"reference"`
		} `json:"instructions"`
	} `json:"payment"`
	Proof *proofView `json:"proof"`
}

// soldGHs is the contract's integer behind the shown TH/s.
func (t tradeView) soldGHs() hashyard.GHs { return hashyard.GHs(math.Round(t.SoldTHs * 1000)) }

// number is the count in "T-7", zero if it has none.
func (t tradeView) number() int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(t.Number, "T-"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

type proofView struct {
	Unit        hashyard.ID   `json:"unit"`
	State       string        `json:"state"`
	SoldTHs     float64       `json:"sold_ths"`
	EstimateTHs float64       `json:"estimate_ths"`
	LowerTHs    float64       `json:"lower_ths"`
	UpperTHs    float64       `json:"upper_ths"`
	FloorTHs    float64       `json:"floor_ths"`
	Shares      int64         `json:"shares"`
	Work        hashyard.Work `json:"work"`
	From        time.Time     `json:"from"`
	To          time.Time     `json:"to"`
}

type holderView struct {
	Org     *party `json:"org"`
	Carrier string `json:"carrier"`
}

// is says who has the machine, for comparing.
func (h *holderView) is() string {
	switch {
	case h == nil:
		return ""
	case h.Org != nil:
		return h.Org.ID.String()
	}
	return h.Carrier
}

type custodyView struct {
	Seq    int         `json:"seq"`
	From   *holderView `json:"from"`
	To     holderView  `json:"to"`
	Reason string      `json:"reason"`
}

type shipmentView struct {
	ID       hashyard.ID `json:"id"`
	TradeID  hashyard.ID `json:"trade_id"`
	State    string      `json:"state"`
	Expected int         `json:"expected"`
	Packed   int         `json:"packed"`
	Received int         `json:"received"`
}

type scanView struct {
	Outcome   string `json:"outcome"`
	State     string `json:"state"`
	Remaining int    `json:"remaining"`
}

type slotView struct {
	Slot int    `json:"slot"`
	URL  string `json:"url"`
	User string `json:"user"`
}

type redirectView struct {
	ID         hashyard.ID `json:"id"`
	UnitID     hashyard.ID `json:"unit_id"`
	State      string      `json:"state"`
	Redirected bool        `json:"redirected"`
	Reason     string      `json:"reason"`
	Address    string      `json:"address"`
	Wanted     []slotView  `json:"wanted"`
	ReadBack   []slotView  `json:"read_back"`
	OldSlots   []slotView  `json:"old_slots"`
	Steps      []struct {
		State  string    `json:"state"`
		At     time.Time `json:"at"`
		Detail string    `json:"detail"`
	} `json:"steps"`
}

// passed reports whether the redirect went through a state.
func (r redirectView) passed(state string) bool {
	for _, s := range r.Steps {
		if s.State == state {
			return true
		}
	}
	return false
}

type accountView struct {
	Org      party             `json:"org"`
	Currency hashyard.Currency `json:"currency"`
	Purpose  string            `json:"purpose"`
	Balance  int64             `json:"balance"`
}

type trialView struct {
	Sound    bool                        `json:"sound"`
	Totals   map[hashyard.Currency]int64 `json:"totals"`
	Entries  int64                       `json:"entries"`
	Accounts []accountView               `json:"accounts"`
}

type entryView struct {
	Key      string        `json:"key"`
	At       time.Time     `json:"at"`
	Ref      hashyard.Ref  `json:"ref"`
	Postings []postingView `json:"postings"`
}

type postingView struct {
	Org      hashyard.ID       `json:"org"`
	Currency hashyard.Currency `json:"currency"`
	Purpose  string            `json:"purpose"`
	Amount   int64             `json:"amount"`
}

// bankState is what the payment double shows of itself.
type bankState struct {
	Available int64 `json:"available"`
	Pending   int64 `json:"pending"`
	Payments  []struct {
		ID      string `json:"id"`
		Status  string `json:"status"`
		Amount  int64  `json:"amount"`
		Applied int64  `json:"applied"`
		Group   string `json:"transfer_group"`
	} `json:"payments"`
	Transfers []struct {
		Amount   int64  `json:"amount"`
		Reversed int64  `json:"reversed"`
		Group    string `json:"transfer_group"`
	} `json:"transfers"`
	Deliveries []deliveryView `json:"deliveries"`
}

type deliveryView struct {
	Event       string     `json:"event"`
	Type        string     `json:"type"`
	Subject     string     `json:"subject"`
	DeliveredAt *time.Time `json:"delivered_at"`
}

// arrivals are the kinds of news of a trade's payment in the order in which
// they first arrived, and how many copies of each arrived at least.
func (s bankState) arrivals(trade hashyard.ID) (kinds []string, least int) {
	var mine []deliveryView
	copies := map[string]int{}
	for _, d := range s.Deliveries {
		for _, p := range s.Payments {
			if p.Group == "trade-"+trade.String() && d.Subject == p.ID {
				mine = append(mine, d)
				copies[d.Event] += 0
				if d.DeliveredAt != nil {
					copies[d.Event]++
				}
			}
		}
	}
	mine = slices.DeleteFunc(mine, func(d deliveryView) bool { return d.DeliveredAt == nil })
	slices.SortStableFunc(mine, func(a, b deliveryView) int { return a.DeliveredAt.Compare(*b.DeliveredAt) })
	for _, d := range mine {
		if !slices.Contains(kinds, d.Type) {
			kinds = append(kinds, d.Type)
		}
	}
	for _, n := range copies {
		if least == 0 || n < least {
			least = n
		}
		if n == 0 {
			return kinds, 0
		}
	}
	return kinds, least
}

// transfers are what was sent on of a group.
func (s bankState) transfers(group string) []hashyard.Cents {
	var out []hashyard.Cents
	for _, t := range s.Transfers {
		if t.Group == group {
			out = append(out, hashyard.Cents(t.Amount-t.Reversed))
		}
	}
	return out
}
