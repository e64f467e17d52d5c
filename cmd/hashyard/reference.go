package main

import (
	"os"

	"github.com/alecthomas/kong"

	"hashyard/cmd/internal/settings"
)

// parser reads the command line into c.
func parser(c *cli) (*kong.Kong, error) {
	return kong.New(c, kong.Name("hashyard"), kong.UsageOnError(), kong.Resolvers(settings.Files(os.Getenv)),
		kong.Description("Secondhand Bitcoin ASICs, from the listing to the satoshi they earn."))
}

// referenceCmd prints the reference of all settings.
type referenceCmd struct{}

// Run prints.
func (referenceCmd) Run() error {
	p, err := parser(new(cli))
	if err != nil {
		return err
	}
	return settings.Reference(os.Stdout, p.Model)
}
