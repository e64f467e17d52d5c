package world

import (
	"path/filepath"

	"hashyard/cmd/internal/minersim"
)

// minersim prepares the machines of both sites.
func (r *runner) minersim() (*child, error) {
	seller, buyer := r.st.Sites[0], r.st.Sites[1]
	cfg := minersim.Config{
		Sites:    minersim.DefaultSites(seller.CIDR, buyer.CIDR),
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
