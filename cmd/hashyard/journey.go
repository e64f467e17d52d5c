package main

import (
	"context"
	"os"
	"time"

	"hashyard/cmd/internal/journey"
)

// journeyCmd plays the thread in a running world.
type journeyCmd struct {
	World string        `default:".hashyard/world.json" env:"HASHYARD_WORLD" type:"path" help:"The running world's description."`
	Wait  time.Duration `default:"10m" help:"How long to wait for each thing that must come."`
}

// Run plays all steps; the first that does not hold is the error.
func (j *journeyCmd) Run(ctx context.Context) error {
	return journey.Run(ctx, journey.Config{World: j.World, Wait: j.Wait, Out: os.Stdout})
}
