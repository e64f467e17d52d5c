// Package devchain is a Bitcoin chain of our own in this process: the default
// node of the local world and of tests. It runs btcd's consensus code
// unmodified (blocks, scripts, mempool policy) under parameters that make an
// economy fit on a desk, and serves Bitcoin Core's JSON-RPC for it.
//
// It differs from a real network in its parameters only: difficulty is fixed at
// the genesis block's bits, coinbases mature after 5 blocks, each block creates
// a small constant subsidy, and the first blocks, made at the world's birth,
// fund who the configuration names. All of them are told by getblockchaininfo.
// There is no mining in it: blocks come from miners through submitblock.
//
// It owns the folder it is given: world.json (the parameters, written once), db
// (btcd's database) and accepted.journal. btcd's database may lose minutes of
// blocks when the process is killed; the journal, synced before any block is
// answered as accepted, gives them back at the next Open. The mempool is not
// kept: whoever sent a payment sends it again.
//
//	chain, err := devchain.Open(devchain.Config{Dir: dir, Bootstrap: …})
//	ln, err := net.Listen("tcp", "127.0.0.1:0")
//	go chain.Serve(ctx, ln, user, password)       // until ctx ends
//	client, err := node.New(node.Config{URL: "http://" + ln.Addr().String(), …})
//	… after Serve has returned: chain.Close()
//
// Concurrency: every change of chain or mempool holds Chain.mu for writing
// until it is durable, every reader holds it for reading, so nobody ever sees a
// block that a crash could take back.
package devchain
