package journey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"hashyard"
)

// shipped: logistics pack by scanning; the right machine of the wrong trade is
// refused. Both shipments are handed over and arrive.
func (p *play) shipped(ctx context.Context) (string, error) {
	var answer string
	for _, m := range []*machine{p.good, p.weak} {
		s, err := p.shipmentOf(ctx, "seller.logistics", m)
		if err != nil {
			return "", err
		}
		if m == p.good {
			if answer, err = p.wrongSerial(ctx, "seller.logistics", s.ID, "pack"); err != nil {
				return "", err
			}
		}
		if err := p.scan(ctx, "seller.logistics", s.ID, "pack", m.Serial, "packed"); err != nil {
			return "", err
		}
		if err := p.hands.post(ctx, "/machines/"+m.Serial+"/unplug", map[string]any{}, nil); err != nil {
			return "", err
		}
		in := map[string]any{"carrier": carrier, "tracking": "JRN-" + m.Serial}
		if err := p.as["seller.logistics"].post(ctx, "/api/v1/shipments/"+s.ID.String()+"/dispatch", in, &s); err != nil {
			return "", err
		}
		if err := until(ctx, p.cfg.Wait, func() error { return p.inState(ctx, "buyer.trader", m.trade, "shipped") }); err != nil {
			return "", err
		}
		if err := p.as["buyer.logistics"].post(ctx, "/api/v1/shipments/"+s.ID.String()+"/arrive", map[string]any{}, &s); err != nil {
			return "", err
		}
		if s.State != "arrived" {
			return "", fmt.Errorf("the shipment of %s is %s, not arrived", m.Serial, s.State)
		}
	}
	return fmt.Sprintf("%s packed by scan, sent with %s, arrived · %s in its box refused: %s", p.good.Serial, carrier, p.weak.Serial, answer), nil
}

const carrier = "Journey Freight"

// shipmentOf waits for the shipment of a machine's trade.
func (p *play) shipmentOf(ctx context.Context, role string, m *machine) (shipmentView, error) {
	var s shipmentView
	err := until(ctx, p.cfg.Wait, func() error {
		var page list[shipmentView]
		if err := p.as[role].get(ctx, "/api/v1/shipments?trade="+m.trade.String(), &page); err != nil {
			return err
		}
		if len(page.Items) == 0 {
			return notYet("no shipment for %s", m.Serial)
		}
		s = page.Items[0]
		if len(page.Items) > 1 || s.TradeID != m.trade || s.Expected != 1 {
			return fmt.Errorf("for %s there are %d shipments of %d machines", m.Serial, len(page.Items), s.Expected)
		}
		return nil
	})
	return s, err
}

// wrongSerial scans the other machine into the good one's shipment, which must
// be refused and change nothing.
func (p *play) wrongSerial(ctx context.Context, role string, shipment hashyard.ID, kind string) (string, error) {
	err := p.as[role].post(ctx, "/api/v1/shipments/"+shipment.String()+"/scans", map[string]any{"kind": kind, "serial": p.weak.Serial}, nil)
	var r *refusal
	if !errors.As(err, &r) || !refused(err, 409, 422) {
		return "", wanted(err, "a wrong serial could be scanned to %s", kind)
	}
	var s shipmentView
	if err := p.as[role].get(ctx, "/api/v1/shipments/"+shipment.String(), &s); err != nil {
		return "", err
	}
	if kind == "pack" && s.Packed != 0 || kind == "receive" && s.Received != 0 {
		return "", fmt.Errorf("a refused serial was counted to %s: %+v", kind, s)
	}
	return strconv.Itoa(r.Status), nil
}

