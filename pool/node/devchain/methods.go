package devchain

import "context"

// method is one RPC. Unless own is set it runs with Chain.mu held for reading.
type method struct {
	params []string
	own    bool
	run    func(c *Chain, ctx context.Context, a args) (any, error)
}

// methods is the table of everything the chain answers.
func methods() map[string]method {
	return map[string]method{
		"getblockcount":     {nil, false, (*Chain).getBlockCount},
		"getbestblockhash":  {nil, false, (*Chain).getBestBlockHash},
		"waitfornewblock":   {[]string{"timeout", "current_tip"}, true, (*Chain).waitForNewBlock},
		"getblockhash":      {[]string{"height"}, false, (*Chain).getBlockHash},
		"getblockheader":    {[]string{"blockhash", "verbose"}, false, (*Chain).getBlockHeader},
		"getblock":          {[]string{"blockhash", "verbosity"}, false, (*Chain).getBlock},
		"getblockstats":     {[]string{"hash_or_height", "stats"}, false, (*Chain).getBlockStats},
		"getblockchaininfo": {nil, false, (*Chain).getBlockchainInfo},
		"gethashyardinfo":   {nil, false, (*Chain).getHashyardInfo},
		"getchaintips":      {nil, false, (*Chain).getChainTips},
		"getdifficulty":     {nil, false, (*Chain).getDifficulty},
		"getmininginfo":     {nil, false, (*Chain).getMiningInfo},
		"getnetworkinfo":    {nil, false, (*Chain).getNetworkInfo},
		"getconnectioncount": {nil, false, func(*Chain, context.Context, args) (any, error) {
			return 0, nil
		}},

		"getrawtransaction":    {[]string{"txid", "verbosity", "blockhash"}, false, (*Chain).getRawTransaction},
		"decoderawtransaction": {[]string{"hexstring", "iswitness"}, false, (*Chain).decodeRawTransaction},
		"gettxout":             {[]string{"txid", "n", "include_mempool"}, false, (*Chain).getTxOut},
		"getrawmempool":        {[]string{"verbose"}, false, (*Chain).getRawMempool},
		"getmempoolentry":      {[]string{"txid"}, false, (*Chain).getMempoolEntry},
		"getmempoolinfo":       {nil, false, (*Chain).getMempoolInfo},
		"estimatesmartfee":     {[]string{"conf_target", "estimate_mode"}, false, (*Chain).estimateSmartFee},
		"validateaddress":      {[]string{"address"}, false, (*Chain).validateAddress},
		"testmempoolaccept":    {[]string{"rawtxs", "maxfeerate"}, true, (*Chain).testMempoolAccept},
		"sendrawtransaction":   {[]string{"hexstring", "maxfeerate"}, true, (*Chain).sendRawTransaction},

		"getblocktemplate": {[]string{"template_request"}, true, (*Chain).getBlockTemplate},
		"submitblock":      {[]string{"hexdata", "dummy"}, true, (*Chain).submitBlockRPC},
		"preciousblock":    {[]string{"blockhash"}, false, (*Chain).preciousBlock},
		"invalidateblock":  {[]string{"blockhash"}, true, (*Chain).invalidateBlock},
		"reconsiderblock":  {[]string{"blockhash"}, true, (*Chain).reconsiderBlock},
	}
}
