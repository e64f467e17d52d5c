package world

import (
	"path/filepath"

	"hashyard/cmd/internal/minersim"
)

// minersim prepares the machines of both sites.
func (r *runner) minersim() (*child, error) {
	seller, buyer := r.st.Sites[0], r.st.Sites[1]
	sites := minersim.DefaultSites(seller.CIDR, buyer.CIDR)
	for i, worker := range []string{"seller.yard", "buyer.farm"} {
		// Machines already mine for their owners, so that there is something to
		// measure before a sale; the other slots lead nowhere.
		sites[i].Pools[0] = minersim.Pool{URL: "stratum+tcp://" + r.addr("stratum"), User: worker, Password: "x"}
	}
	cfg := minersim.Config{
		Sites:    sites,
		Machines: minersim.DefaultMachines("seller", "buyer"),
		State:    filepath.Join(r.Dir, "minersim.state.json"),
		Control:  r.addr("minersim"),
		RPCPort:  minersim.DefaultRPCPort,
		WebPort:  r.st.Ports["minerweb"],
	}
	path := filepath.Join(r.Dir, "minersim.json")
	if err := writeJSON(path, cfg); err != nil {
		return nil, err
	}
	c := r.process("minersim", r.url("minersim")+"/machines", nil, "--config", path)
	c.bin = r.Minersim
	return c, nil
}
