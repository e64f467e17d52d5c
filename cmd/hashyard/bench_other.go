//go:build !linux

package main

import "hashyard"

// benchCmd needs epoll and /proc.
type benchCmd struct{}

func (benchCmd) Run() error {
	return hashyard.Unavailable.Errorf("bench needs Linux")
}
