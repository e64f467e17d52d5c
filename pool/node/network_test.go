package node

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hashyard"
)

const (
	genesisMain    = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
	genesisRegtest = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"
	genesisOwn     = "1111111111111111111111111111111111111111111111111111111111111111"
	localFields    = `"coinbase_maturity":5,"work_scale":1000000000,"subsidy":2500,"target_spacing":60,"bootstrap_height":16`
)

func discover(t *testing.T, info, genesis string) (Network, error) {
	t.Helper()
	c := fakeNode(t, map[string]string{"getblockchaininfo": info, "getblockhash": `"` + genesis + `"`})
	return c.Network(t.Context())
}

func TestNetworksAreRead(t *testing.T) {
	local, err := discover(t, `{"chain":"hashyard-local",`+localFields+`}`, genesisOwn)
	if err != nil || local.Maturity != 5 || local.WorkScale != 1_000_000_000 || local.Subsidy.At(1000) != 2500 || local.Spacing != time.Minute || local.HRP != "bcrt" {
		t.Errorf("local chain: %+v, %v", local, err)
	}
	for _, tc := range []struct{ chain, genesis, name, hrp string }{
		{"main", genesisMain, "main", "bc"},
		{"mainnet", genesisMain, "main", "bc"}, // btcd's word
		{"regtest", genesisRegtest, "regtest", "bcrt"},
	} {
		n, err := discover(t, `{"chain":"`+tc.chain+`"}`, tc.genesis)
		if err != nil || n.Name != tc.name || n.HRP != tc.hrp || n.WorkScale != 1 || n.Maturity != 100 {
			t.Errorf("%s: %+v, %v", tc.chain, n, err)
		}
	}
}

func TestEveryRealNetworkHasWorkScaleOne(t *testing.T) {
	for _, chain := range []string{"main", "test", "testnet4", "signet", "regtest", "simnet", "mainnet", "testnet3"} {
		name, p := realParams(chain)
		if p == nil {
			t.Fatalf("%s is not known", chain)
		}
		genesis := p.GenesisHash.String()
		n, err := discover(t, `{"chain":"`+chain+`","work_scale":1}`, genesis)
		if err != nil || n.WorkScale != 1 || n.Maturity != 100 || n.Name != name || n.Real() != (name == "main") {
			t.Errorf("%s: %+v, %v", chain, n, err)
		}
		for _, scale := range []int64{0, -1, 2, 1_000_000_000} {
			if _, err := discover(t, fmt.Sprintf(`{"chain":%q,"work_scale":%d}`, chain, scale), genesis); !errors.Is(err, hashyard.Invalid) {
				t.Errorf("%s with work scale %d: got %v, want invalid", chain, scale, err)
			}
		}
	}
}

func TestWrongNetworksAreRefused(t *testing.T) {
	for name, tc := range map[string]struct{ info, genesis string }{
		"unknown chain":          {`{"chain":"litecoin"}`, genesisOwn},
		"no chain":               {`{}`, genesisMain},
		"main with a lie":        {`{"chain":"main"}`, genesisRegtest},
		"local that is main":     {`{"chain":"hashyard-local",` + localFields + `}`, genesisMain},
		"local that is regtest":  {`{"chain":"hashyard-local",` + localFields + `}`, genesisRegtest},
		"local without details":  {`{"chain":"hashyard-local"}`, genesisOwn},
		"local with scale 0":     {`{"chain":"hashyard-local","coinbase_maturity":5,"work_scale":0,"subsidy":1,"target_spacing":60,"bootstrap_height":1}`, genesisOwn},
		"local with scale 10^15": {`{"chain":"hashyard-local","coinbase_maturity":5,"work_scale":1000000000000000,"subsidy":1,"target_spacing":60,"bootstrap_height":1}`, genesisOwn},
		"local without maturity": {`{"chain":"hashyard-local","coinbase_maturity":0,"work_scale":1,"subsidy":1,"target_spacing":60,"bootstrap_height":1}`, genesisOwn},
	} {
		if n, err := discover(t, tc.info, tc.genesis); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %+v, %v; want invalid", name, n, err)
		}
	}
}

func TestSubsidyHalves(t *testing.T) {
	rule := SubsidyRule{Initial: 5_000_000_000, Halving: 210_000}
	for height, want := range map[int64]hashyard.Sats{
		0: 5_000_000_000, 209_999: 5_000_000_000, 210_000: 2_500_000_000, 840_000: 312_500_000, 6_929_999: 1, 6_930_000: 0, 1 << 40: 0,
	} {
		if got := rule.At(height); got != want {
			t.Errorf("block %d creates %d, want %d", height, got, want)
		}
	}
}
