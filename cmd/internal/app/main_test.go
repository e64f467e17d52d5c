package app

import (
	"testing"

	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }
