package stratumtest

// Handshake is how one client introduces itself and submits: what it writes,
// byte for byte but for the names, and which lines it must read to go on.
type Handshake struct {
	Name  string
	Steps []Step
	// Submit is its mining.submit; {user} {job} {en2} {ntime} {nonce} {bits}
	// are filled in.
	Submit string
}

// Step is a write and the lines read after it, in order and no others before
// them. In both "…" stands for anything; {user} and {password} are filled in.
type Step struct {
	Send string
	Want []string
}

// The answers that all clients wait for.
const (
	subscribed = `{"id":%,"result":[[["mining.set_difficulty","…"],["mining.notify","…"]],"…",8],"error":null}`
	yes        = `{"id":%,"result":true,"error":null}`
	mask       = `{"id":%,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}`
	difficulty = `{"id":null,"method":"mining.set_difficulty","params":[…]}`
	firstJob   = `{"id":null,"method":"mining.notify","params":[…,true]}`
	maskSet    = `{"id":null,"method":"mining.set_version_mask","params":["1fffe000"]}`
)

// Handshakes are those of the clients that a pool meets, from their sources and
// from what was seen of them.
func Handshakes() []Handshake {
	return append(general(), asics()...)
}

// general are the programs that run anywhere.
func general() []Handshake {
	const plainSubmit = `{"params": ["{user}", "{job}", "{en2}", "{ntime}", "{nonce}"], "id": 4, "method": "mining.submit"}`
	return []Handshake{
		{"bfgminer", []Step{ // ids are numbers and texts
			{`{"id": 0, "method": "mining.subscribe", "params": ["bfgminer/5.5.0"]}`, []string{answer("0", subscribed)}},
			{`{"id": "xnsub", "method": "mining.extranonce.subscribe", "params": []}`, []string{answer(`"xnsub"`, yes)}},
			{`{"id": "auth", "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer(`"auth"`, yes), difficulty, firstJob}},
			{`{"id": "txlist1", "method": "mining.get_transactions", "params": ["1"]}`, []string{`{"id":"txlist1","result":[],"error":null}`}},
		}, plainSubmit},
		{"bfgminer that asks for a difficulty", []Step{ // it takes the first line for the answer to its subscribe
			{
				`{"id": null, "method": "mining.suggest_target", "params": ["000ffff000000000000000000000000000000000000000000000000000000000"]}` + "\n" +
					`{"id":null,"method":"mining.capabilities","params":[{"notify":[],"set_difficulty":{},"set_goal":[],"malgo":{"SHA256d":{}}}]}` + "\n" +
					`{"id": 0, "method": "mining.subscribe", "params": ["bfgminer/5.5.0"]}`,
				[]string{answer("0", subscribed), answer("null", yes), answer("null", yes)},
			},
			{`{"id": "auth", "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer(`"auth"`, yes), difficulty, firstJob}},
		}, plainSubmit},
		{"cgminer", []Step{ // reads one line after each of the first two
			{`{"id": 0, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}`, []string{answer("0", mask)}},
			{`{"id": 1, "method": "mining.subscribe", "params": ["cgminer/4.12.0"]}`, []string{answer("1", subscribed), maskSet}},
			{`{"id": 2, "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer("2", yes), difficulty, firstJob}},
			{`{"id": 3, "method": "mining.suggest_difficulty", "params": [0]}`, []string{`{"id":3,"result":null,"error":[20,"not a difficulty",null]}`}},
		}, `{"params": ["{user}", "{job}", "{en2}", "{ntime}", "{nonce}", "{bits}"], "id": 4, "method": "mining.submit"}`},
		{"cgminer that resumes", []Step{
			{`{"id": 0, "method": "mining.subscribe", "params": ["cgminer/4.9.2", "deadbeef"]}`, []string{answer("0", subscribed)}},
			{`{"id": 1, "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer("1", yes), difficulty, firstJob}},
		}, plainSubmit},
		{"minerd", []Step{
			{`{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}`, []string{answer("1", subscribed)}},
			{`{"id": 2, "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer("2", yes), difficulty, firstJob}},
		}, `{"method": "mining.submit", "params": ["{user}", "{job}", "{en2}", "{ntime}", "{nonce}"], "id":4}`},
		{"cpuminer-opt", []Step{ // waits three seconds for its third answer
			{`{"id": 1, "method": "mining.subscribe", "params": ["cpuminer-opt/3.23"]}`, []string{answer("1", subscribed)}},
			{`{"id": 2, "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer("2", yes), difficulty, firstJob}},
			{`{"id": 3, "method": "mining.extranonce.subscribe", "params": []}`, []string{answer("3", yes)}},
		}, plainSubmit},
		{"a proxy that authorizes first", []Step{
			{`{"id": 1.5, "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer("1.5", yes)}},
			{`{"method": "mining.subscribe", "params": []}`, []string{answer("null", subscribed), difficulty, firstJob}},
		}, `{"id":[1,{"a":null}],"method":"mining.submit","params":["{user}","{job}","{en2}","{ntime}","{nonce}"]}`},
		{"a batch", []Step{
			{
				`[{"id":1,"method":"mining.subscribe","params":[]},{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}]`,
				[]string{answer("1", subscribed), answer("2", yes), difficulty, firstJob},
			},
		}, `[{"id":3,"method":"mining.submit","params":["{user}","{job}","{en2}","{ntime}","{nonce}"]}]`},
	}
}

// asics are machines and what is made to sit before them.
func asics() []Handshake {
	const sixth = `{"id": 9, "method": "mining.submit", "params": ["{user}", "{job}", "{en2}", "{ntime}", "{nonce}", "{bits}"]}`
	return []Handshake{
		{"ESP-Miner", []Step{ // sends everything and then reads
			{
				`{"jsonrpc": "2.0", "id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}` + "\n" +
					`{"jsonrpc": "2.0", "id": 2, "method": "mining.subscribe", "params": ["bitaxe/BM1370/v2.9.0"]}` + "\n" +
					`{"jsonrpc": "2.0", "id": 3, "method": "mining.suggest_difficulty", "params": [0.0000004]}` + "\n" +
					`{"jsonrpc": "2.0", "id": 4, "method": "mining.extranonce.subscribe", "params": []}` + "\n" +
					`{"jsonrpc": "2.0", "id": 5, "method": "mining.authorize", "params": ["{user}", "{password}"]}`,
				[]string{answer("1", mask), answer("2", subscribed), maskSet, answer("3", yes), answer("4", yes), answer("5", yes), difficulty, firstJob},
			},
			{
				`{"jsonrpc": "2.0", "id": 17, "method": "pong", "params": []}` + "\n" + `{"id":18,"method":"mining.ping","params":[]}`,
				[]string{`{"id":18,"result":"pong","error":null}`},
			},
		}, `{"jsonrpc": "2.0", "id": 6, "method": "mining.submit", "params": ["{user}", "{job}", "{en2}", "{ntime}", "{nonce}", "{bits}"]}`},
		{"ESP-Miner's heartbeat", []Step{ // no configure
			{
				`{"id": 1, "method": "mining.subscribe", "params": ["bitaxe/BM1370/v2.9.0"]}` + "\n" +
					`{"id": 2, "method": "mining.authorize", "params": ["{user}", "{password}"]}`,
				[]string{answer("1", subscribed), answer("2", yes), difficulty, firstJob},
			},
		}, ""},
		{"NerdMiner", []Step{
			{`{"id": 1, "method": "mining.subscribe", "params": ["NerdMinerV2/1.8"]}`, []string{answer("1", subscribed)}},
			{`{"id": 2, "method": "mining.configure", "params": []}`, []string{`{"id":2,"result":{},"error":null}`}},
			{`{"params": ["{user}", "{password}"], "id": 3, "method": "mining.authorize"}`, []string{answer("3", yes), difficulty, firstJob}},
			{`{"id": 4, "method": "mining.suggest_difficulty(0.0000005)"}`, []string{answer("4", yes)}},
		}, sixthless(sixth)},
		{"bosminer", []Step{
			{
				`{"id":0,"method":"mining.configure","params":[["version-rolling","minimum-difficulty","info"],` +
					`{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16,"minimum-difficulty.value":1e-7,` +
					`"info.hw-id":"c0:ff:ee","info.hw-version":"Antminer S19","info.sw-version":"bosminer 23.1","info.connection-url":"stratum+tcp://pool"}]}`,
				[]string{`{"id":0,"result":{"info":true,"minimum-difficulty":true,"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}`},
			},
			{`{"id":1,"method":"mining.subscribe","params":["bosminer-plus-tuner",null,"pool.example",null]}`, []string{answer("1", subscribed), maskSet}},
			{`{"id":2,"method":"mining.authorize","params":["{user}","{password}"]}`, []string{answer("2", yes), difficulty, firstJob}},
		}, sixth},
		{"WhatsMiner M30S+", []Step{ // reconnects for ever over a key that it did not ask for
			{
				`{"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.min-bit-count": "2", "version-rolling.mask": "1fffe000"}]}`,
				[]string{answer("1", mask)},
			},
			{`{"id": 2, "method": "mining.subscribe", "params": ["whatsminer/v1.0", null]}`, []string{answer("2", subscribed), maskSet}},
			{`{"id": 3, "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer("3", yes), difficulty, firstJob}},
		}, sixth},
		{"Antminer", []Step{
			{`{"id": 1, "method": "mining.subscribe", "params": ["Antminer S9/2.0.0"]}`, []string{answer("1", subscribed)}},
			{`{"id": 2, "method": "mining.authorize", "params": ["{user}", "{password}"]}`, []string{answer("2", yes), difficulty, firstJob}},
			{`{"id": 3, "method": "mining.multi_version", "params": [4]}`, []string{`{"id":3,"result":[],"error":null}`}},
			// The mask that comes late is told at once.
			{`{"id": 4, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": 536862720}]}`, []string{answer("4", mask), maskSet}},
		}, sixth},
		{"Avalon", []Step{ // lines end with CR LF
			{`{"id": 0, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}` + "\r", []string{answer("0", mask)}},
			{`{"id": 1, "method": "mining.subscribe", "params": ["cgminer/4.11.1"]}` + "\r", []string{answer("1", subscribed), maskSet}},
			{`{"id": 2, "method": "mining.authorize", "params": ["{user}", "{password}"]}` + "\r", []string{answer("2", yes), difficulty, firstJob}},
		}, `{"params": ["{user}", "{job}", "{en2}", "{ntime}", "{nonce}", "{bits}"], "id": 7, "method": "mining.submit"}` + "\r"},
		{"NiceHash", []Step{
			{`{"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0"]}`, []string{answer("1", subscribed)}},
			{`{"id":2,"method":"mining.extranonce.subscribe","params":[]}`, []string{answer("2", yes)}},
			{
				`{"id":3,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}`,
				[]string{answer("3", mask), maskSet},
			},
			{`{"id":4,"method":"mining.authorize","params":["{user}","{password}"]}`, []string{answer("4", yes), difficulty, firstJob}},
		}, sixth},
	}
}
