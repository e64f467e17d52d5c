package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/fleet"
	"hashyard/inventory"
	"hashyard/pool"
	"hashyard/pool/fpps"
	"hashyard/pool/node"
	"hashyard/web"
)

// Here the domains meet: each adapter turns one domain's service into the
// small interface that another declares.

// names tells how organisations and sites are called.
type names struct {
	orgs  *web.Service
	sites *fleet.Service
}

func (n *names) OrgNames(ctx context.Context, ids []hashyard.ID) (map[hashyard.ID]string, error) {
	out := make(map[hashyard.ID]string, len(ids))
	for _, id := range ids {
		if !id.IsZero() {
			out[id] = n.orgs.OrgName(ctx, id)
		}
	}
	return out, nil
}

func (n *names) SiteNames(ctx context.Context, actor hashyard.Actor, ids []hashyard.ID) (map[hashyard.ID]string, error) {
	return n.sites.SiteNames(ctx, actor, ids)
}

// fleetUnits is inventory as fleet sees it.
type fleetUnits struct{ inventory *inventory.Service }

func (u fleetUnits) Claim(ctx context.Context, org, site hashyard.ID, seen fleet.Seen) (fleet.Claimed, error) {
	c, err := u.inventory.Claim(ctx, org, site, inventory.Identity{
		Serial: seen.Serial, MAC: seen.MAC, Model: seen.Model, Family: seen.Family, Boards: seen.Boards, IdealHS: seen.IdealHS,
	})
	if err != nil {
		return fleet.Claimed{}, err
	}
	out := fleet.Claimed{Unit: c.Unit.ID, Foreign: c.Foreign}
	for _, m := range c.Mismatches {
		out.Mismatches = append(out.Mismatches, fmt.Sprintf("%s is %s, known is %s", m.Field, m.Seen, m.Known))
	}
	return out, nil
}

func (u fleetUnits) Custodian(ctx context.Context, unit hashyard.ID) (hashyard.ID, error) {
	return u.inventory.Custodian(ctx, unit)
}

// fleetWorkers is the pool as fleet sees it.
type fleetWorkers struct{ pool *pool.Service }

func (w fleetWorkers) WorkerFor(ctx context.Context, unit, org hashyard.ID) (fleet.PoolTarget, error) {
	t, err := w.pool.WorkerFor(ctx, unit, org)
	return fleet.PoolTarget{URL: t.URL, User: t.User, Password: t.Password}, err
}

// fleetCounted is the pool's books as fleet sees them.
type fleetCounted struct{ pool *pool.Service }

func (c fleetCounted) UnitRates(ctx context.Context, actor hashyard.Actor, units []hashyard.ID, window time.Duration) (map[hashyard.ID]fleet.Verified, error) {
	rates, err := c.pool.UnitRates(ctx, actor, units, window)
	if err != nil {
		return nil, err
	}
	out := make(map[hashyard.ID]fleet.Verified, len(rates))
	for unit, r := range rates {
		out[unit] = fleet.Verified{Estimate: r.Estimate, Lower: r.Lower, Upper: r.Upper, For: r.For}
	}
	return out, nil
}

func (c fleetCounted) SatPerTHDay(ctx context.Context) (float64, error) {
	p, err := c.pool.Params(ctx)
	return p.Hashprice, err
}

func (c fleetCounted) PoolURL(ctx context.Context) (string, error) {
	p, err := c.pool.Params(ctx)
	return p.URL, err
}

// reserver is inventory as brokerage sees it.
type reserver struct{ inventory *inventory.Service }

func (r reserver) Reserve(ctx context.Context, actor hashyard.Actor, holder hashyard.Ref, units []hashyard.ID) ([]brokerage.ReservedUnit, error) {
	us, err := r.inventory.Reserve(ctx, actor, holder, units)
	if err != nil {
		return nil, err
	}
	out := make([]brokerage.ReservedUnit, len(us))
	for i, u := range us {
		out[i] = brokerage.ReservedUnit{ID: u.ID, Serial: u.Serial, Model: u.Model, NominalGHs: u.NominalGHs}
	}
	return out, nil
}

func (r reserver) Release(ctx context.Context, holder hashyard.Ref, units []hashyard.ID) error {
	return r.inventory.Release(ctx, holder, units)
}

// serials is inventory as a trade's papers see it.
type serials struct{ inventory *inventory.Service }

func (s serials) Serials(ctx context.Context, actor hashyard.Actor, units []hashyard.ID) (map[hashyard.ID]string, error) {
	out := map[hashyard.ID]string{}
	for ids := range slices.Chunk(units, 200) {
		us, _, err := s.inventory.Units(ctx, actor, inventory.UnitQuery{IDs: ids, Limit: len(ids)})
		if err != nil {
			return nil, err
		}
		for _, u := range us {
			out[u.ID] = u.Serial
		}
	}
	return out, nil
}

// nominals is inventory as the pool sees it.
type nominals struct{ inventory *inventory.Service }

func (n nominals) NominalGHs(ctx context.Context, unit hashyard.ID) (hashyard.GHs, error) {
	u, err := n.inventory.Unit(ctx, hashyard.SystemActor("pool.nominal"), unit)
	return u.NominalGHs, err
}

// readings is the fleet as the pool sees it; the fleet is built after the pool.
type readings struct{ house *house }

func (r readings) Reported(ctx context.Context, actor hashyard.Actor, units []hashyard.ID) (map[hashyard.ID]pool.Reported, error) {
	out := map[hashyard.ID]pool.Reported{}
	for _, unit := range units {
		ms, _, err := r.house.fleet.Miners(ctx, actor, fleet.MinerQuery{Unit: unit, Limit: 1})
		if err != nil {
			return nil, err
		}
		for _, m := range ms {
			if m.Reading != nil && m.Reading.HashrateReported != nil {
				out[unit] = pool.Reported{Rate: *m.Reading.HashrateReported, At: m.Reading.At}
			}
		}
	}
	return out, nil
}

// poolChain is the node as the pool's accounting sees it.
type poolChain struct {
	node    *node.Client
	subsidy node.SubsidyRule
}

// BlockFees is what a fee index reads of a block. A node that does not tell
// fees leaves what the coinbase took, which is as much unless the miner gave
// something away.
func (c poolChain) BlockFees(ctx context.Context, hash [32]byte) (fpps.Block, error) {
	b, err := c.node.Block(ctx, hash)
	if err != nil {
		return fpps.Block{}, err
	}
	out := fpps.Block{Hash: hash, Prev: b.PrevHash, Height: b.Height, NBits: b.Bits, Time: b.Time, Subsidy: c.subsidy.At(b.Height)}
	told := true
	for i, tx := range b.Transactions {
		if i == 0 {
			continue
		}
		told = told && tx.HasFee
		out.Fees += tx.Fee
	}
	if !told {
		out.Fees = -out.Subsidy
		for _, o := range b.Transactions[0].Outputs {
			out.Fees += o.Value
		}
	}
	// A coinbase may take less than it may, and fees are never owed.
	out.Fees = max(out.Fees, 0)
	return out, nil
}

func (c poolChain) Confirmations(ctx context.Context, hash [32]byte, height int64) (int64, error) {
	return c.node.Confirmations(ctx, hash, height)
}