// scan scans a serial twice, as hands do, and wants it counted once.
func (p *play) scan(ctx context.Context, role string, shipment hashyard.ID, kind, serial, state string) error {
	for i := range 2 {
		var s scanView
		if err := p.as[role].post(ctx, "/api/v1/shipments/"+shipment.String()+"/scans", map[string]any{"kind": kind, "serial": serial}, &s); err != nil {
			return err
		}
		outcome := []string{"counted", "repeated"}[i]
		if s.Outcome != outcome || s.State != state || s.Remaining != 0 {
			return fmt.Errorf("scan %d of %s to %s is %s, the shipment %s with %d to go; not %s and %s", i+1, serial, kind, s.Outcome, s.State, s.Remaining, outcome, state)
		}
	}
	return nil
}

// received: the receiving scan moves custody; then the machines are carried in
// and plugged.
func (p *play) received(ctx context.Context) (string, error) {
	var answer, chain string
	for _, m := range []*machine{p.good, p.weak} {
		s, err := p.shipmentOf(ctx, "buyer.logistics", m)
		if err != nil {
			return "", err
		}
		if m == p.good {
			if answer, err = p.wrongSerial(ctx, "buyer.logistics", s.ID, "receive"); err != nil {
				return "", err
			}
		}
		if err := p.scan(ctx, "buyer.logistics", s.ID, "receive", m.Serial, "received"); err != nil {
			return "", err
		}
		if chain, err = p.custody(ctx, m); err != nil {
			return "", err
		}
		if err := until(ctx, p.cfg.Wait, func() error { return p.inState(ctx, "buyer.trader", m.trade, "delivered", "proving") }); err != nil {
			return "", err
		}
		if err := p.hands.post(ctx, "/machines/"+m.Serial+"/carry", map[string]any{"site": "buyer"}, m); err != nil {
			return "", err
		}
		if err := p.hands.post(ctx, "/machines/"+m.Serial+"/plug", map[string]any{}, m); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("custody %s · wrong serial refused: %s · carried to %s and plugged", chain, answer, p.good.Address), nil
}

// custody checks that the chain has no gap and ends seller, carrier, buyer, as
// the seller sees it, and that the buyer sees its own end of it.
func (p *play) custody(ctx context.Context, m *machine) (string, error) {
	who, err := p.hadBy(ctx, "seller.logistics", m)
	if err != nil {
		return "", err
	}
	want := []string{p.seller.ID.String(), carrier, p.buyer.ID.String()}
	if n := len(who); n < 3 || !slices.Equal(who[n-3:], want) {
		return "", fmt.Errorf("custody of %s went %v, not to end %v", m.Serial, who, want)
	}
	if who, err = p.hadBy(ctx, "buyer.logistics", m); err != nil {
		return "", err
	}
	if n := len(who); n < 2 || !slices.Equal(who[n-2:], want[1:]) {
		return "", fmt.Errorf("the buyer sees custody of %s go %v, not to end %v", m.Serial, who, want[1:])
	}
	var u unitView
	if err := p.as["buyer.logistics"].get(ctx, "/api/v1/units/"+m.unit.String(), &u); err != nil {
		return "", err
	}
	if u.Custodian == nil || u.Custodian.ID != p.buyer.ID || u.Owner.ID != p.seller.ID {
		return "", fmt.Errorf("%s is with %+v and owned by %s; before the release it is with the buyer and the seller's", m.Serial, u.Custodian, u.Owner.Name)
	}
	return fmt.Sprintf("%s → %s → %s", p.seller.Name, carrier, p.buyer.Name), nil
}

// hadBy lists who had a machine, one after the other, as far as the role may
// see.
func (p *play) hadBy(ctx context.Context, role string, m *machine) ([]string, error) {
	var page list[custodyView]
	if err := p.as[role].get(ctx, "/api/v1/units/"+m.unit.String()+"/custody", &page); err != nil {
		return nil, err
	}
	var who []string
	for i, r := range page.Items {
		if i == 0 && r.From != nil {
			who = append(who, r.From.is())
		}
		if n := len(who); n > 0 && r.From.is() != who[n-1] {
			return nil, fmt.Errorf("custody of %s has a gap before row %d: from %q after %q", m.Serial, r.Seq, r.From.is(), who[n-1])
		}
		who = append(who, r.To.is())
	}
	return who, nil
}
